//! Trying again what a virus scanner or indexer gets in the way of: on Windows a new file or directory
//! cannot be renamed while somebody else has something in it open, mostly for milliseconds.

use std::{io, time::Duration};

/// Doubled each time: 5 ms to 640 ms, 1.3 s in all.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const PAUSES: u32 = 8;

/// Does `operation` until it is no longer refused because of others, nine times at most, with a `pause` in between.
pub(crate) fn while_busy<T>(
    mut operation: impl FnMut() -> io::Result<T>,
    mut pause: impl FnMut(Duration),
) -> io::Result<T> {
    for round in 0..PAUSES {
        match operation() {
            Err(error) if is_busy(&error) => {
                pause(FIRST_PAUSE * (1 << round));
            }
            other => return other,
        }
    }
    operation()
}

/// `ERROR_ACCESS_DENIED` is also what Windows says of a name whose file was deleted and is still open somewhere.
fn is_busy(error: &io::Error) -> bool {
    const SHARING_VIOLATION: i32 = 32;
    const LOCK_VIOLATION: i32 = 33;
    // On Unix 32 is a broken pipe; there only the tests come here.
    let by_number = matches!(
        error.raw_os_error(),
        Some(SHARING_VIOLATION | LOCK_VIOLATION)
    );
    error.kind() == io::ErrorKind::PermissionDenied || cfg!(windows) && by_number
}

#[cfg(test)]
mod tests;
