//! A queue of work for a few threads, in a fixed order of starting.

use std::{
    convert::Infallible,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Does `work` on every item, the first items first, on at most `threads` threads. After a failure no
/// further item is started.
///
/// # Errors
/// The first failure.
pub(crate) fn for_each<T, E>(
    threads: usize,
    items: &[T],
    work: impl Fn(&T) -> Result<(), E> + Sync,
) -> Result<(), E>
where
    T: Sync,
    E: Send,
{
    if items.len() <= 1 {
        return items.iter().try_for_each(work);
    }
    beside(threads, || Ok(()), items, work)
}

/// Does `first` on one thread and `work` on every item, as [`for_each`], on the others and, when `first`
/// is done, on all. Work may wait for what `first` does.
///
/// # Errors
/// The first failure.
pub(crate) fn beside<T, E>(
    threads: usize,
    first: impl FnOnce() -> Result<(), E>,
    items: &[T],
    work: impl Fn(&T) -> Result<(), E> + Sync,
) -> Result<(), E>
where
    T: Sync,
    E: Send,
{
    if threads <= 1 {
        first()?;
        return items.iter().try_for_each(work);
    }
    let next = AtomicUsize::new(0);
    let failure = Mutex::new(None);
    let note = |result: Result<(), E>| {
        if let Err(error) = result {
            next.store(items.len(), Ordering::Relaxed);
            failure
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get_or_insert(error);
        }
    };
    let run = || {
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            note(work(item));
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads.min(items.len() + 1) {
            scope.spawn(run);
        }
        note(first());
        run();
    });
    failure
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
        .map_or(Ok(()), Err)
}

/// What `work` makes of every item, in the order of the items.
pub(crate) fn map<T, R>(threads: usize, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R>
where
    T: Sync,
    R: Send + Sync,
{
    let slots: Vec<OnceLock<R>> = items.iter().map(|_| OnceLock::new()).collect();
    let pairs: Vec<(&T, &OnceLock<R>)> = items.iter().zip(&slots).collect();
    let fill = |(item, slot): &(&T, &OnceLock<R>)| {
        // Each is filled once.
        let _ = slot.set(work(item));
        Ok::<_, Infallible>(())
    };
    let _ = for_each(threads, &pairs, fill);
    slots.into_iter().filter_map(OnceLock::into_inner).collect()
}
