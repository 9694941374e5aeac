//! The seal of a lock: a digest over everything that larder wrote into it, kept under `custom_metadata`.
//!
//! It has no key, so it proves nothing against somebody who computes it again; every other check of a lock
//! holds without it. It finds what no other check can see offline, above all a digest that was edited and
//! nothing else, and it says which version of larder's rules a lock was written by: a lock with a seal has
//! the metadata of every package and the dependencies of every wheel.

use std::collections::BTreeMap;

use larder_digest::{Hasher, Sha256};
use rattler_conda_types::Subdir;
use serde::{Deserialize, Serialize};

use crate::{LockChannel, write::OUR_KEYS};

/// The key under `custom_metadata`. No platform has this name.
pub(crate) const SEAL_KEY: &str = "larder:lock";
/// The version of the rules that larder writes locks by.
const SEAL_VERSION: u32 = 2;

/// Which program wrote a lock, as far as the lock shows it: decides how much is expected of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockWriter {
    /// This version of larder, and nothing was changed since.
    Larder,
    /// larder wrote it, and something was changed since.
    Edited,
    /// A later version of larder, whose rules are not known.
    NewerLarder,
    /// A version of larder that did not seal locks.
    OlderLarder,
    /// Another tool.
    Other,
}

impl LockWriter {
    /// Whether larder wrote the lock, so that it has the metadata of every package.
    pub fn is_larder(self) -> bool {
        self != Self::Other
    }
}

#[derive(Serialize, Deserialize)]
struct Seal {
    version: u32,
    sha256: Sha256,
}

/// What a seal covers.
pub(crate) struct Sealed<'s> {
    pub(crate) platforms: &'s [Subdir],
    pub(crate) channels: &'s [LockChannel],
    pub(crate) sources: &'s [String],
    /// Without the seal itself.
    pub(crate) custom_metadata: &'s BTreeMap<String, String>,
}

/// What a lock shows of who wrote it.
pub(crate) struct Signs<'s> {
    pub(crate) seal: Option<&'s str>,
    /// Whether `content_hash` is what larder writes there: only larder hashes the packages themselves.
    pub(crate) has_our_hash: bool,
}

impl Sealed<'_> {
    /// The value of [`SEAL_KEY`]; `items` are the texts of the packages as larder writes them, in order.
    pub(crate) fn write<'i>(&self, items: impl Iterator<Item = &'i str>) -> String {
        let sha256 = self.digest(items);
        let version = SEAL_VERSION;
        // A number and a text.
        serde_json::to_string(&Seal { version, sha256 }).unwrap_or_default()
    }

    /// Who wrote a lock that shows these signs.
    pub(crate) fn writer<'i>(
        &self,
        signs: &Signs<'_>,
        items: impl Iterator<Item = &'i str>,
    ) -> LockWriter {
        let Some(text) = signs.seal else {
            let is_ours =
                |key: &String| key.starts_with(OUR_KEYS) || key.starts_with("larder-pip:");
            let has_our_keys = self.custom_metadata.keys().any(is_ours);
            // A lock from which all of larder's keys were taken must not pass for another tool's.
            return match has_our_keys || signs.has_our_hash {
                true => LockWriter::OlderLarder,
                false => LockWriter::Other,
            };
        };
        match serde_json::from_str::<Seal>(text) {
            Ok(seal) if seal.version > SEAL_VERSION => LockWriter::NewerLarder,
            Ok(seal) if seal.version == SEAL_VERSION && seal.sha256 == self.digest(items) => {
                LockWriter::Larder
            }
            // A seal that cannot be read was edited, too: it must not make the rules laxer.
            _ => LockWriter::Edited,
        }
    }

    fn digest<'i>(&self, items: impl Iterator<Item = &'i str>) -> Sha256 {
        let mut hasher = Hasher::sha256();
        // The length before each text: no two lists give the same bytes.
        let mut update = |text: &str| {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        };
        for platform in self.platforms {
            update(platform.as_str());
        }
        update("channels");
        for channel in self.channels {
            update(&channel.url);
        }
        update("sources");
        for source in self.sources {
            update(source);
        }
        update("custom_metadata");
        for (key, value) in self.custom_metadata {
            update(key);
            update(value);
        }
        update("package");
        for item in items {
            update(item);
        }
        hasher.finish().sha256
    }
}
