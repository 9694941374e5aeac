//! The revisions of an environment, as `conda list --revisions` shows them.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use larder_fs::PathError;
use rattler_conda_types::Version;
use serde::Serialize;

use crate::{Explain, Kind};

use super::{Block, blocks};

/// What one operation changed, with the keys of conda's JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Revision {
    /// As the history has it.
    pub date: String,
    /// Counted from 0.
    pub rev: usize,
    /// `name-version-build-channel/subdir` of what came.
    pub install: Vec<String>,
    /// The same of what went.
    pub remove: Vec<String>,
    /// What went up.
    pub upgrade: Vec<Moved>,
    /// What went down, or changed its build or channel.
    pub downgrade: Vec<Moved>,
    /// What a person reads, a line each.
    #[serde(skip)]
    pub lines: Vec<String>,
}

/// A package that went and came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// What went.
    pub old: String,
    /// What came.
    pub new: String,
}

/// Why there are no revisions.
#[derive(Debug, thiserror::Error)]
pub enum RevisionsError {
    /// The history is not there.
    #[error("`{}` has no conda-meta/history", prefix.display())]
    NoHistory {
        /// The directory.
        prefix: PathBuf,
    },
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] PathError),
}

impl Explain for RevisionsError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoHistory { .. } => Kind::Refused,
            Self::Read(_) => Kind::World,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoHistory { .. } => "list::no-history",
            Self::Read(_) => "list::read",
        }
    }
}

/// A package of the history.
struct Dist<'a> {
    name: &'a str,
    version: &'a str,
    build: &'a str,
    channel: &'a str,
}

impl<'a> Dist<'a> {
    /// `channel/subdir::name-version-build`.
    fn parse(text: &'a str) -> Option<Self> {
        let (channel, dist) = text.split_once("::").unwrap_or(("<unknown>", text));
        let mut parts = dist.rsplitn(3, '-');
        let (build, version, name) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            name,
            version,
            build,
            channel,
        })
    }

    fn joined(&self) -> String {
        format!(
            "{}-{}-{}-{}",
            self.name, self.version, self.build, self.channel
        )
    }

    fn shown(&self) -> String {
        match self.channel {
            "defaults" => self.version.to_owned(),
            channel => format!("{} ({channel})", self.version),
        }
    }

    fn is_above(&self, other: &Self) -> bool {
        let versions = (
            self.version.parse::<Version>(),
            other.version.parse::<Version>(),
        );
        match versions {
            (Ok(this), Ok(that)) if this != that => this > that,
            _ => (self.version, self.build) > (other.version, other.build),
        }
    }
}

/// The revisions of the environment at `prefix`, oldest first.
///
/// # Errors
/// See [`RevisionsError`].
pub fn revisions(prefix: &Path) -> Result<Vec<Revision>, RevisionsError> {
    let blocks = blocks(prefix)?;
    if !larder_link::is_environment(prefix) {
        let prefix = prefix.to_owned();
        return Err(RevisionsError::NoHistory { prefix });
    }
    let revisions = blocks.iter().enumerate();
    Ok(revisions.map(|(rev, block)| revision(rev, block)).collect())
}

fn revision(rev: usize, block: &Block) -> Revision {
    let mut revision = Revision {
        date: block.date.clone(),
        rev,
        install: Vec::new(),
        remove: Vec::new(),
        upgrade: Vec::new(),
        downgrade: Vec::new(),
        lines: Vec::new(),
    };
    let is_change = |package: &String| package.starts_with(['+', '-']);
    if !block.packages.iter().any(is_change) {
        revision.install = block.packages.iter().cloned().collect();
        revision.lines = revision.install.clone();
        return revision;
    }
    let (added, removed) = (side(block, '+'), side(block, '-'));
    let names: BTreeSet<&String> = added.keys().chain(removed.keys()).collect();
    let (mut changed, mut gone, mut come) = (Vec::new(), Vec::new(), Vec::new());
    for name in names {
        match (removed.get(name), added.get(name)) {
            (Some(old), Some(new)) => {
                changed.push(format!(" {name}  {{{} -> {}}}", old.shown(), new.shown()));
                let moved = Moved {
                    old: old.joined(),
                    new: new.joined(),
                };
                match new.is_above(old) {
                    true => revision.upgrade.push(moved),
                    false => revision.downgrade.push(moved),
                }
            }
            (Some(old), None) => {
                gone.push(format!("-{name}-{}", old.shown()));
                revision.remove.push(old.joined());
            }
            (None, Some(new)) => {
                come.push(format!("+{name}-{}", new.shown()));
                revision.install.push(new.joined());
            }
            (None, None) => {}
        }
    }
    revision.lines = [changed, gone, come].concat();
    revision
}

/// What came (`+`) or went (`-`), by name.
fn side(block: &Block, sign: char) -> BTreeMap<String, Dist<'_>> {
    let packages = block.packages.iter();
    let packages = packages.filter_map(|package| Dist::parse(package.strip_prefix(sign)?));
    packages
        .map(|package| (package.name.to_lowercase(), package))
        .collect()
}
