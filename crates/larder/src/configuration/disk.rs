//! Configuration files from the disk.

use std::{fs, io, path::Path};

use larder_config::{Files, Found};
use larder_fs::{Links, read_control_file};

/// No configuration is as large.
const MAX_FILE: u64 = 4 << 20;

/// The real files.
pub(super) struct Disk;

impl Files for Disk {
    fn look(&self, path: &Path) -> Option<Found> {
        let metadata = fs::metadata(path).ok()?;
        if metadata.is_file() {
            Some(Found::File)
        } else {
            metadata.is_dir().then_some(Found::Directory)
        }
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        // One of these lies in the environment that is meant, where anybody may have put it: `look` has seen a file,
        // but a sparse one would be read for ever.
        read_control_file(path, MAX_FILE, Links::Follow).map_err(|error| error.source)
    }

    fn names(&self, directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).into_iter().flatten().flatten();
        entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect()
    }
}
