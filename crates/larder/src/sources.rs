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

/// Where archives came from, wheels among them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Sources {
    /// They were in the store, or in one below it.
    pub store: Counted,
    /// They came from the remote.
    pub remote: Counted,
    /// They came from their channels or, wheels, from their index, or from mirrors of these.
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

    /// Those that were fetched, from wherever.
    pub fn fetched(&self) -> Counted {
        Counted {
            objects: self.remote.objects + self.channel.objects,
            bytes: self.remote.bytes + self.channel.bytes,
        }
    }

    /// And those of something else.
    pub(crate) fn join(&mut self, other: &Self) {
        let parts = [
            (&mut self.store, other.store),
            (&mut self.remote, other.remote),
            (&mut self.channel, other.channel),
        ];
        for (part, more) in parts {
            part.objects += more.objects;
            part.bytes += more.bytes;
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
