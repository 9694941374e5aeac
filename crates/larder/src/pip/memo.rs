//! What a section was resolved to, remembered for runs without a network.
//!
//! Used offline alone: an index may have better versions by then. A forged one could name any file, so it is used
//! only if this machine has recorded its digest outside the store ([`MachineRecords`]).

use std::path::{Path, PathBuf};

use larder_digest::Sha256;
use larder_fs::{
    Durability, PathError, RootedDir, mark_used, open_regular, read_regular, write_atomic,
};
use larder_link::Fingerprint;
use larder_lock::{PipLock, PipPackage, PipRequest};
use larder_pypi::{Provided, Section, Target};
use larder_solve::{KeptFile, KeptKind, MachineRecords};
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
    dependencies: Vec<(String, String)>,
}

const VERSION: u32 = 2;
const PREFIX: &str = "pip-";
const SUFFIX: &str = ".json";
/// An answer of 10,000 packages has 3 MB.
const LARGEST: u64 = 16 << 20;

/// Where the answer to a question is remembered.
pub(super) fn path(
    store: &Store,
    section: &Section,
    (provided, target): (&[Provided], &Target),
    package_cut_offs: &[String],
) -> PathBuf {
    let mut texts: Vec<String> = section.requirements().to_vec();
    texts.push(format!("{target:?}"));
    let provided = provided
        .iter()
        .map(|distribution| format!("{} {}", distribution.name, distribution.version));
    texts.extend(provided);
    let cut_offs = package_cut_offs.iter();
    texts.extend(cut_offs.map(|cut_off| format!("exclude-newer-package {cut_off}")));
    let digest = Fingerprint::digest(texts.iter().map(String::as_bytes));
    store.solves_dir().join(format!("{PREFIX}{digest}{SUFFIX}"))
}

/// Every remembered answer, and what killed runs left of such.
pub(crate) fn files(store: &Store) -> Result<Vec<KeptFile>, PathError> {
    let mut files = Vec::new();
    let directory = RootedDir::new(store.root());
    for path in directory.list(&store.solves_dir())? {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX));
        let is_memo = name.is_some_and(|digest| digest.parse::<Sha256>().is_ok());
        // What is gone meanwhile is not there.
        if is_memo && let Ok(status) = directory.status(&path) {
            files.push(KeptFile {
                bytes: status.size,
                kind: KeptKind::Memo,
                path,
                last_used: status.modified,
            });
        }
    }
    Ok(files)
}

/// Whether a file holds an answer.
///
/// # Errors
/// What is wrong with it, as text.
pub(crate) fn check(path: &Path) -> Result<(), String> {
    let bytes = match read_regular(path, LARGEST) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(format!("it cannot be read: {error}")),
        Ok(bytes) => bytes,
    };
    let file = serde_json::from_slice::<File>(&bytes);
    file.map(drop)
        .map_err(|error| format!("it is no answer of uv or pip: {error}"))
}

/// The answer, if this machine remembers it.
pub(super) fn read(path: &Path, records: &MachineRecords) -> Option<PipLock> {
    let bytes = read_regular(path, LARGEST).ok()?;
    if !records.has_file(path, &bytes) {
        return None;
    }
    let file: File = serde_json::from_slice(&bytes).ok()?;
    open_regular(path).iter().for_each(mark_used);
    let packages = file.packages.into_iter().map(|package| PipPackage {
        name: package.name,
        version: package.version,
        url: package.url,
        index: package.index,
        sha256: package.sha256,
        md5: None,
        dependencies: package.dependencies,
    });
    (file.version == VERSION && is_safe(&file.request))
        .then(|| PipLock::new(packages.collect(), Some(file.request)))
}

/// The store may hold what somebody else wrote: nothing of it may be an option of a tool or a path.
fn is_safe(request: &PipRequest) -> bool {
    let mut lines = request.passed_on.iter();
    request
        .python
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
        && lines.all(|line| larder_lock::passed_on_problem(line).is_none())
}

/// Remembers an answer. One that cannot be is asked for again.
pub(super) fn write(path: &Path, lock: &PipLock, records: &MachineRecords) {
    let Some(request) = lock.request.clone() else {
        return;
    };
    let packages = lock.packages.iter().map(|package| Package {
        name: package.name.clone(),
        version: package.version.clone(),
        url: package.url.clone(),
        index: package.index.clone(),
        sha256: package.sha256,
        dependencies: package.dependencies.clone(),
    });
    let file = File {
        version: VERSION,
        request,
        packages: packages.collect(),
    };
    if let Ok(text) = serde_json::to_vec(&file) {
        let _ = path.parent().map(larder_fs::create_shared_dir);
        if write_atomic(path, &text, Durability::Lazy).is_ok() {
            records.record_file(path, &text);
        }
    }
}
