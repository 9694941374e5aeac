//! GitHub's cache service as far as a month's bill needs it: immutable entries in scopes, found by their
//! beginning, the newest first; a quota with the least recently used going first; seven days without use.

use std::collections::BTreeMap;

use crate::traffic::{DAY, MAIN};

const QUOTA: u64 = 10_000_000_000;
const LIFE: u64 = 7 * DAY;

/// An entry, without its bytes.
#[derive(Debug, Clone)]
struct Entry {
    size: u64,
    /// Counts up with each entry.
    created: u64,
    used: u64,
}

/// What a service has.
#[derive(Default)]
pub(crate) struct Service {
    entries: BTreeMap<(usize, String), Entry>,
    stored: u64,
    created: u64,
    pub(crate) evicted: u64,
    pub(crate) expired: u64,
    pub(crate) stored_most: u64,
    minute: (u64, u64),
    pub(crate) uploads_a_minute: u64,
}

impl Service {
    /// The newest entry of one scope whose key begins so, and is used thereby.
    fn newest_in(&mut self, scope: usize, prefix: &str, now: u64) -> Option<String> {
        let first = (scope, prefix.to_owned());
        let found = self
            .entries
            .range(first..)
            .take_while(|((of, key), _)| *of == scope && key.starts_with(prefix))
            .filter(|(_, entry)| entry.used + LIFE > now)
            .max_by_key(|(_, entry)| entry.created);
        let place = found.map(|(place, _)| place.clone())?;
        self.touch(&place, now);
        Some(place.1)
    }

    fn touch(&mut self, place: &(usize, String), now: u64) {
        if let Some(entry) = self.entries.get_mut(place) {
            entry.used = now;
        }
    }

    /// What a look-up finds: in the run's own scope the key itself, then each beginning; then in main's.
    pub(crate) fn look_up(
        &mut self,
        scope: usize,
        key: &str,
        restore_keys: &[&str],
        now: u64,
    ) -> Option<String> {
        let scopes = if scope == MAIN {
            vec![MAIN]
        } else {
            vec![scope, MAIN]
        };
        for scope in scopes {
            if self.has(scope, key, now) {
                return Some(key.to_owned());
            }
            for prefix in std::iter::once(&key).chain(restore_keys) {
                if let Some(found) = self.newest_in(scope, prefix, now) {
                    return Some(found);
                }
            }
        }
        None
    }

    fn has(&mut self, scope: usize, key: &str, now: u64) -> bool {
        let place = (scope, key.to_owned());
        let has = self
            .entries
            .get(&place)
            .is_some_and(|entry| entry.used + LIFE > now);
        if has {
            self.touch(&place, now);
        }
        has
    }

    /// Saves an entry unless its key is taken; makes room for it.
    pub(crate) fn save(&mut self, scope: usize, key: &str, size: u64, now: u64) -> bool {
        self.expire(now);
        self.count_upload(now);
        let place = (scope, key.to_owned());
        if self.entries.contains_key(&place) {
            return false;
        }
        self.created += 1;
        let entry = Entry {
            size,
            created: self.created,
            used: now,
        };
        self.entries.insert(place, entry);
        self.stored += size;
        while self.stored > QUOTA {
            let oldest = self
                .entries
                .iter()
                .min_by_key(|(_, entry)| (entry.used, entry.created));
            let oldest = oldest.map(|(place, _)| place.clone()).expect("entries");
            self.remove(&oldest);
            self.evicted += 1;
        }
        self.stored_most = self.stored_most.max(self.stored);
        true
    }

    fn count_upload(&mut self, now: u64) {
        if self.minute.0 != now / 60 {
            self.minute = (now / 60, 0);
        }
        self.minute.1 += 1;
        self.uploads_a_minute = self.uploads_a_minute.max(self.minute.1);
    }

    fn expire(&mut self, now: u64) {
        let old = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.used + LIFE <= now);
        let old: Vec<_> = old.map(|(place, _)| place.clone()).collect();
        for place in old {
            self.remove(&place);
            self.expired += 1;
        }
    }

    fn remove(&mut self, place: &(usize, String)) {
        if let Some(entry) = self.entries.remove(place) {
            self.stored -= entry.size;
        }
    }
}
