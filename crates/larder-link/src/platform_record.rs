//! The platform of an environment that is not for this machine, recorded as conda does it: `subdir:` in the
//! `.condarc` of the prefix, so that every later command of conda or larder on it means that platform.
//!
//! Never changes a `.condarc` that exists, and never writes through a link.

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    path::Path,
};

use larder_fs::{Links, PathContext as _, PathError, read_control_file};
use rattler_conda_types::Subdir;

/// The file in a prefix that records its platform.
pub const PLATFORM_RECORD: &str = ".condarc";
/// `subdir: ` and the longest name of a subdir are far shorter.
const MAX_LENGTH: u64 = 256;

/// What became of a platform record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlatformRecorded {
    /// No record is needed: the environment is for this machine.
    Needless,
    /// The record was written.
    Written,
    /// There is a `.condarc` already, of a package, a script or the user.
    Occupied,
}

/// Records that the environment below `root` is for `subdir`, unless that is this machine's.
///
/// # Errors
/// If the file cannot be written.
pub fn record_platform(root: &Path, subdir: Subdir) -> Result<PlatformRecorded, PathError> {
    if Subdir::current() == Some(subdir) {
        return Ok(PlatformRecorded::Needless);
    }
    let path = root.join(PLATFORM_RECORD);
    // Follows no link: with `create_new` there must be nothing of this name.
    let file = OpenOptions::new().write(true).create_new(true).open(&path);
    match file {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Ok(PlatformRecorded::Occupied)
        }
        file => {
            let text = format!("subdir: {subdir}\n");
            file.and_then(|mut file| file.write_all(text.as_bytes()))
                .at("write file", &path)?;
            Ok(PlatformRecorded::Written)
        }
    }
}

/// Whether a path of an environment is a platform record and nothing else: what a user added to a `.condarc`
/// is the user's.
pub(crate) fn is_platform_record(path: &Path, relative: &str) -> bool {
    if relative != PLATFORM_RECORD {
        return false;
    }
    let Ok(bytes) = read_control_file(path, MAX_LENGTH, Links::Refuse) else {
        return false;
    };
    let text = String::from_utf8_lossy(&bytes);
    let value = text.trim().strip_prefix("subdir:");
    value.is_some_and(|value| value.trim().parse::<Subdir>().is_ok())
}
