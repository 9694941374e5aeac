//! What each index was in one session, so that it is asked for once and seen alike by all readers.
//!
//! Another process may replace a kept index at any time, and a local channel may change: then the
//! session has seen two states, and nothing that was found in it may be remembered.

use std::{
    collections::{HashMap, hash_map},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use url::Url;

use super::entry::Entry;

/// Shared by a session and its client.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    /// The digest of each index in hexadecimal; nothing for one that is missing.
    outcomes: HashMap<Url, Option<String>>,
    /// Why rattler may not read an index as it is.
    flaws: HashMap<Url, String>,
    changed: bool,
}

impl Log {
    /// Notes that the index at `url` is missing, or has this digest.
    pub(crate) fn note(&self, url: &Url, digest: Option<&str>) {
        let mut seen = self.lock();
        match seen.outcomes.entry(url.clone()) {
            hash_map::Entry::Vacant(vacant) => {
                vacant.insert(digest.map(str::to_owned));
            }
            hash_map::Entry::Occupied(known) if known.get().as_deref() == digest => {}
            hash_map::Entry::Occupied(mut known) => {
                known.insert(digest.map(str::to_owned));
                seen.changed = true;
            }
        }
    }

    /// Notes why rattler may not read the index at `url` as it is, if so.
    pub(super) fn note_flaw(&self, url: &Url, flaw: Option<String>) {
        let mut seen = self.lock();
        match flaw {
            Some(flaw) => seen.flaws.insert(url.clone(), flaw),
            None => seen.flaws.remove(url),
        };
    }

    /// Why rattler may not read the index at `url` as it is, if so.
    pub(super) fn flaw(&self, url: &Url) -> Option<String> {
        self.lock().flaws.get(url).cloned()
    }

    /// Whether this session has learned already, from the network or from a record, that `entry` is how things are.
    pub(super) fn confirms(&self, entry: &Entry) -> bool {
        let seen = self.lock();
        let known = seen.outcomes.get(&entry.head.url);
        known.is_some_and(|known| known.as_deref() == digest(entry))
    }

    /// Whether every index has been the same all the time.
    pub(crate) fn is_steady(&self) -> bool {
        !self.lock().changed
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What to note of an entry.
pub(super) fn digest(entry: &Entry) -> Option<&str> {
    let head = &entry.head;
    (!head.missing).then_some(head.sha256.as_str())
}
