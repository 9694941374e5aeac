//! Work in numbered pieces by several threads, its results in order, and not more of them in memory
//! than a few a thread.

use std::{
    collections::BTreeMap,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

/// How far ahead of the piece that is due a thread may work.
const AHEAD: usize = 3;

struct State<T> {
    next: usize,
    taken: usize,
    done: BTreeMap<usize, T>,
    stopped: bool,
}

struct Shared<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State<T>>) -> MutexGuard<'a, State<T>> {
        self.changed
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The next piece to work on.
    fn piece(&self, pieces: usize, ahead: usize) -> Option<usize> {
        let mut state = self.lock();
        while !state.stopped && state.next < pieces && state.next >= state.taken + ahead {
            state = self.wait(state);
        }
        if state.stopped || state.next >= pieces {
            return None;
        }
        state.next += 1;
        Some(state.next - 1)
    }

    fn put(&self, piece: usize, result: T) {
        self.lock().done.insert(piece, result);
        self.changed.notify_all();
    }

    /// The result that is due; none if it will never come.
    fn take(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            let due = state.taken;
            if let Some(result) = state.done.remove(&due) {
                state.taken += 1;
                self.changed.notify_all();
                return Some(result);
            }
            if state.stopped {
                return None;
            }
            state = self.wait(state);
        }
    }

    fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }
}

/// Stops all threads however the one that takes results ends, and if another panics.
struct Stop<'a, T>(&'a Shared<T>, bool);

impl<T> Drop for Stop<'_, T> {
    fn drop(&mut self) {
        if self.1 || thread::panicking() {
            self.0.stop();
        }
    }
}

/// Does `pieces` pieces of work by `threads` threads, each with a `worker` of its own, and gives the
/// results in order to `take`, on the calling thread. The first error of `take` ends it all.
pub(super) fn in_order<T: Send, E, W: FnMut(usize) -> T>(
    (pieces, threads): (usize, usize),
    worker: impl Fn() -> W + Sync,
    mut take: impl FnMut(usize, T) -> Result<(), E>,
) -> Result<(), E> {
    let threads = threads.clamp(1, pieces.max(1));
    let shared = Shared {
        state: Mutex::new(State {
            next: 0,
            taken: 0,
            done: BTreeMap::new(),
            stopped: false,
        }),
        changed: Condvar::new(),
    };
    thread::scope(|scope| {
        let _stop = Stop(&shared, true);
        for _ in 0..threads {
            scope.spawn(|| {
                let _stop = Stop(&shared, false);
                let mut work = worker();
                while let Some(piece) = shared.piece(pieces, threads * AHEAD) {
                    shared.put(piece, work(piece));
                }
            });
        }
        for piece in 0..pieces {
            match shared.take() {
                Some(result) => take(piece, result)?,
                None => break,
            }
        }
        Ok(())
    })
}
