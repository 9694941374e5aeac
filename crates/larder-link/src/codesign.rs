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
    const MAGICS: [[u8; 4]; 4] = [
        [0xfe, 0xed, 0xfa, 0xce],
        [0xce, 0xfa, 0xed, 0xfe],
        [0xfe, 0xed, 0xfa, 0xcf],
        [0xcf, 0xfa, 0xed, 0xfe],
    ];
    let Some((magic, rest)) = bytes.split_first_chunk::<4>() else {
        return false;
    };
    MAGICS.contains(magic) || is_universal(*magic, rest)
}

/// Binaries for several processors begin as Java classes do (0xcafebabe). Then comes how many there are, always in
/// big-endian order; at that place a class has its version, which was never below 45. codesign refuses classes.
fn is_universal(magic: [u8; 4], rest: &[u8]) -> bool {
    const LEAST_OF_JAVA: u32 = 45;
    let is_magic = [0xcafe_babe, 0xcafe_babf].contains(&u32::from_be_bytes(magic));
    let count = rest.first_chunk().map(|count| u32::from_be_bytes(*count));
    is_magic && count.is_some_and(|count| (1..LEAST_OF_JAVA).contains(&count))
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

#[cfg(test)]
mod tests {
    use super::is_mach_o;

    #[test]
    fn binaries_of_macos_are_told_from_java_classes() {
        for (name, bytes) in [
            ("64 bits", &[0xcf, 0xfa, 0xed, 0xfe, 7, 0, 0, 1][..]),
            ("32 bits", &[0xce, 0xfa, 0xed, 0xfe, 7, 0, 0, 0]),
            ("universal", &[0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 2]),
            ("large universal", &[0xca, 0xfe, 0xba, 0xbf, 0, 0, 0, 2]),
        ] {
            assert!(is_mach_o(bytes), "{name}");
        }
        for (name, bytes) in [
            (
                "class of Java 8",
                &[0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 52][..],
            ),
            ("ELF", b"\x7fELF\x02\x01\x01\0"),
            ("script", b"#!/bin/sh\n"),
            ("nothing", b""),
            ("cut", &[0xca, 0xfe, 0xba, 0xbe]),
        ] {
            assert!(!is_mach_o(bytes), "{name}");
        }
    }
}
