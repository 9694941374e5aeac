//! Archives worked off by a few threads, as they come.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use super::Archives;

/// Does `work` on every package that `archives` gives, until there are no more, one fails, or `work`
/// gives nothing. Results are in the order of the packages.
///
/// # Errors
/// The first failure.
pub(super) fn work_off<A: Archives, T: Send>(
    threads: usize,
    archives: &A,
    work: impl Fn(usize) -> Result<Option<T>, A::Error> + Sync,
) -> Result<Vec<T>, A::Error> {
    let stopped = AtomicBool::new(false);
    let failure = Mutex::new(None);
    let done = Mutex::new(Vec::new());
    let run = || {
        while !stopped.load(Ordering::Relaxed)
            && let Some(index) = archives.next()
        {
            match work(index) {
                Ok(Some(result)) => lock(&done).push((index, result)),
                Ok(None) => stopped.store(true, Ordering::Relaxed),
                Err(error) => {
                    stopped.store(true, Ordering::Relaxed);
                    lock(&failure).get_or_insert(error);
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads.max(1) {
            scope.spawn(run);
        }
        run();
    });
    if let Some(error) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
