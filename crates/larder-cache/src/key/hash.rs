//! The hash that stands for files in a fingerprint, as the agent makes it.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use larder_digest::{Hasher, HashingWriter, Sha256};
use larder_fs::{PathContext as _, PathError};
use serde::Serialize;

use super::names::PathRules;

/// A file that is part of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HashedFile {
    /// Relative to the workspace, with the system's separator.
    pub path: String,
    /// In bytes.
    pub size: u64,
    /// Of its bytes as they are.
    pub sha256: Sha256,
}

/// Hashes files; they come in the order of their paths by UTF-16 units.
pub(super) fn hash_files(
    paths: impl IntoIterator<Item = PathBuf>,
    workspace: &Path,
) -> Result<Vec<HashedFile>, PathError> {
    let mut paths: Vec<PathBuf> = paths.into_iter().collect();
    let units = |path: &Path| path.to_string_lossy().encode_utf16().collect::<Vec<u16>>();
    paths.sort_by_key(|path| units(path));
    paths.iter().map(|path| hash(path, workspace)).collect()
}

fn hash(path: &Path, workspace: &Path) -> Result<HashedFile, PathError> {
    let mut file = File::open(path).at("open file", path)?;
    let mut writer = HashingWriter::new(io::sink(), Hasher::sha256());
    io::copy(&mut file, &mut writer).at("read file", path)?;
    let digests = writer.finish().1;
    Ok(HashedFile {
        path: PathRules::HOST.relative(&path.to_string_lossy(), &workspace.to_string_lossy()),
        size: digests.size,
        sha256: digests.sha256,
    })
}

/// What stands for files in a fingerprint.
pub(super) fn fingerprint(files: &[HashedFile]) -> String {
    let mut hasher = Hasher::sha256();
    for file in files {
        let digest = file.sha256.to_hex().to_uppercase();
        let line = format!("\nSHA256({})=[{}]{digest}", file.path, file.size);
        hasher.update(line.as_bytes());
    }
    STANDARD.encode(hasher.finish().sha256.as_bytes())
}

/// GitHub's `hashFiles`: the digest of the digests.
pub(super) fn hash_of_hashes(files: &[HashedFile]) -> String {
    let mut hasher = Hasher::sha256();
    for file in files {
        hasher.update(file.sha256.as_bytes());
    }
    hasher.finish().sha256.to_hex()
}
