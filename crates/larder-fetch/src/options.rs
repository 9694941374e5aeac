//! What a fetch may do and how hard it tries.

use crate::{Backoff, MirrorMap, Network};

/// How to fetch. Made with [`FetchOptions::new`], then changed where wanted.
#[derive(Debug, Clone)]
pub struct FetchOptions<'a> {
    /// The client.
    pub network: &'a Network,
    /// Other places to ask.
    pub mirrors: MirrorMap,
    /// Refuse to use the network: only what is in the store and what `file://` URLs name counts.
    pub offline: bool,
    /// How many archives at a time; 0 counts as 1.
    pub concurrency: usize,
    /// How many more tries each URL gets after a temporary failure.
    pub retries: u32,
    /// The waits between tries.
    pub backoff: Backoff,
    /// The longest body to accept where a record does not say its size, in bytes.
    pub longest_body: u64,
}

impl<'a> FetchOptions<'a> {
    /// 16 at a time, 3 more tries with the default [`Backoff`], no mirrors, 20 GiB at most where the size
    /// is unknown.
    pub fn new(network: &'a Network) -> Self {
        Self {
            network,
            mirrors: MirrorMap::default(),
            offline: false,
            concurrency: 16,
            retries: 3,
            backoff: Backoff::default(),
            longest_body: 20 << 30,
        }
    }
}
