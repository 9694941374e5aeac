//! Cool-down and locks: what a lock says of the cut-offs that held, and packages that those of now would leave out.
//!
//! The record is for readers. Nothing is decided by it: whether a lock keeps to the cut-offs of now is seen from the
//! timestamps of its packages.

use std::time::SystemTime;

use jiff::Timestamp;
use larder_lock::{Closure, LockFile, Reason, Selection};
use larder_solve::{CutOff, CutOffs, TooNew};
use rattler_conda_types::Subdir;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The cut-offs of a solve as a lock has them: times in UTC, `null` for what is exempt. An age is the time that it
/// meant.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RecordedCutOffs {
    #[serde(skip_serializing_if = "Option::is_none")]
    exclude_newer: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    channels: BTreeMap<String, Option<String>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    packages: BTreeMap<String, Option<String>>,
}

impl RecordedCutOffs {
    fn new(cut_offs: &CutOffs) -> Self {
        let scoped = |cut_off: &CutOff| match cut_off {
            CutOff::Exempt => None,
            CutOff::At(time) => Some(time_text(*time)),
        };
        let channels = cut_offs.channels.iter();
        let packages = cut_offs.packages.iter();
        Self {
            exclude_newer: cut_offs.global.map(time_text),
            channels: channels
                .map(|scope| (scope.channel.clone(), scoped(&scope.cut_off)))
                .collect(),
            packages: packages
                .map(|(name, cut_off)| (name.clone(), scoped(cut_off)))
                .collect(),
        }
    }

    /// Whether both have cut-offs for the same scopes, at whatever times.
    fn has_same_scopes(&self, other: &Self) -> bool {
        let shape = |recorded: &Self| {
            let of = |scopes: &BTreeMap<String, Option<String>>| -> Vec<(String, bool)> {
                let scopes = scopes.iter();
                scopes
                    .map(|(name, time)| (name.clone(), time.is_some()))
                    .collect()
            };
            (
                recorded.exclude_newer.is_some(),
                of(&recorded.channels),
                of(&recorded.packages),
            )
        };
        shape(self) == shape(other)
    }
}

/// Writes the cut-offs into `lock`. Where it is otherwise equal to `old` and its cut-offs are for the same scopes, the
/// earlier times stay: a lock with an age for cut-off would change each time that it is written.
pub(super) fn record_cut_offs(lock: &mut LockFile, old: Option<&LockFile>, cut_offs: &CutOffs) {
    let recorded = cut_offs.has_any().then(|| RecordedCutOffs::new(cut_offs));
    let earlier = old.and_then(|old| {
        let text = old.cut_offs()?;
        let earlier: RecordedCutOffs = serde_json::from_str(text).ok()?;
        let is_kept = recorded.as_ref()?.has_same_scopes(&earlier);
        is_kept.then(|| text.to_owned())
    });
    if let (Some(old), Some(earlier)) = (old, earlier) {
        lock.set_cut_offs(Some(earlier));
        if lock.to_yaml() == old.to_yaml() {
            return;
        }
    }
    lock.set_cut_offs(recorded.and_then(|recorded| serde_json::to_string(&recorded).ok()));
}

/// The packages of a lock that the cut-offs leave out. That a lock of another tool has no timestamps says nothing.
pub(super) fn reasons_too_new(lock: &LockFile, subdir: Subdir, cut_offs: &CutOffs) -> Vec<Reason> {
    let closure = lock.closure(subdir, &Selection::all());
    let packages = closure.iter().flat_map(Closure::packages);
    let reasons = packages.filter_map(|package| {
        let reason = cut_offs.reason_against(&package.record)?;
        if reason == TooNew::Undated && !lock.writer().is_larder() {
            return None;
        }
        Some(Reason::Unusable {
            text: format!("{} is too new: {reason}", package.dist()),
        })
    });
    reasons.collect()
}

fn time_text(time: SystemTime) -> String {
    // The solve has refused times that cannot be written.
    Timestamp::try_from(time).map_or_else(|_| String::new(), |time| time.to_string())
}
