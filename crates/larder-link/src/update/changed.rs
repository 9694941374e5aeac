//! Whether files of packages are still what their records say: somebody's work is not thrown away.

use std::{
    io,
    path::Path,
    sync::{Mutex, PoisonError},
};

use larder_digest::{Hasher, HashingReader, Sha256};
use larder_fs::{Links, PathContext as _, PathError, open_control_file};

use crate::{InstalledKind, InstalledPath, parallel};

/// Of files, each with a mark, the marks of those that are not what their records say. What a record does
/// not say, and what Python may write anew, counts as unchanged.
pub(super) fn is_changed(
    prefix: &Path,
    files: &[(usize, &InstalledPath)],
    threads: usize,
) -> Result<Vec<usize>, PathError> {
    let changed = Mutex::new(Vec::new());
    parallel::for_each(threads, files, |(mark, path)| {
        if is_file_changed(prefix, path)? {
            let mut changed = changed.lock().unwrap_or_else(PoisonError::into_inner);
            changed.push(*mark);
        }
        Ok(())
    })?;
    let mut changed = changed.into_inner().unwrap_or_else(PoisonError::into_inner);
    changed.sort_unstable();
    Ok(changed)
}

fn is_file_changed(prefix: &Path, path: &InstalledPath) -> Result<bool, PathError> {
    let Some(expected) = path.sha256_in_prefix else {
        return Ok(false);
    };
    if !matches!(path.kind, InstalledKind::File | InstalledKind::Script) {
        return Ok(false);
    }
    let full = prefix.join(path.path.as_path());
    let metadata = full.symlink_metadata().at("read metadata of", &full)?;
    if !metadata.is_file() {
        return Ok(true);
    }
    if path.size.is_some_and(|size| size != metadata.len()) {
        return Ok(true);
    }
    match digest(&full) {
        Ok((found, _)) => Ok(found != expected),
        // Whoever took the right to read it away has changed it.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(true),
        Err(error) => Err(error).at("read file", &full),
    }
}

/// SHA-256 of a file's bytes, and how many there are.
pub(crate) fn digest(path: &Path) -> io::Result<(Sha256, u64)> {
    let mut reader = HashingReader::new(
        open_control_file(path, Links::Refuse).map_err(|error| error.source)?,
        Hasher::sha256(),
    );
    let mut buffer = vec![0; 1 << 16];
    while io::Read::read(&mut reader, &mut buffer)? > 0 {}
    let digests = reader.finish().1;
    Ok((digests.sha256, digests.size))
}
