//! What systems say where a file system cannot do something at all.

use std::io;

/// Whether an operation failed because the file system does not have it: hard links and clones on FAT, exFAT and
/// network volumes, `F_FULLFSYNC` on those of macOS. std leaves the numbers for it without a kind on macOS (`ENOTSUP`
/// is not `EOPNOTSUPP` there) and on Windows (`ERROR_INVALID_FUNCTION`, `ERROR_NOT_SUPPORTED`).
pub fn is_unsupported(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported
        || error.raw_os_error().is_some_and(platform::is_unsupported)
}

#[cfg(unix)]
mod platform {
    use rustix::io::Errno;

    pub(super) fn is_unsupported(number: i32) -> bool {
        [Errno::NOTSUP, Errno::OPNOTSUPP, Errno::NOSYS, Errno::NOTTY]
            .iter()
            .any(|known| known.raw_os_error() == number)
    }
}

#[cfg(not(unix))]
mod platform {
    pub(super) fn is_unsupported(number: i32) -> bool {
        const INVALID_FUNCTION: i32 = 1;
        const NOT_SUPPORTED: i32 = 50;
        [INVALID_FUNCTION, NOT_SUPPORTED].contains(&number)
    }
}

/// Has the disk write a file's bytes. On macOS that is `F_FULLFSYNC`, which file servers may not know; there `fsync`
/// hands the bytes to the server, which is all that can be done.
///
/// # Errors
/// If they cannot be written.
pub fn flush_file(file: &std::fs::File) -> io::Result<()> {
    flush_or(|| file.sync_all(), || plain_flush(file))
}

#[cfg(target_os = "macos")]
fn plain_flush(file: &std::fs::File) -> io::Result<()> {
    Ok(rustix::fs::fsync(file)?)
}

#[cfg(not(target_os = "macos"))]
fn plain_flush(file: &std::fs::File) -> io::Result<()> {
    file.sync_all()
}

fn flush_or(
    full: impl FnOnce() -> io::Result<()>,
    plain: impl FnOnce() -> io::Result<()>,
) -> io::Result<()> {
    match full() {
        Err(error) if is_unsupported(&error) || error.kind() == io::ErrorKind::InvalidInput => {
            plain()
        }
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, io};

    use super::{flush_or, is_unsupported};

    #[test]
    fn what_a_file_system_cannot_do_is_told_by_its_number() {
        let numbers: &[i32] = if cfg!(windows) {
            &[1, 50, 120]
        } else if cfg!(target_os = "macos") {
            &[45, 102, 78, 25]
        } else {
            &[95, 38, 25]
        };
        for number in numbers {
            assert!(
                is_unsupported(&io::Error::from_raw_os_error(*number)),
                "{number}"
            );
        }
        assert!(!is_unsupported(&io::ErrorKind::PermissionDenied.into()));
        assert!(!is_unsupported(&io::Error::from_raw_os_error(5)));
    }

    #[test]
    fn only_a_flush_that_the_volume_does_not_know_is_done_in_another_way() {
        let run = |error: Option<io::ErrorKind>| {
            let is_plain = Cell::new(false);
            let full = || error.map_or(Ok(()), |kind| Err(kind.into()));
            let result = flush_or(full, || {
                is_plain.set(true);
                Ok(())
            });
            (result.is_ok(), is_plain.get())
        };
        assert_eq!(run(None), (true, false));
        assert_eq!(run(Some(io::ErrorKind::Unsupported)), (true, true));
        assert_eq!(run(Some(io::ErrorKind::InvalidInput)), (true, true));
        assert_eq!(run(Some(io::ErrorKind::StorageFull)), (false, false));
    }
}
