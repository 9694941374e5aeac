//! What is counted, whatever keeps the environments.

use std::collections::BTreeMap;

/// Sums over all days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// By their kind.
    pub(crate) requests: BTreeMap<&'static str, u64>,
    pub(crate) down: u64,
    pub(crate) up: u64,
    /// Bytes that came from the channel.
    pub(crate) channel: u64,
    pub(crate) jobs: u64,
    /// Jobs that got everything from the remote.
    pub(crate) whole: u64,
    /// Jobs that got nothing from it.
    pub(crate) none: u64,
    pub(crate) evicted: u64,
    pub(crate) expired: u64,
    pub(crate) stored_most: u64,
    pub(crate) uploads_a_minute: u64,
    /// Packs that a job needed: the sum and the most.
    pub(crate) packs: u64,
    pub(crate) packs_most: u64,
    /// Bytes sent that were on the remote already.
    pub(crate) rewritten: u64,
}

impl Counts {
    pub(crate) fn request(&mut self, kind: &'static str, times: u64) {
        *self.requests.entry(kind).or_default() += times;
    }

    /// A job that needed `wanted` bytes and got `missing` of them from the channel.
    pub(crate) fn job(&mut self, wanted: u64, missing: u64) {
        self.jobs += 1;
        self.channel += missing;
        self.whole += u64::from(missing == 0);
        self.none += u64::from(missing == wanted);
    }
}
