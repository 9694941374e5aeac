//! What is in the store and what has to come: cheap, changes nothing, printable.

use larder_digest::Checksum;
use larder_lock::{Closure, LockedPackage};
use larder_store::{Object, ObjectKind, Store};
use rattler_conda_types::package::{CondaArchiveType, DistArchiveType};
use url::Url;

use crate::{FetchError, MirrorMap};

/// What a fetch will do.
#[derive(Debug, Clone)]
pub struct FetchPlan {
    /// In the store, by package name.
    pub present: Vec<PresentPackage>,
    /// To be fetched: the largest first, those of unknown size before them, then by name.
    pub missing: Vec<MissingPackage>,
}

/// A package whose archive is in the store.
#[derive(Debug, Clone)]
pub struct PresentPackage {
    /// The normalized name.
    pub name: String,
    /// `name-version-build`.
    pub package: String,
    /// The archive.
    pub object: Object,
}

/// A package whose archive is not in the store, or whose record has no digest to look for.
#[derive(Debug, Clone)]
pub struct MissingPackage {
    /// The normalized name.
    pub name: String,
    /// `name-version-build`.
    pub package: String,
    /// What kind of archive.
    pub kind: ObjectKind,
    /// Where to ask, in order; empty where only [another place](crate::Elsewhere) is asked. Print with [`redact`](crate::redact).
    pub urls: Vec<Url>,
    /// The size of the archive in bytes, if the record says it.
    pub size: Option<u64>,
    /// What the bytes must have; without one they are taken as they come, with a warning.
    pub checksum: Option<Checksum>,
}

impl FetchPlan {
    /// How much there is to fetch in bytes, as far as the records say it.
    pub fn bytes(&self) -> u64 {
        self.missing.iter().filter_map(|package| package.size).sum()
    }
}

/// Asks the store for every record of `closure`, by name only: objects are verified when they are read.
///
/// # Errors
/// [`FetchError::Store`] if the store cannot be asked.
pub fn plan(
    closure: &Closure,
    store: &Store,
    mirrors: &MirrorMap,
) -> Result<FetchPlan, FetchError> {
    let mut present = Vec::new();
    let mut missing = Vec::new();
    for package in closure.packages() {
        let wanted = wanted(package, mirrors);
        match stored(&wanted, store)? {
            Some(object) => present.push(PresentPackage {
                name: wanted.name,
                package: wanted.package,
                object,
            }),
            None => missing.push(wanted),
        }
    }
    missing.sort_by(|a, b| {
        let size = |package: &MissingPackage| package.size.unwrap_or(u64::MAX);
        size(b).cmp(&size(a)).then_with(|| a.name.cmp(&b.name))
    });
    Ok(FetchPlan { present, missing })
}

fn stored(wanted: &MissingPackage, store: &Store) -> Result<Option<Object>, FetchError> {
    let Some(checksum) = &wanted.checksum else {
        return Ok(None);
    };
    store
        .find(wanted.kind, checksum)
        .map_err(|source| FetchError::Store {
            package: wanted.package.clone(),
            source,
        })
}

fn wanted(package: &LockedPackage, mirrors: &MirrorMap) -> MissingPackage {
    let record = &package.record;
    let checksum = package.checksum();
    let mut urls = match checksum {
        Some(_) => mirrors.files(&record.identifier.to_string()),
        None => Vec::new(),
    };
    urls.extend(mirrors.urls(&record.url));
    MissingPackage {
        name: package.name().to_owned(),
        package: package.dist(),
        kind: match record.identifier.archive_type {
            DistArchiveType::Conda(CondaArchiveType::Conda) => ObjectKind::Conda,
            DistArchiveType::Conda(CondaArchiveType::TarBz2) => ObjectKind::TarBz2,
            DistArchiveType::Wheel(_) => ObjectKind::Wheel,
        },
        urls,
        size: record.package_record.size,
        checksum,
    }
}
