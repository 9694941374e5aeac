//! What a fetch may do and how hard it tries.

use std::fmt;

use larder_store::Object;

use crate::{Backoff, Elsewhere, MirrorMap, Network};

/// How to fetch. Made with [`FetchOptions::new`], then changed where wanted.
#[derive(Debug, Clone)]
pub struct FetchOptions<'a> {
    /// The client.
    pub network: &'a Network,
    /// Other places to ask.
    pub mirrors: MirrorMap,
    /// Asked for each archive before any URL.
    pub elsewhere: Option<&'a dyn Elsewhere>,
    /// Refuse to use the network: only what is in the store and what `file://` URLs name counts.
    pub offline: bool,
    /// How many archives at a time; 0 counts as 1.
    pub concurrency: usize,
    /// How many bytes of large archives may be on their way before no more than a few are begun.
    pub bytes_in_flight: u64,
    /// Is told of each archive that is in the store, as soon as it is.
    pub arrived: Arrived<'a>,
    /// How many more tries each URL gets after a temporary failure.
    pub retries: u32,
    /// The waits between tries.
    pub backoff: Backoff,
    /// The longest body to accept where a record does not say its size, in bytes.
    pub longest_body: u64,
}

/// Who is told of each archive, by its package's normalized name.
#[derive(Clone, Copy, Default)]
pub struct Arrived<'a>(Option<&'a Listener<'a>>);

type Listener<'a> = dyn Fn(&str, &Object) + Sync + 'a;

impl<'a> Arrived<'a> {
    /// Calls `listener` from the task that fetches: it must return quickly.
    pub fn tell(listener: &'a (dyn Fn(&str, &Object) + Sync)) -> Self {
        Self(Some(listener))
    }

    pub(crate) fn of(&self, name: &str, object: &Object) {
        if let Some(listener) = self.0 {
            listener(name, object);
        }
    }
}

impl fmt::Debug for Arrived<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listeners = u8::from(self.0.is_some());
        f.debug_tuple("Arrived").field(&listeners).finish()
    }
}

impl<'a> FetchOptions<'a> {
    /// 16 at a time and 16 MiB, 3 more tries with the default [`Backoff`], no mirrors, 20 GiB at most where the size
    /// is unknown.
    pub fn new(network: &'a Network) -> Self {
        Self {
            network,
            mirrors: MirrorMap::default(),
            elsewhere: None,
            offline: false,
            concurrency: 16,
            bytes_in_flight: 16 << 20,
            arrived: Arrived::default(),
            retries: 3,
            backoff: Backoff::default(),
            longest_body: 20 << 30,
        }
    }
}
