//! A lock file as a value: what it was made from and every package for every platform.
//!
//! Holds no credentials and no position in a text. Reading is in `read`, writing in `write`.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use larder_digest::{Hasher, Md5, Sha256};
use rattler_conda_types::Subdir;

use crate::{Closure, ClosureError, LockWriter, LockedPackage, PackageCategories, address};

/// A lock file: the closures of one environment on several platforms (CEP 37).
#[derive(Debug, Clone, PartialEq)]
pub struct LockFile {
    pub(crate) platforms: Vec<Subdir>,
    pub(crate) channels: Vec<LockChannel>,
    pub(crate) sources: Vec<String>,
    pub(crate) inputs: BTreeMap<String, InputDigests>,
    pub(crate) virtual_packages: BTreeMap<Subdir, Vec<String>>,
    pub(crate) custom_metadata: BTreeMap<String, String>,
    /// See [`LockFile::cut_offs`].
    pub(crate) cut_offs: Option<String>,
    /// Sorted as they are written, see `write`.
    pub(crate) packages: Vec<LockEntry>,
    pub(crate) notes: Vec<Note>,
    pub(crate) writer: LockWriter,
}

/// One item of `package`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LockEntry {
    pub(crate) platform: Subdir,
    pub(crate) category: String,
    pub(crate) optional: bool,
    pub(crate) content: Content,
}

/// What an item locks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    Conda(Box<LockedPackage>),
    Pip(Box<PipPackage>),
}

/// A package of PyPI in a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipPackage {
    /// As the lock spells it.
    pub name: String,
    /// PEP 440.
    pub version: String,
    /// Where the wheel or source is, without credentials.
    pub url: String,
    /// The index that named it, if that is known.
    pub index: Option<String>,
    /// Of the wheel or source.
    pub sha256: Option<Sha256>,
    /// Of the wheel or source.
    pub md5: Option<Md5>,
    /// Name and PEP 440 specifier, in the order of the file.
    pub dependencies: Vec<(String, String)>,
}

/// A channel that a lock was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockChannel {
    /// The base URL without credentials, subdir and trailing slash; a mere name in locks of others.
    pub url: String,
    /// The environment variables that are needed for access.
    pub used_env_vars: Vec<String>,
}

/// Digests of a source file's bytes, `inputs_metadata` of CEP 37.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InputDigests {
    /// MD5 of the file.
    pub md5: Md5,
    /// SHA-256 of the file.
    pub sha256: Sha256,
}

/// What a lock says beside its packages.
#[derive(Debug, Clone, PartialEq)]
pub struct LockHead {
    /// The user's channels in order, not those they relate to (CEP 42).
    pub channels: Vec<LockChannel>,
    /// The manifests, relative to the lock file, with `/`.
    pub sources: Vec<String>,
    /// Digests of the sources, by the paths in `sources`; may be empty.
    pub inputs: BTreeMap<String, InputDigests>,
    /// The category of the packages (CEP 24), `main` by default.
    pub category: String,
    /// Other categories, by platform; one package may have several.
    pub categories: BTreeMap<Subdir, PackageCategories>,
    /// What the solve took for granted on each platform, `name=version=build` each; may be empty.
    pub virtual_packages: BTreeMap<Subdir, Vec<String>>,
}

impl LockChannel {
    /// A channel as the user wrote it, without credentials; variables that stand for them are listed.
    pub fn of(channel: &str) -> Self {
        let clean = address::clean(channel);
        let mut used_env_vars = clean.variables;
        used_env_vars.sort();
        used_env_vars.dedup();
        Self {
            url: clean.url,
            used_env_vars,
        }
    }
}

impl InputDigests {
    /// The digests of a file's contents.
    pub fn of(contents: &[u8]) -> Self {
        let mut hasher = Hasher::sha256();
        hasher.update(contents);
        Self {
            md5: Md5::of(contents),
            sha256: hasher.finish().sha256,
        }
    }
}

impl Default for LockHead {
    fn default() -> Self {
        Self {
            channels: Vec::new(),
            sources: Vec::new(),
            inputs: BTreeMap::new(),
            category: DEFAULT_CATEGORY.to_owned(),
            categories: BTreeMap::new(),
            virtual_packages: BTreeMap::new(),
        }
    }
}

/// The category of a package that names none (CEP 37, `category`).
pub const DEFAULT_CATEGORY: &str = "main";

/// Which categories of a lock are wanted.
///
/// A package is selected by its category alone; `optional` is kept but decides nothing (a package of
/// `main` is always wanted, one of `dev` only if asked for).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// `None` for all of them.
    categories: Option<BTreeSet<String>>,
}

impl Default for Selection {
    /// Only `main`.
    fn default() -> Self {
        Self::categories([DEFAULT_CATEGORY])
    }
}

