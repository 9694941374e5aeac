//! Whether a lock is still what is asked for. Never solves.

use crate::{Closure, LockFile, Reason, Wanted};

/// Placeholder.
///
/// # Errors
/// Every reason.
pub fn check(lock: &LockFile, wanted: &Wanted<'_>) -> Result<(), Vec<Reason>> {
    let _ = (lock, wanted);
    Ok(())
}

/// Placeholder.
pub fn check_closure(closure: &Closure, wanted: &Wanted<'_>) -> Vec<Reason> {
    let _ = (closure, wanted);
    Vec::new()
}
