//! How long a server that asks for patience is left alone.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use larder_solve::{Pause, Solver, SolverOptions};
use larder_testkit::{Fault, Index};

use crate::support::{Lab, channel_of, package};

/// The waits of a solve on a server with this fault, in seconds.
fn waits(fault: Fault) -> Vec<u64> {
    let lab = Lab::new();
    lab.channel("c", channel_of([package("a", "1")]).indexes(&[Index::Zst]));
    let server = lab.serve();
    server.fault("linux-64/repodata.json.zst", fault);
    let waits = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&waits);
    let options = SolverOptions {
        retry_delay: Duration::from_secs(2),
        pause: Pause::new(move |wait| {
            kept.lock().unwrap().push(wait.as_secs());
            Box::pin(async {})
        }),
        ..lab.options()
    };
    let channels = [format!("{}/c", server.url())];
    lab.solve_with(&Solver::new(options), &channels, &["a"])
        .unwrap();
    waits.lock().unwrap().clone()
}

#[test]
fn retry_after_is_respected_up_to_a_minute() {
    let after = |seconds| Fault::RetryAfter { seconds, times: 2 };
    assert_eq!(waits(after(7)), [7, 7]);
    assert_eq!(waits(after(3600)), [60, 60]);
    assert_eq!(waits(after(0)), [2, 4], "never sooner than without");
    let plain = Fault::Status {
        code: 503,
        times: 2,
    };
    assert_eq!(waits(plain), [2, 4]);
}