impl Selection {
    /// Exactly these categories: `main` is not implied.
    pub fn categories<S: Into<String>>(categories: impl IntoIterator<Item = S>) -> Self {
        Self {
            categories: Some(categories.into_iter().map(Into::into).collect()),
        }
    }

    /// Every category that the lock has.
    pub fn all() -> Self {
        Self { categories: None }
    }

    /// Whether packages of `category` are wanted.
    pub fn contains(&self, category: &str) -> bool {
        self.categories
            .as_ref()
            .is_none_or(|categories| categories.contains(category))
    }
}

/// Something in a lock that departs from CEP 37 without changing what it means.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {text}")]
pub struct Note {
    /// The lock's name as the caller gave it.
    pub file: String,
    /// Counted from 1.
    pub line: u64,
    /// What was found and how it is understood.
    pub text: String,
}

impl LockFile {
    /// The platforms that the lock is for, sorted if larder wrote it.
    pub fn platforms(&self) -> &[Subdir] {
        &self.platforms
    }

    /// The user's channels, in order.
    pub fn channels(&self) -> &[LockChannel] {
        &self.channels
    }

    /// The manifests that the lock was made from, relative to it.
    pub fn sources(&self) -> &[String] {
        &self.sources
    }

    /// Digests of the sources, as far as the lock has them.
    pub fn inputs(&self) -> &BTreeMap<String, InputDigests> {
        &self.inputs
    }

    /// The virtual packages that the solve for `subdir` took for granted; empty if not recorded.
    pub fn virtual_packages(&self, subdir: Subdir) -> &[String] {
        self.virtual_packages
            .get(&subdir)
            .map_or(&[], Vec::as_slice)
    }

    /// The cut-offs by publication time that held in the solve (`exclude_newer`), as JSON text of whoever wrote the
    /// lock. Never interpreted here.
    pub fn cut_offs(&self) -> Option<&str> {
        self.cut_offs.as_deref()
    }

    /// Sets the text of [`LockFile::cut_offs`].
    pub fn set_cut_offs(&mut self, text: Option<String>) {
        self.cut_offs = text;
    }

    /// Which program wrote the lock, and whether it is still as it was written.
    pub fn writer(&self) -> LockWriter {
        self.writer
    }

    /// Where the lock departs from CEP 37 without harm.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// All categories, sorted.
    pub fn categories(&self) -> BTreeSet<&str> {
        self.packages
            .iter()
            .map(|entry| entry.category.as_str())
            .collect()
    }

    /// The selected conda packages for `subdir`. Those of pip are in [`LockFile::pip_packages`].
    ///
    /// # Errors
    /// [`ClosureError`] if the lock is not for `subdir`, or if two selected categories have one
    /// package in two versions.
    pub fn closure(&self, subdir: Subdir, selection: &Selection) -> Result<Closure, ClosureError> {
        if !self.platforms.contains(&subdir) {
            return Err(ClosureError::NotLocked {
                subdir,
                available: self.platforms.clone(),
            });
        }
        let mut packages: Vec<LockedPackage> = Vec::new();
        let mut seen = HashSet::new();
        for entry in self.entries(subdir, selection) {
            if let Content::Conda(package) = &entry.content
                && seen.insert(package.record.url.as_str())
            {
                packages.push(LockedPackage::clone(package));
            }
        }
        Closure::new(subdir, packages).map_err(|source| ClosureError::Contradiction { source })
    }

    /// Every conda package of every platform and category, in the order of the file.
    pub fn conda_packages(&self) -> impl Iterator<Item = &LockedPackage> {
        self.packages
            .iter()
            .filter_map(|entry| match &entry.content {
                Content::Conda(package) => Some(&**package),
                Content::Pip(_) => None,
            })
    }

    /// The selected pip packages for `subdir`, sorted by name.
    pub fn pip_packages(&self, subdir: Subdir, selection: &Selection) -> Vec<&PipPackage> {
        self.entries(subdir, selection)
            .filter_map(|entry| match &entry.content {
                Content::Pip(package) => Some(&**package),
                Content::Conda(_) => None,
            })
            .collect()
    }

    fn entries<'a, 's>(
        &'a self,
        subdir: Subdir,
        selection: &'s Selection,
    ) -> impl Iterator<Item = &'a LockEntry> + use<'a, 's> {
        self.packages
            .iter()
            .filter(move |entry| entry.platform == subdir && selection.contains(&entry.category))
    }
}

impl LockEntry {
    pub(crate) fn name(&self) -> &str {
        match &self.content {
            Content::Conda(package) => package.name(),
            Content::Pip(package) => &package.name,
        }
    }

    pub(crate) fn manager(&self) -> &'static str {
        match &self.content {
            Content::Conda(_) => "conda",
            Content::Pip(_) => "pip",
        }
    }
}
