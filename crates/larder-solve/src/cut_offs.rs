//! Cool-down: from which time on records are ignored, for all of them, for channels and for packages.
//!
//! Every scope judges a record by the same timestamp (CEP 47): `indexed_timestamp`, else `timestamp`. rattler's
//! `ExcludeNewer` does that too, but rejects undated records of exempt channels, so the scopes are applied here.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::Arc,
    time::SystemTime,
};

use jiff::Timestamp;
use rattler_conda_types::RepoDataRecord;
use rattler_repodata_gateway::RepoData;
use url::Url;

use crate::channels::channel_text;

/// From which time on records are ignored. That of a package wins over that of its channel, and that over the one for
/// all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CutOffs {
    /// For every record that no other cut-off is for.
    pub global: Option<SystemTime>,
    /// For channels; the last one that fits a record's channel holds.
    pub channels: Vec<ChannelCutOff>,
    /// For packages, by their normalized name.
    pub packages: BTreeMap<String, CutOff>,
}

/// What holds for a scope that does not follow the cut-off for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutOff {
    /// Records are taken whenever they were published.
    Exempt,
    /// Records that were published later are ignored, undated ones too.
    At(SystemTime),
}

/// The cut-off of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelCutOff {
    /// The channel's base URL without credentials and trailing slash, or a pattern of such URLs with `*` and `?`.
    pub channel: String,
    /// What holds for its records.
    pub cut_off: CutOff,
}

/// Why a record is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TooNew {
    /// Nobody knows when it was published.
    Undated,
    /// It was published after this time.
    Later(SystemTime),
}

impl From<Option<SystemTime>> for CutOffs {
    fn from(global: Option<SystemTime>) -> Self {
        Self {
            global,
            ..Self::default()
        }
    }
}

impl CutOffs {
    /// Why a record is ignored, if it is. Its channel is read as the solver has it or as closures do.
    pub fn reason_against(&self, record: &RepoDataRecord) -> Option<TooNew> {
        let package = &record.package_record;
        let name = package.name.as_normalized();
        let cut_off = self.time_for(name, record.channel.as_deref())?;
        let published = package.indexed_timestamp.or(package.timestamp);
        match published.map(|time| SystemTime::from(Timestamp::from(time))) {
            None => Some(TooNew::Undated),
            Some(published) => (published > cut_off).then_some(TooNew::Later(cut_off)),
        }
    }

    /// Whether some record could be ignored.
    pub fn has_any(&self) -> bool {
        self.times().next().is_some()
    }

    /// Every time, in no order that means anything.
    pub fn times(&self) -> impl Iterator<Item = SystemTime> + '_ {
        let channels = self.channels.iter().map(|channel| channel.cut_off);
        let scoped = channels.chain(self.packages.values().copied());
        self.global
            .into_iter()
            .chain(scoped.filter_map(|cut_off| match cut_off {
                CutOff::Exempt => None,
                CutOff::At(time) => Some(time),
            }))
    }

    fn time_for(&self, name: &str, channel: Option<&str>) -> Option<SystemTime> {
        let of_channel = || {
            let channel = channel_text(channel.filter(|_| !self.channels.is_empty())?);
            let mut channels = self.channels.iter().rev();
            let found = channels.find(|scope| is_like(&scope.channel, &channel));
            found.map(|scope| scope.cut_off)
        };
        match self.packages.get(name).copied().or_else(of_channel) {
            None => self.global,
            Some(CutOff::Exempt) => None,
            Some(CutOff::At(time)) => Some(time),
        }
    }

    /// The records that are ignored, with the reasons.
    pub(crate) fn excluded(&self, repodata: &[RepoData]) -> HashMap<Url, Arc<str>> {
        let mut excluded = HashMap::new();
        if !self.has_any() {
            return excluded;
        }
        let mut texts: HashMap<TooNew, Arc<str>> = HashMap::new();
        for record in repodata.iter().flat_map(RepoData::iter) {
            if let Some(reason) = self.reason_against(record) {
                let text = texts
                    .entry(reason)
                    .or_insert_with(|| reason.to_string().into());
                excluded.insert(record.url.clone(), Arc::clone(text));
            }
        }
        excluded
    }
}

impl fmt::Display for TooNew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undated => {
                f.write_str("the package has no timestamp, and `exclude_newer` wants one")
            }
            Self::Later(time) => {
                f.write_str("it was published after the cut-off of `exclude_newer`")?;
                // Requests with times that cannot be written are refused.
                match Timestamp::try_from(*time) {
                    Ok(time) => write!(f, ", {time:.0}"),
                    Err(_) => Ok(()),
                }
            }
        }
    }
}

/// Whether `text` is what the pattern says, in which `*` stands for any text and `?` for one character.
fn is_like(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut read) = (0, 0);
    // Where the last `*` is, and how much of the text it has been tried with.
    let mut star: Option<(usize, usize)> = None;
    while read < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(byte) if *byte == b'?' || Some(byte) == text.get(read) => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((place, tried)) = star else {
                    return false;
                };
                star = Some((place, tried + 1));
                at = place + 1;
                read = tried + 1;
            }
        }
    }
    pattern
        .get(at..)
        .unwrap_or_default()
        .iter()
        .all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests;
