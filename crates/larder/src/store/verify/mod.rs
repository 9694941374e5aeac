//! `larder store verify`: reads everything that the store holds, names what is damaged, and mends it.
//!
//! Damaged archives are moved out of the way, never deleted; `--repair` fetches them again by what the
//! roots say of them, held against the same digest. Memos and indexes are only removed.

use std::{collections::HashSet, path::PathBuf};

use larder_event::Reporter;
use larder_fetch::NetworkError;
use larder_fs::{Durability, PathError};
use larder_solve::{KeptKind, kept_files};
use larder_store::{ObjectId, OpenError, Store, StoreError, StoreVerification as Looked};
use serde::Serialize;

use super::names::Names;
use crate::{Explain, Kind, Settings, network::LazyNetwork, pip::memo};

mod archives;
mod findings;
mod trees;

pub use findings::{Finding, FindingState, What};

/// What to verify.
#[derive(Debug, Clone, Default)]
pub struct VerifyOptions {
    /// Only the archives of these packages: names, file names or beginnings of digests.
    pub packages: Vec<String>,
    /// Compare the files of all trees of this machine as well.
    pub trees: bool,
    /// Mend what can be mended.
    pub repair: bool,
}

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct VerifyReport {
    /// Whether everything is as it should be, now.
    pub success: bool,
    /// The store's directory.
    pub store: PathBuf,
    /// How many archives were read, in this store and those below.
    pub archives: u64,
    /// How many bytes those have that are whole.
    pub bytes: u64,
    /// How many remembered solves and index files were read.
    pub beside: usize,
    /// How many trees were read.
    pub trees: usize,
    /// Everything that is not, or was not, as it should be.
    pub findings: Vec<Finding>,
}

/// Why the store was not verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The store cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A directory of the store cannot be read.
    #[error(transparent)]
    Read(#[from] PathError),
    /// Nothing in the store is called so.
    #[error("no archive of `{package}` is known to the store")]
    Unknown {
        /// As it was given.
        package: String,
    },
    /// The store cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The network client.
    #[error(transparent)]
    Network(#[from] NetworkError),
}

impl Explain for VerifyError {
    fn kind(&self) -> Kind {
        match self {
            Self::Open(error) => crate::explain::open_kind(error),
            Self::Read(_) | Self::Store(_) => Kind::World,
            Self::Unknown { .. } | Self::Network(_) => Kind::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Open(error) => error.code(),
            Self::Read(_) => "store::io",
            Self::Unknown { .. } => "store::unknown-package",
            Self::Store(error) => error.code(),
            Self::Network(_) => "network::setup",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Open(error) => crate::explain::open_hint(error),
            Self::Unknown { .. } => Some(
                "names come from environments and locks; `larder store list` has those that are known"
                    .into(),
            ),
            _ => None,
        }
    }
}

/// Reads and, with `repair`, mends.
///
/// # Errors
/// See [`VerifyError`]. Damage is no error: the report has it.
pub async fn verify(
    options: &VerifyOptions,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<VerifyReport, VerifyError> {
    let mut findings = Vec::new();
    let store = open(options, settings, &mut findings)?;
    let names = Names::of(&store.list_readable_roots()?);
    let only = chosen(options, &store, &names)?;
    let context = archives::Context {
        store: &store,
        names: &names,
        network: LazyNetwork::new(settings, Vec::new()),
        settings,
        reporter,
    };
    if only.is_none() && options.repair {
        findings.extend(context.fetch_lost().await?);
    }
    let looked = store.verify(only.as_ref(), reporter)?;
    for damage in &looked.damaged {
        findings.push(context.settle(damage, options.repair).await?);
    }
    let mut beside = 0;
    if only.is_none() {
        let mended = match options.repair {
            true if has_more(&looked) => Some(store.repair(&looked)?),
            _ => None,
        };
        findings::of_store(&looked, mended.as_ref(), &mut findings);
        beside = look_beside(&store, options.repair, &mut findings)?;
    }
    let trees = match options.trees {
        true => trees::look(&settings.trees, options.repair, &mut findings)?,
        false => 0,
    };
    Ok(VerifyReport {
        success: findings
            .iter()
            .all(|finding| finding.is_settled(options.repair)),
        store: store.root().to_owned(),
        archives: looked.objects,
        bytes: looked.bytes,
        beside,
        trees,
        findings,
    })
}

/// A store whose `format` is damaged is opened all the same, if it may be mended.
fn open(
    options: &VerifyOptions,
    settings: &Settings,
    findings: &mut Vec<Finding>,
) -> Result<Store, VerifyError> {
    let error = match super::open_to_inspect(settings, Durability::Flush) {
        Ok(store) => return Ok(store),
        Err(error) => error,
    };
    let may_mend = matches!(
        error,
        OpenError::MalformedFormat { .. } | OpenError::NotAStore { .. }
    );
    if !(options.repair && may_mend && Store::repair_format(&settings.store)?) {
        return Err(error.into());
    }
    findings.push(Finding::format(&error, &settings.store));
    Ok(super::open_to_inspect(settings, Durability::Flush)?)
}

fn has_more(looked: &Looked) -> bool {
    let others = [&looked.writable, &looked.misleading, &looked.stray];
    !looked.roots.is_empty() || others.iter().any(|paths| !paths.is_empty())
}

/// The objects that the user means, or all.
fn chosen(
    options: &VerifyOptions,
    store: &Store,
    names: &Names,
) -> Result<Option<HashSet<ObjectId>>, VerifyError> {
    if options.packages.is_empty() {
        return Ok(None);
    }
    let ids = store.list_all_object_ids()?;
    let mut chosen = HashSet::new();
    for package in &options.packages {
        let is_meant = |id: &&ObjectId| names.is_called(**id, package);
        let before = chosen.len();
        chosen.extend(ids.iter().filter(is_meant));
        if chosen.len() == before && !ids.iter().any(|id| names.is_called(*id, package)) {
            let package = package.clone();
            return Err(VerifyError::Unknown { package });
        }
    }
    Ok(Some(chosen))
}

/// Memos and indexes: what is damaged is never used, and can be removed.
fn look_beside(
    store: &Store,
    repair: bool,
    findings: &mut Vec<Finding>,
) -> Result<usize, VerifyError> {
    let mut count = 0;
    for file in kept_files(&store.repodata_dir(), &store.solves_dir())? {
        if file.kind == KeptKind::LeftOver {
            continue;
        }
        count += 1;
        if let Err(fault) = file.check() {
            let removed = repair.then(|| file.remove().map(drop));
            findings.push(Finding::beside(&file, fault, removed));
        }
    }
    for file in memo::files(store)? {
        count += 1;
        if let Err(fault) = memo::check(&file.path) {
            let removed = repair.then(|| file.remove().map(drop));
            findings.push(Finding::beside(&file, fault, removed));
        }
    }
    Ok(count)
}
