//! Trying again what a virus scanner or indexer gets in the way of: on Windows a new file or directory
//! cannot be renamed while somebody else has something in it open, mostly for milliseconds.

use std::{io, time::Duration};

/// Doubled each time: 5 ms to 640 ms, 1.3 s in all.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const PAUSES: u32 = 8;

/// Does `operation` until it is no longer refused with `PermissionDenied`, nine times at most, with a
/// `pause` in between.
pub(super) fn while_denied(
    mut operation: impl FnMut() -> io::Result<()>,
    mut pause: impl FnMut(Duration),
) -> io::Result<()> {
    for round in 0..PAUSES {
        match operation() {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                pause(FIRST_PAUSE * (1 << round));
            }
            other => return other,
        }
    }
    operation()
}

#[cfg(test)]
mod tests;
