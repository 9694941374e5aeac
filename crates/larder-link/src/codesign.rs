//! Signing on macOS: a binary whose bytes changed has a broken signature, and the system kills it when
//! it is loaded. It is signed anew without an identity, as conda and rattler do.

use std::{
    io,
    path::Path,
    process::{Command, Stdio},
};

use larder_fs::{PathContext as _, PathError};
use rattler_conda_types::Subdir;

/// Whether a rewritten binary has to be signed, and can be: only on a Mac, for a Mac.
pub(crate) fn is_needed(subdir: Subdir, executable: bool, bytes: &[u8]) -> bool {
    subdir.is_osx()
        && Subdir::current().is_some_and(Subdir::is_osx)
        && (executable || is_mach_o(bytes))
}

fn is_mach_o(bytes: &[u8]) -> bool {
    const MAGICS: [[u8; 4]; 6] = [
        [0xca, 0xfe, 0xba, 0xbe],
        [0xbe, 0xba, 0xfe, 0xca],
        [0xfe, 0xed, 0xfa, 0xce],
        [0xce, 0xfa, 0xed, 0xfe],
        [0xfe, 0xed, 0xfa, 0xcf],
        [0xcf, 0xfa, 0xed, 0xfe],
    ];
    bytes
        .first_chunk()
        .is_some_and(|magic| MAGICS.contains(magic))
}

/// Signs a file. Its bytes change.
pub(crate) fn sign(path: &Path) -> Result<(), PathError> {
    let status = Command::new("/usr/bin/codesign")
        .args(["--sign", "-", "--force"])
        .arg("--preserve-metadata=identifier,entitlements,requirements")
        .arg(path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let checked = status.and_then(|status| {
        if status.success() {
            Ok(())
        } else {
            Err(io::Error::other(format!(
                "/usr/bin/codesign ended with {status}"
            )))
        }
    });
    checked.at("sign", path)
}
