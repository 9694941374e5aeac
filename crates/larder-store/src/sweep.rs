//! Removing what killed processes left in `tmp/`.
//!
//! Never touches objects, nor damaged ones that were set aside: those are for a person to look at.

use std::{fs, io, time::Duration};

use larder_fs::{PathContext as _, PathError};

use crate::{Store, temporary};

impl Store {
    /// Removes temporary files that nobody has written to for `older_than`; says how many.
    ///
    /// Give more than the longest pause that a download may make. A file whose time lies in the
    /// future (clocks of network file systems) stays.
    ///
    /// # Errors
    /// If the directory cannot be read or a file not removed; one that is gone meanwhile is no error.
    pub fn sweep_abandoned(&self, older_than: Duration) -> Result<usize, PathError> {
        let directory = self.shared.layout.temporary();
        let mut count = 0;
        let entries = match fs::read_dir(&directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(count),
            entries => entries.at("read directory", &directory)?,
        };
        for entry in entries {
            let entry = entry.at("read directory", &directory)?;
            if is_temporary(&entry) && is_older(&entry, older_than) {
                match temporary::remove_file(&entry.path()) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    result => {
                        result?;
                        count += 1;
                    }
                }
            }
        }
        Ok(count)
    }
}

fn is_temporary(entry: &fs::DirEntry) -> bool {
    entry
        .file_name()
        .as_encoded_bytes()
        .starts_with(temporary::INGEST.as_bytes())
}

/// A file that is gone or whose age cannot be told is not older.
fn is_older(entry: &fs::DirEntry, age: Duration) -> bool {
    entry
        .metadata()
        .and_then(|metadata| metadata.modified())
        .is_ok_and(|time| time.elapsed().is_ok_and(|elapsed| elapsed >= age))
}
