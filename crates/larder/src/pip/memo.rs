//! What a section was resolved to, remembered for runs without a network.
//!
//! Used offline alone: an index may have better versions by then. A forged one can name other files with
//! other digests, as a forged index can: who wants the very same packages has a lock.

use std::{
    fs,
    path::{Path, PathBuf},
};

use larder_digest::Sha256;
use larder_fs::{Durability, write_atomic};
use larder_link::Fingerprint;
use larder_lock::{PipLock, PipPackage, PipRequest};
use larder_pypi::{Provided, Section, Target};
use larder_store::Store;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    request: PipRequest,
    packages: Vec<Package>,
}

#[derive(Serialize, Deserialize)]
struct Package {
    name: String,
    version: String,
    url: String,
    index: Option<String>,
    sha256: Option<Sha256>,
}

const VERSION: u32 = 1;

/// Where the answer to a question is remembered.
pub(super) fn path(
    store: &Store,
    section: &Section,
    provided: &[Provided],
    target: &Target,
) -> PathBuf {
    let mut texts: Vec<String> = section.requirements().to_vec();
    texts.push(format!("{target:?}"));
    let provided = provided
        .iter()
        .map(|distribution| format!("{} {}", distribution.name, distribution.version));
    texts.extend(provided);
    let digest = Fingerprint::digest(texts.iter().map(String::as_bytes));
    store.solves_dir().join(format!("pip-{digest}.json"))
}

/// The answer, if it is remembered.
pub(super) fn read(path: &Path) -> Option<PipLock> {
    let file: File = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    let packages = file.packages.into_iter().map(|package| PipPackage {
        name: package.name,
        version: package.version,
        url: package.url,
        index: package.index,
        sha256: package.sha256,
        md5: None,
        dependencies: Vec::new(),
    });
    (file.version == VERSION).then(|| PipLock {
        packages: packages.collect(),
        request: Some(file.request),
    })
}

/// Remembers an answer. One that cannot be is asked for again.
pub(super) fn write(path: &Path, lock: &PipLock) {
    let Some(request) = lock.request.clone() else {
        return;
    };
    let packages = lock.packages.iter().map(|package| Package {
        name: package.name.clone(),
        version: package.version.clone(),
        url: package.url.clone(),
        index: package.index.clone(),
        sha256: package.sha256,
    });
    let file = File {
        version: VERSION,
        request,
        packages: packages.collect(),
    };
    if let Ok(text) = serde_json::to_vec(&file) {
        let _ = path.parent().map(larder_fs::create_shared_dir);
        let _ = write_atomic(path, &text, Durability::Lazy);
    }
}
