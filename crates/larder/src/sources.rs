//! Where the archives of a run came from.

use larder_fetch::{FetchPlan, FetchSummary};
use serde::Serialize;

/// Archives and their bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// How many.
    pub objects: usize,
    /// How many bytes these have.
    pub bytes: u64,
}

/// Where archives came from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Sources {
    /// They were in the store, or in one below it.
    pub store: Counted,
    /// They came from the remote.
    pub remote: Counted,
    /// They came from their channels, or mirrors of these.
    pub channel: Counted,
}

impl Sources {
    /// Those that are there already.
    pub(crate) fn of(plan: &FetchPlan) -> Self {
        let present = plan.present.iter();
        Self {
            store: Counted {
                objects: plan.present.len(),
                bytes: present.map(|present| present.object.size).sum(),
            },
            ..Self::default()
        }
    }

    /// And those that one round fetched.
    pub(crate) fn add(&mut self, summary: &FetchSummary) {
        self.remote.objects += summary.from_elsewhere;
        self.remote.bytes += summary.bytes_from_elsewhere;
        self.channel.objects += summary.fetched - summary.from_elsewhere;
        self.channel.bytes += summary.bytes - summary.bytes_from_elsewhere;
    }
}
