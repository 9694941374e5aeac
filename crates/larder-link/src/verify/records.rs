//! Records as rattler knows them, for everything that lists packages; checked as hostile input first.

use std::{
    convert::Infallible,
    io,
    path::Path,
    sync::{Mutex, PoisonError},
};

use larder_fs::{Dir, PathContext as _, PathError};
use rattler_conda_types::PrefixRecord;

use super::{DamagedRecord, text};
use crate::{
    control_files::{open_conda_meta, read_record, record_names},
    installed::{check_identity, check_lines, check_site_packages, rel_path},
    parallel,
};

/// The records in `conda-meta` of `prefix` that can be read, sorted by file name, and those that cannot.
///
/// # Errors
/// If `conda-meta` cannot be listed, is a link, or holds more than any environment.
pub fn prefix_records(
    prefix: &Path,
    threads: usize,
) -> Result<(Vec<PrefixRecord>, Vec<DamagedRecord>), PathError> {
    let Some(meta) = open_conda_meta(prefix)? else {
        return Ok((Vec::new(), Vec::new()));
    };
    let names = record_names(prefix)?;
    let found = Mutex::new(Vec::with_capacity(names.len()));
    let read = |name: &String| {
        let record = read(&meta, name);
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        found.push((name.clone(), record));
        Ok::<_, Infallible>(())
    };
    let Ok(()) = parallel::for_each(threads, &names, read);
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    let (mut records, mut damaged) = (Vec::new(), Vec::new());
    for (path, record) in found {
        match record {
            Ok(record) => records.push(record),
            Err(problem) => damaged.push(DamagedRecord { path, problem }),
        }
    }
    Ok((records, damaged))
}

/// One record of the environment at `prefix`.
///
/// # Errors
/// Kind `InvalidData` if it cannot be read as a record.
pub fn prefix_record(prefix: &Path, file_name: &str) -> Result<PrefixRecord, PathError> {
    let path = prefix.join("conda-meta").join(file_name);
    let Some(meta) = open_conda_meta(prefix)? else {
        return Err(io::Error::from(io::ErrorKind::NotFound)).at("read file", path);
    };
    read(&meta, file_name)
        .map_err(|problem| io::Error::new(io::ErrorKind::InvalidData, problem))
        .at("read record", path)
}

fn read(meta: &Dir, name: &str) -> Result<PrefixRecord, String> {
    parse(name, &read_record(meta, name)?)
}

/// Reads a record: what makes a tool act is checked, or it is damaged.
pub(crate) fn parse(file_name: &str, bytes: &[u8]) -> Result<PrefixRecord, String> {
    let record: PrefixRecord = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let package = &record.repodata_record.package_record;
    let (name, version) = (package.name.as_source(), package.version.as_str());
    check_identity(file_name, name, &version, package.build.as_str())?;
    let channel = record.repodata_record.channel.as_deref();
    check_lines([package.subdir.as_str()].into_iter().chain(channel))?;
    check_lines(record.requested_specs.iter().map(String::as_str))?;
    check_lines(package.depends.iter().map(String::as_str))?;
    check_site_packages(package.python_site_packages_path.as_deref())?;
    for entry in &record.paths_data.paths {
        rel_path(&text(&entry.relative_path))?;
    }
    for file in &record.files {
        rel_path(&text(file))?;
    }
    Ok(record)
}
