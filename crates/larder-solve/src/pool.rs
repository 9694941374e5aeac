//! Threads for the small blocking work of rattler's gateway: it unpacks, writes and parses each shard in a task of its
//! own, hundreds of them at once.
//!
//! On the caller's runtime each of these could get a thread, and a solve would spend a quarter of its time on switching
//! between them. So the gateway's futures run with another runtime entered, which has few. The network stays with the
//! caller's: its connections outlive a solver.

use std::{future::poll_fn, pin::pin, sync::OnceLock};

use tokio::runtime::{Builder, Handle, Runtime};

/// What its threads are called.
pub(crate) const THREAD: &str = "larder-solve";

tokio::task_local! {
    /// The runtime of whoever waits for a pool.
    static CALLER: Handle;
}

/// A runtime with few threads, made when it is first needed.
pub(crate) struct Pool {
    threads: usize,
    runtime: OnceLock<Option<Runtime>>,
}

impl Pool {
    /// So many threads for blocking work, at least 1.
    pub(crate) fn new(threads: usize) -> Self {
        Self {
            threads: threads.max(1),
            runtime: OnceLock::new(),
        }
    }

    /// The outcome of a future whose blocking work is done by these threads.
    pub(crate) async fn run<T>(&self, future: impl Future<Output = T>) -> T {
        match self.runtime.get_or_init(|| started(self.threads)) {
            Some(runtime) => {
                let future = within(runtime.handle(), future);
                CALLER.scope(Handle::current(), future).await
            }
            None => future.await,
        }
    }
}

impl Drop for Pool {
    /// May be in a task, where nobody may wait for threads to end.
    fn drop(&mut self) {
        if let Some(Some(runtime)) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Nothing if the system has no threads to give: the caller's will do.
fn started(threads: usize) -> Option<Runtime> {
    let mut builder = Builder::new_multi_thread();
    let builder = builder.worker_threads(1).max_blocking_threads(threads);
    let runtime = builder.thread_name(THREAD).enable_all().build();
    runtime
        .inspect_err(|error| tracing::debug!("no threads of its own: {error}"))
        .ok()
}

/// The outcome of a future that is part of what a pool runs, and belongs to the caller's runtime all the same.
pub(crate) async fn outside<T>(future: impl Future<Output = T>) -> T {
    match CALLER.try_with(Handle::clone) {
        Ok(caller) => within(&caller, future).await,
        Err(_) => future.await,
    }
}

/// The outcome of a future that finds itself on `runtime`, whoever polls it.
async fn within<T>(runtime: &Handle, future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    poll_fn(|context| {
        let _entered = runtime.enter();
        future.as_mut().poll(context)
    })
    .await
}
