//! What GitHub's cache service knows and decides: entries, scopes, look-ups, limits.
//!
//! Pure bookkeeping with the time given. Sources: CACHE-SEMANTICS.md, section 2, and FACTS.md, 1, of the
//! shared data; what those leave open is marked "assumed".

use std::{
    collections::VecDeque,
    time::{Duration, SystemTime},
};

use super::{GhacLimits, access::Access};

const MINUTE: Duration = Duration::from_secs(60);
/// Assumed: how long an upload that nobody finishes keeps its key.
const RESERVED: Duration = Duration::from_secs(60 * 60);
const MAX_KEY: usize = 512;
const MAX_KEYS: usize = 10;

/// An entry, or an upload that is not finished.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) id: u64,
    pub(super) scope: String,
    pub(super) key: String,
    pub(super) version: String,
    pub(super) size: u64,
    pub(super) created: SystemTime,
    pub(super) used: SystemTime,
    pub(super) is_finished: bool,
}

/// A Twirp error.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) retry_after: Option<Duration>,
}

impl Refusal {
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            retry_after: None,
        }
    }
}

/// Everything of one repository.
#[derive(Debug)]
pub(super) struct Service {
    limits: GhacLimits,
    entries: Vec<Entry>,
    /// When uploads began, in the last minute.
    uploads: VecDeque<SystemTime>,
    next: u64,
}

impl Service {
    pub(super) fn new(limits: GhacLimits) -> Self {
        Self {
            limits,
            entries: Vec::new(),
            uploads: VecDeque::new(),
            next: 1,
        }
    }

    pub(super) fn limits(&self) -> &GhacLimits {
        &self.limits
    }

    /// Reserves a key; the entry's id. `None` if the token may not write.
    pub(super) fn create(
        &mut self,
        (access, now): (&Access, SystemTime),
        key: &str,
        version: &str,
    ) -> Result<Option<u64>, Refusal> {
        check_key(key)?;
        self.count_upload(now)?;
        self.expire(now);
        let Some(scope) = &access.write else {
            return Ok(None);
        };
        if self.position(scope, key, version).is_some() {
            let text = "cache entry with the same key, version, and scope already exists";
            return Err(Refusal::new(409, "already_exists", text));
        }
        let id = self.next;
        self.next += 1;
        self.entries.push(Entry {
            id,
            scope: scope.clone(),
            key: key.to_owned(),
            version: version.to_owned(),
            size: 0,
            created: now,
            used: now,
            is_finished: false,
        });
        Ok(Some(id))
    }

    fn count_upload(&mut self, now: SystemTime) -> Result<(), Refusal> {
        let is_past =
            |begun: &SystemTime| now.duration_since(*begun).is_ok_and(|age| age >= MINUTE);
        while self.uploads.front().is_some_and(is_past) {
            self.uploads.pop_front();
        }
        if self.uploads.len() >= self.limits.uploads_a_minute {
            let first = self.uploads.front().copied().unwrap_or(now);
            let wait = (first + MINUTE).duration_since(now).unwrap_or(MINUTE);
            let mut refusal = Refusal::new(429, "resource_exhausted", "too many uploads");
            refusal.retry_after = Some(wait.max(Duration::from_secs(1)));
            return Err(refusal);
        }
        self.uploads.push_back(now);
        Ok(())
    }

    /// The unfinished upload of this key.
    pub(super) fn reserved(&self, access: &Access, key: &str, version: &str) -> Option<u64> {
        let at = self.position(access.write.as_ref()?, key, version)?;
        let entry = &self.entries[at];
        (!entry.is_finished).then_some(entry.id)
    }

    /// Makes an upload an entry; the ids of those that had to go for it.
    pub(super) fn finish(&mut self, id: u64, size: u64, now: SystemTime) -> Vec<u64> {
        for entry in &mut self.entries {
            if entry.id == id {
                (entry.size, entry.is_finished) = (size, true);
                (entry.created, entry.used) = (now, now);
            }
        }
        self.evict(id)
    }

