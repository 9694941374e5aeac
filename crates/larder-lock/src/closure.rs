//! The exact records of one environment on one subdir: what a solve gives and a lock keeps.

use larder_digest::{Checksum, Md5, Sha256};
use rattler_conda_types::{RepoDataRecord, Subdir};

/// The exact records of one environment on one subdir.
///
/// Invariants, kept by [`Closure::new`]: sorted by package name, one record per name.
#[derive(Debug, Clone, PartialEq)]
pub struct Closure {
    subdir: Subdir,
    packages: Vec<LockedPackage>,
}

/// One package of a closure.
#[derive(Debug, Clone, PartialEq)]
pub struct LockedPackage {
    /// The record as the channel's index or the lock has it. Its URL and channel carry no credentials.
    pub record: RepoDataRecord,
    /// How much of `record` is known.
    pub completeness: Completeness,
    /// The MatchSpecs, as the user wrote them, that asked for this package by name; empty for a mere
    /// dependency (CEP 32, `requested_specs`).
    pub requested_specs: Vec<String>,
}

/// How much of a record is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness {
    /// Everything that the channel's index says.
    Full,
    /// Only what CEP 37 has a key for (name, version, build, depends, url, hashes): the rest is
    /// taken from `info/index.json` of the archive.
    Partial,
    /// Only what the file name in the URL says (name, version, build, subdir), and the hash if there
    /// is one: what it depends on is not known before `info/index.json` of the archive is read. From
    /// an `@EXPLICIT` list (CEP 23).
    Bare,
}

/// Two records of one name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} occurs twice for {subdir}: {first} and {second}")]
pub struct DuplicatePackage {
    /// The package name.
    pub name: String,
    /// The subdir that is locked.
    pub subdir: Subdir,
    /// `name-version-build` of the one.
    pub first: String,
    /// `name-version-build` of the other.
    pub second: String,
}

impl Closure {
    /// Sorts `packages` by name.
    ///
    /// # Errors
    /// [`DuplicatePackage`] if a name occurs twice.
    pub fn new(subdir: Subdir, mut packages: Vec<LockedPackage>) -> Result<Self, DuplicatePackage> {
        packages.sort_by(|a, b| a.name().cmp(b.name()));
        for pair in packages.windows(2) {
            if pair[0].name() == pair[1].name() {
                return Err(DuplicatePackage {
                    name: pair[0].name().to_owned(),
                    subdir,
                    first: pair[0].dist(),
                    second: pair[1].dist(),
                });
            }
        }
        Ok(Self { subdir, packages })
    }

    /// The subdir that the environment is for.
    pub fn subdir(&self) -> Subdir {
        self.subdir
    }

    /// All packages, sorted by name.
    pub fn packages(&self) -> &[LockedPackage] {
        &self.packages
    }

    /// The package of this (normalized) name.
    pub fn get(&self, name: &str) -> Option<&LockedPackage> {
        self.packages.get(self.position(name)?)
    }

    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.packages
            .binary_search_by(|package| package.name().cmp(name))
            .ok()
    }
}

impl LockedPackage {
    /// The normalized package name.
    pub fn name(&self) -> &str {
        self.record.package_record.name.as_normalized()
    }

    /// The distribution string without subdir, `name-version-build` (CEP 26): how events and errors
    /// name a package.
    pub fn dist(&self) -> String {
        let record = &self.record.package_record;
        format!(
            "{}-{}-{}",
            record.name.as_normalized(),
            record.version,
            record.build
        )
    }

    /// SHA-256 of the archive, if the record has it.
    pub fn sha256(&self) -> Option<Sha256> {
        self.record
            .package_record
            .sha256
            .and_then(|digest| Sha256::from_slice(&digest).ok())
    }

    /// MD5 of the archive, if the record has it.
    pub fn md5(&self) -> Option<Md5> {
        self.record
            .package_record
            .md5
            .and_then(|digest| Md5::from_slice(&digest).ok())
    }

    /// What to hold the archive against.
    pub fn checksum(&self) -> Option<Checksum> {
        Checksum::strongest(self.sha256(), self.md5())
    }
}
