//! The control files of an environment, read as hostile input: whoever made the prefix (another tool, a
//! repository that was cloned, another member of a group) may have put anything there.
//!
//! `conda-meta` must be a directory and each file in it a regular file, neither of them a link, and no file
//! is larger than its kind can be. So nothing here waits for a FIFO, reads a device or a sparse file without
//! bound, or shows or changes a file outside the prefix.

use std::{io, path::Path};

use larder_fs::{Dir, PathContext as _, PathError, list_dir};

/// The largest record that is read: real ones have some 350 bytes a file, and no package has 100,000 files.
pub const MAX_RECORD: u64 = 64 << 20;
/// All records together. An environment of all of Anaconda has a tenth of it.
pub const MAX_RECORDS_TOTAL: u64 = 1 << 30;
/// Records of one environment.
pub const MAX_RECORDS: usize = 20_000;
/// The largest `history`: 10,000 operations on 100 packages each.
pub const MAX_HISTORY: u64 = 64 << 20;
/// The largest of the small files: `state`, `frozen`, `larder`, `larder-pip`, variables of packages.
pub const MAX_SMALL: u64 = 16 << 20;

/// Opens `conda-meta` of the environment at `prefix`; `None` if it does not exist.
///
/// # Errors
/// Kind `InvalidData` if it is a link or a file: what is written there would land elsewhere.
pub fn open_conda_meta(prefix: &Path) -> Result<Option<Dir>, PathError> {
    let is_absent = |error: &PathError| error.kind() == io::ErrorKind::NotFound;
    let root = match Dir::open(prefix) {
        Err(error) if is_absent(&error) => return Ok(None),
        root => root?,
    };
    match root.open_dir("conda-meta") {
        Ok(meta) => Ok(Some(meta)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => match prefix.join("conda-meta").symlink_metadata() {
            Ok(found) if !found.is_dir() => {
                let text =
                    "it is not a directory but a link or file, so nothing is read or written there";
                let refused = io::Error::new(io::ErrorKind::InvalidData, text);
                Err(refused).at("use", prefix.join("conda-meta"))
            }
            _ => Err(error),
        },
    }
}

/// Reads the file `name` in `conda-meta` of the environment at `prefix`; `None` if it does not exist.
///
/// # Errors
/// Kind `InvalidData` if it is not a regular file, or larger than `limit`.
pub fn read_control_file(
    prefix: &Path,
    name: &str,
    limit: u64,
) -> Result<Option<Vec<u8>>, PathError> {
    let Some(meta) = open_conda_meta(prefix)? else {
        return Ok(None);
    };
    match meta.read_regular(name, limit) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        bytes => bytes.map(Some),
    }
}

/// Whether `prefix` is an environment: it has a `conda-meta/history` (CEP 32), neither of them a link.
pub fn is_environment(prefix: &Path) -> bool {
    let is = |path: &Path, is: fn(&std::fs::Metadata) -> bool| {
        path.symlink_metadata().is_ok_and(|found| is(&found))
    };
    let meta = prefix.join("conda-meta");
    is(&meta, std::fs::Metadata::is_dir) && is(&meta.join("history"), std::fs::Metadata::is_file)
}

/// The names of the records in `conda-meta`, sorted.
///
/// # Errors
/// If `conda-meta` cannot be listed, or holds more records than any environment.
pub fn record_names(prefix: &Path) -> Result<Vec<String>, PathError> {
    if open_conda_meta(prefix)?.is_none() {
        return Ok(Vec::new());
    }
    let meta = prefix.join("conda-meta");
    let mut names: Vec<String> = list_dir(&meta)?
        .iter()
        .filter_map(|path| path.file_name()?.to_str().map(str::to_owned))
        .filter(|name| name.ends_with(".json") && !name.starts_with('.'))
        .collect();
    let refuse = |text: String| Err(io::Error::new(io::ErrorKind::InvalidData, text));
    if names.len() > MAX_RECORDS {
        let text = format!("it has {} records, more than {MAX_RECORDS}", names.len());
        return refuse(text).at("read", &meta);
    }
    let size = |name: &String| {
        meta.join(name)
            .symlink_metadata()
            .map_or(0, |found| found.len())
    };
    // What is too large by itself is refused by itself.
    let total: u64 = names
        .iter()
        .map(size)
        .filter(|size| *size <= MAX_RECORD)
        .sum();
    if total > MAX_RECORDS_TOTAL {
        let text = format!("its records have {total} bytes, more than {MAX_RECORDS_TOTAL}");
        return refuse(text).at("read", &meta);
    }
    names.sort();
    Ok(names)
}

/// Reads one record.
///
/// # Errors
/// What is wrong with the file, for [`DamagedRecord`](crate::DamagedRecord).
pub(crate) fn read_record(meta: &Dir, name: &str) -> Result<Vec<u8>, String> {
    let bytes = meta.read_regular(name, MAX_RECORD);
    bytes.map_err(|error| error.source.to_string())
}
