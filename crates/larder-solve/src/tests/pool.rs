//! Whose threads do what.

use std::{
    collections::HashSet,
    thread::{self, ThreadId},
};

use futures::future::join_all;
use tokio::{runtime::Builder, task::spawn_blocking};

use crate::pool::{Pool, THREAD, outside};

fn caller<T>(work: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread().thread_name("caller").build();
    runtime.unwrap().block_on(work)
}

/// The thread that does blocking work here, and what it is called.
async fn here() -> (ThreadId, String) {
    let thread = || {
        let thread = thread::current();
        (thread.id(), thread.name().unwrap_or_default().to_owned())
    };
    spawn_blocking(thread).await.unwrap()
}

#[test]
fn blocking_work_has_few_threads_and_what_is_outside_has_the_callers() {
    let pool = Pool::new(2);
    caller(async {
        let inside = pool.run(join_all((0..100).map(|_| here()))).await;
        let threads: HashSet<ThreadId> = inside.iter().map(|(thread, _)| *thread).collect();
        assert!(threads.len() <= 2, "{}", threads.len());
        assert!(inside.iter().all(|(_, name)| name == THREAD));
        assert_eq!(pool.run(outside(here())).await.1, "caller");
        assert_eq!(outside(here()).await.1, "caller");
    });
}

#[test]
fn one_pool_serves_one_runtime_after_the_other_and_may_end_in_a_task() {
    let pool = Pool::new(0);
    assert_eq!(caller(pool.run(here())).1, THREAD);
    caller(async move {
        assert_eq!(pool.run(outside(here())).await.1, "caller");
        drop(pool);
    });
}
