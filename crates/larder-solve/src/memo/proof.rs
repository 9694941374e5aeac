//! What must still hold for a remembered solve to be the answer.
//!
//! For each index that the solve reached: its form, what it says about itself, and the hash of each
//! name that was looked at, or that there was none. A solve sees nothing else of the channels.

use std::collections::{BTreeMap, BTreeSet};

use larder_digest::Sha256;
use serde::{Deserialize, Serialize};

use super::{index::Form, survey::Surveyed};

/// How many names a reason lists.
const MOST_NAMES: usize = 3;

/// The channels as a solve saw them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Proof(Vec<IndexProof>);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct IndexProof {
    channel: String,
    subdir: String,
    form: Form,
    head: Sha256,
    /// By package name; null for a name that was not there.
    names: BTreeMap<String, Option<Sha256>>,
}

impl Proof {
    /// That a solve looked at `names` in what was `surveyed`.
    pub(crate) fn new(surveyed: &[Surveyed], names: &BTreeSet<String>) -> Self {
        Self(
            surveyed
                .iter()
                .map(|index| of_index(index, names))
                .collect(),
        )
    }

    /// Whether everything is still so.
    ///
    /// # Errors
    /// What has changed.
    pub(crate) fn holds(&self, surveyed: &[Surveyed]) -> Result<(), String> {
        let places = |(proof, now): (&IndexProof, &Surveyed)| {
            proof.channel == now.channel && proof.subdir == now.subdir.as_str()
        };
        if self.0.len() != surveyed.len() || !self.0.iter().zip(surveyed).all(places) {
            return Err("the channels relate to others than before".to_owned());
        }
        for (proof, now) in self.0.iter().zip(surveyed) {
            proof.holds(now)?;
        }
        Ok(())
    }
}

fn of_index(surveyed: &Surveyed, names: &BTreeSet<String>) -> IndexProof {
    let index = &surveyed.index;
    let hash = |name: &String| (name.clone(), index.names.get(name).copied());
    IndexProof {
        channel: surveyed.channel.clone(),
        subdir: surveyed.subdir.as_str().to_owned(),
        form: index.form,
        head: index.head,
        names: match &surveyed.only {
            Some(only) => only.iter().map(hash).collect(),
            None => names.iter().map(hash).collect(),
        },
    }
}

impl IndexProof {
    fn holds(&self, now: &Surveyed) -> Result<(), String> {
        let place = format!("{}/{}", self.channel, self.subdir);
        if self.form != now.index.form {
            return Err(format!("{place} is published in another form"));
        }
        if self.head != now.index.head {
            return Err(format!("{place} says something else about itself"));
        }
        let is_other =
            |(name, hash): &(&String, &Option<Sha256>)| now.index.names.get(*name) != hash.as_ref();
        let changed: Vec<&str> = self
            .names
            .iter()
            .filter(is_other)
            .map(|(name, _)| name.as_str())
            .collect();
        match changed.len() {
            0 => Ok(()),
            count => Err(format!("{} changed in {place}", listed(&changed, count))),
        }
    }
}

fn listed(names: &[&str], count: usize) -> String {
    let shown = names[..count.min(MOST_NAMES)].join(", ");
    match count.checked_sub(MOST_NAMES) {
        None | Some(0) => shown,
        Some(more) => format!("{shown} and {more} more"),
    }
}