    /// The least recently used go, but never the newest.
    fn evict(&mut self, newest: u64) -> Vec<u64> {
        let mut gone = Vec::new();
        while self.entries.iter().map(|entry| entry.size).sum::<u64>() > self.limits.quota {
            let others = self.entries.iter();
            let others = others.filter(|entry| entry.is_finished && entry.id != newest);
            let Some(least) = others.min_by_key(|entry| (entry.used, entry.id)) else {
                break;
            };
            gone.push(least.id);
            let least = least.id;
            self.entries.retain(|entry| entry.id != least);
        }
        gone
    }

    /// The entry that a look-up finds: scope by scope, in each the keys in order, of each the whole one
    /// first, else the newest that begins with it.
    pub(super) fn find(
        &mut self,
        (access, now): (&Access, SystemTime),
        keys: &[String],
        version: &str,
    ) -> Result<Option<Entry>, Refusal> {
        if access.read.is_empty() {
            let text = "cache read denied: this token has no readable scope";
            return Err(Refusal::new(403, "permission_denied", text));
        }
        if keys.len() > MAX_KEYS {
            let text = "keys are limited to a maximum of 10";
            return Err(Refusal::new(400, "invalid_argument", text));
        }
        keys.iter().try_for_each(|key| check_key(key))?;
        self.expire(now);
        for scope in &access.read {
            for key in keys {
                if let Some(entry) = self.find_in(scope, key, version) {
                    entry.used = now;
                    return Ok(Some(entry.clone()));
                }
            }
        }
        Ok(None)
    }

    fn find_in(&mut self, scope: &str, key: &str, version: &str) -> Option<&mut Entry> {
        let entries = self.entries.iter_mut();
        let fit = entries.filter(|entry| {
            entry.is_finished
                && entry.scope == scope
                && entry.version == version
                && entry.key.starts_with(key)
        });
        fit.max_by_key(|entry| (entry.key == key, entry.created, entry.id))
    }

    fn position(&self, scope: &str, key: &str, version: &str) -> Option<usize> {
        let is_it =
            |entry: &Entry| entry.scope == scope && entry.key == key && entry.version == version;
        self.entries.iter().position(is_it)
    }

    fn expire(&mut self, now: SystemTime) {
        let limit = self.limits.max_unused;
        self.entries.retain(|entry| {
            let most = if entry.is_finished { limit } else { RESERVED };
            !now.duration_since(entry.used).is_ok_and(|age| age > most)
        });
    }

    /// All entries, the newest first.
    pub(super) fn entries(&mut self, now: SystemTime) -> Vec<Entry> {
        self.expire(now);
        let mut entries: Vec<Entry> = self.entries.clone();
        entries.retain(|entry| entry.is_finished);
        entries.sort_by_key(|entry| std::cmp::Reverse((entry.created, entry.id)));
        entries
    }

    /// Removes entries; their ids.
    pub(super) fn remove(&mut self, goes: impl Fn(&Entry) -> bool) -> Vec<u64> {
        let removed = |entry: &mut Entry| entry.is_finished && goes(entry);
        self.entries
            .extract_if(.., removed)
            .map(|entry| entry.id)
            .collect()
    }

    /// For tests that need old entries.
    pub(super) fn set_times(&mut self, key: &str, created: SystemTime, used: SystemTime) -> usize {
        let mut count = 0;
        for entry in self.entries.iter_mut().filter(|entry| entry.key == key) {
            (entry.created, entry.used) = (created, used);
            count += 1;
        }
        count
    }
}

fn check_key(key: &str) -> Result<(), Refusal> {
    let refused = |text| Err(Refusal::new(400, "invalid_argument", text));
    if key.is_empty() {
        return refused("key is required");
    }
    // As JavaScript counts.
    if key.encode_utf16().count() > MAX_KEY {
        return refused("key is larger than 512 characters");
    }
    if key.contains(',') {
        return refused("key cannot contain commas");
    }
    Ok(())
}
