//! Flushing in the background while much is written, so that little is left to flush at the end: disks
//! are idle while a run waits for the network, and the system begins to write only after half a minute.
//!
//! It promises nothing: who needs what was written to be on the disk flushes in the end.

use std::{
    path::Path,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
};

use crate::flush_file_system;

/// So many bytes, written and not flushed, are worth a flush.
const STEP: u64 = 64 << 20;

/// Flushes a file system as it is written, until this is dropped.
#[derive(Debug)]
pub struct Flusher {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Bytes since the last flush began.
    written: u64,
    has_ended: bool,
}

impl Flusher {
    /// Waits for bytes to be written to the file system of `directory`. Where no thread can be had,
    /// nothing is flushed.
    pub fn start(directory: &Path) -> Self {
        let shared = Arc::new(Shared::default());
        let directory = directory.to_owned();
        let of_thread = Arc::clone(&shared);
        let work = move || {
            while of_thread.wait() {
                // Whoever flushes in the end is told of it.
                let _ = flush_file_system(&directory);
            }
        };
        let thread = thread::Builder::new().name("flusher".into()).spawn(work);
        Self {
            shared,
            thread: thread.ok(),
        }
    }

    /// So many bytes more were written.
    pub fn wrote(&self, bytes: u64) {
        let mut state = self.shared.state();
        state.written += bytes;
        if state.written >= STEP {
            self.shared.news.notify_one();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is enough to flush; `false` at the end.
    fn wait(&self) -> bool {
        let mut state = self.state();
        while state.written < STEP && !state.has_ended {
            state = self
                .news
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.written = 0;
        !state.has_ended
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.shared.state().has_ended = true;
        self.shared.news.notify_one();
        if let Some(thread) = self.thread.take() {
            // A flush that is under way would be waited for by the next one as well.
            let _ = thread.join();
        }
    }
}
