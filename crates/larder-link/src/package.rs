//! One package to link, and which of its two descriptions (record, archive) is believed.

use std::path::Path;

use larder_digest::Sha256;
use larder_event::Reporter;
use larder_fs::Stamp;
use larder_lock::{Completeness, LockedPackage};
use larder_unpack::{Expected, PackageInfo};
use rattler_conda_types::{PackageRecord, package::IndexJson};

/// A package to link: what the closure says of it and where its tree is.
#[derive(Debug, Clone, Copy)]
pub struct LinkPackage<'a> {
    /// The record, from the channel's index or a lock.
    pub locked: &'a LockedPackage,
    /// The tree: the directory that holds the extracted package.
    pub tree_root: &'a Path,
    /// Where the tree is, or would be if it outlived the run: becomes `extracted_package_dir`, which
    /// conda wants even of an environment that has no tree.
    pub recorded_root: &'a Path,
    /// What the archive says of itself.
    pub info: &'a PackageInfo,
    /// For each of `info.paths`, the stamp of its file in the tree ([`larder_unpack::Tree::stamps`]): a
    /// file that has another one is read before it is linked. Empty checks nothing.
    pub stamps: &'a [Option<Stamp>],
    /// The archive in the store. Becomes `package_tarball_full_path`.
    pub archive_path: &'a Path,
}

/// Warns of an archive whose `info/index.json` is that of another package than its record, which counts ([`Expected`]).
pub fn warn_of_other_package(
    package: &LockedPackage,
    expected: &Expected,
    index: &IndexJson,
    reporter: &dyn Reporter,
) {
    if let Err(problem) = expected.check(index) {
        let package = package.dist();
        let text = format!(
            "the archive of {package} is of another package: {problem}; it has the digest that is recorded for {package}, so it is installed as that"
        );
        reporter.warn("package::other", text);
    }
}

impl<'a> LinkPackage<'a> {
    /// The normalized package name.
    pub fn name(&self) -> &'a str {
        self.locked.name()
    }

    /// `name-version-build`.
    pub fn dist(&self) -> String {
        self.locked.dist()
    }

    /// Of the archive. Where the record has only an MD5, the store knows: it names archives by it.
    pub(crate) fn sha256(&self) -> Option<Sha256> {
        let known = self.record().sha256.as_ref();
        known.map_or_else(
            || self.archive_path.file_stem()?.to_str()?.parse().ok(),
            |digest| Sha256::from_slice(digest.as_slice()).ok(),
        )
    }

    pub(crate) fn record(&self) -> &'a PackageRecord {
        &self.locked.record.package_record
    }

    /// CEP 23: a list of URLs does not say what its packages depend on, so the archive does.
    pub(crate) fn depends(&self) -> &'a [String] {
        if self.is_bare() {
            &self.info.index.depends
        } else {
            &self.record().depends
        }
    }

    /// Whether the record leaves out what CEP 37 has no key for, so that the archive has the word.
    pub(crate) fn is_partial(&self) -> bool {
        self.locked.completeness != Completeness::Full
    }

    /// Whether the record is only what the package's URL says.
    pub(crate) fn is_bare(&self) -> bool {
        self.locked.completeness == Completeness::Bare
    }

    /// CEP 20: by `noarch`, whatever the subdir; `abi3` packages are noarch in a platform's subdir.
    pub(crate) fn is_noarch_python(&self) -> bool {
        if self.is_partial() {
            self.info.index.noarch.is_python()
        } else {
            self.record().noarch.is_python()
        }
    }

    pub(crate) fn build_number(&self) -> u64 {
        if self.is_partial() {
            self.info.index.build_number
        } else {
            self.record().build_number
        }
    }

    /// CEP 17: the channel's index wins over the archive, because it can be mended.
    pub(crate) fn site_packages_path(&self) -> Option<&'a str> {
        let record = self.record().python_site_packages_path.as_deref();
        if self.is_partial() {
            record.or(self.info.index.python_site_packages_path.as_deref())
        } else {
            record
        }
    }
}
