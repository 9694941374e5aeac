//! Fetching and unpacking at the same time: an archive is used as soon as it is in the store, verified,
//! while others are still on their way.

use std::{panic, thread, time::Instant};

use larder_fetch::{Arrived, FetchPlan, FetchSummary};
use larder_link::Streamed;
use larder_store::Object;
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    task::block_in_place,
};

use super::{
    CreateError, Ephemeral, Run, Wanted,
    arrivals::Arrivals,
    install::{Installed, Objects},
};

/// What came of fetching and of what was done meanwhile.
pub(super) struct Overlapped {
    pub(super) fetched: FetchSummary,
    /// How long fetching took.
    pub(super) fetch_milliseconds: u64,
    /// The environment, or why it was not made, where that was tried already.
    pub(super) installed: Option<Result<Installed, CreateError>>,
}

/// Whether there is something to fetch, and threads to fetch it while others unpack.
pub(super) fn is_worthwhile(run: &Run<'_>, plan: &FetchPlan) -> bool {
    !plan.missing.is_empty()
        && !run.settings.offline
        && Handle::try_current()
            .is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread)
}

/// Fetches what is missing; what is there is unpacked meanwhile, into trees or into the environment.
///
/// # Errors
/// If fetching fails; nothing is left of the environment then.
pub(super) fn fetch(run: &Run<'_>, wanted: &Wanted<'_>) -> Result<Overlapped, CreateError> {
    let begun = Instant::now();
    let gatherer = run.gatherer();
    let present = wanted.plan.present.iter();
    let present: Objects = present
        .map(|present| (present.name.clone(), present.object.clone()))
        .collect();
    let arrivals = Arrivals::new(present);
    let tell = |name: &str, object: &Object| arrivals.add(name, object);
    let runtime = Handle::current();
    // The threads below wait for archives: the runtime must not wait for them.
    block_in_place(|| {
        thread::scope(|scope| {
            let fetching = scope.spawn(|| {
                let _end = EndOnDrop(&arrivals);
                let fetch = gatherer.fetch_telling(&wanted.plan, Arrived::tell(&tell));
                runtime
                    .block_on(fetch)
                    .map(|fetched| (fetched, crate::elapsed_milliseconds(begun)))
            });
            let installed = match run.options.ephemeral {
                Ephemeral::Yes => install(run, wanted, &arrivals),
                Ephemeral::No => {
                    run.unpack(wanted, &arrivals);
                    None
                }
            };
            let fetched = fetching.join();
            let (fetched, fetch_milliseconds) =
                fetched.unwrap_or_else(|panicked| panic::resume_unwind(panicked))?;
            Ok(Overlapped {
                fetched,
                fetch_milliseconds,
                installed,
            })
        })
    })
}

fn install(
    run: &Run<'_>,
    wanted: &Wanted<'_>,
    arrivals: &Arrivals,
) -> Option<Result<Installed, CreateError>> {
    match super::direct::stream(run, wanted, arrivals) {
        Ok(Streamed::Applied(applied)) => Some(Ok(applied.into())),
        Ok(Streamed::NeedsTrees { .. } | Streamed::Incomplete) => None,
        Err(error) => Some(Err(error)),
    }
}

/// Whatever ends fetching, nobody waits for more.
struct EndOnDrop<'a>(&'a Arrivals);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}
