//! [`Trees`]: packages extracted on this machine, one directory per archive, named by its digest.
//!
//! ```text
//! <root>/ab/<sha256>/<name-version-build>/   the package, `info/` included
//! <root>/ab/<sha256>/index                   its PackageInfo, the stamps of its files, and a boot
//! <root>/ab/<sha256>/flushed-<inode>         whoever linked it has flushed it ([`larder_fs::FlushedMark`])
//! <root>/tmp/<pid>-<random>/                 one being made, or left by a process that died
//! ```
//! A tree is made in `tmp` and appears by one rename, files and index at once; one that is made again
//! takes its place. Trees are derived data: no file is flushed. They are shared with environments
//! through hard links, so anybody may write to them by accident. Two checks find that and what a power
//! loss has eaten: whoever uses a file compares its stamp first ([`examine`]), and the first use in each
//! boot of the machine compares all bytes with their digests ([`Trees::settle`]).

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use larder_digest::Sha256;
use larder_fs::{FlushedMark, PathContext as _, PathError, RootedDir, Stamp};

use crate::{Archive, Expected, PackageInfo, UnpackError};

mod damage;
mod examine;
mod index_file;
mod paths_codec;
mod publish;
mod upkeep;
mod writer;

pub use damage::Damage;
pub use examine::{Checkup, Condition, examine, unusable};
use index_file::{Found, IndexFile};
use publish::Occupied;
pub use upkeep::ListedTree;

/// Where trees are kept and what they are trusted for.
#[derive(Debug)]
pub struct Trees {
    root: PathBuf,
    options: TreesOptions,
}

/// How trees are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TreesOptions {
    /// What tells this boot of the machine from others ([`larder_fs::boot_id`]). Without one, trees are
    /// never compared as a whole unasked.
    pub boot_id: Option<String>,
    /// The time, to remember when a tree was last used; none remembers nothing.
    pub now: Option<SystemTime>,
}

/// An extracted package.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    /// The directory that holds the package's files and `info/`; its name is the distribution string.
    pub root: PathBuf,
    /// What to link and how.
    pub info: PackageInfo,
    /// For each of `info.paths`, what the file system showed of the file when it was right; none for
    /// links and directories.
    pub stamps: Vec<Option<Stamp>>,
}

/// What is there for an archive.
#[derive(Debug, Clone, PartialEq)]
pub enum Lookup {
    /// No tree, or one of another version of larder.
    Absent,
    /// Something that cannot be used.
    Damaged(Damage),
    /// A tree of another boot: [`Trees::settle`] decides.
    Unsettled(Box<Tree>),
    /// A tree. Its files are to be examined as they are used.
    Settled(Box<Tree>),
}

impl Trees {
    /// Opens the directory of trees, making it if need be.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn open(root: &Path, options: TreesOptions) -> Result<Self, PathError> {
        fs::create_dir_all(root).at("create directory", root)?;
        // Below the root no link is followed: what is in the way of a directory is moved aside.
        RootedDir::new(root).ensure_dir(&root.join("tmp"))?;
        Ok(Self {
            root: root.to_owned(),
            options,
        })
    }

    /// Where they are.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Looks for the tree of an archive, by its index alone.
    ///
    /// # Errors
    /// If the file system fails.
    pub fn look(&self, sha256: &Sha256) -> Result<Lookup, PathError> {
        let directory = self.directory(sha256);
        let index = match IndexFile::read(&directory)? {
            Found::Whole(index) => index,
            Found::Foreign => return Ok(Lookup::Absent),
            Found::Damaged if directory.symlink_metadata().is_err() => return Ok(Lookup::Absent),
            Found::Damaged => return Ok(Lookup::Damaged(Damage::Index)),
        };
        let is_settled = self.options.boot_id.is_none() || index.boot_id == self.options.boot_id;
        let tree = Box::new(index.into_tree(&directory));
        if !is_real_dir(&tree.root) {
            return Ok(Lookup::Damaged(Damage::Files));
        }
        if is_settled {
            self.note_use(&directory);
            Ok(Lookup::Settled(tree))
        } else {
            Ok(Lookup::Unsettled(tree))
        }
    }

    /// Compares a tree of another boot with its digests, and remembers that it was right.
    ///
    /// # Errors
    /// If the file system fails.
    pub fn settle(&self, sha256: &Sha256, mut tree: Tree) -> Result<Lookup, PathError> {
        let checkup = tree.verify()?;
        if let Some(damage) = checkup.damages.into_iter().next() {
            return Ok(Lookup::Damaged(damage));
        }
        tree.take(&checkup.touched);
        self.write_index(sha256, &tree);
        Ok(Lookup::Settled(Box::new(tree)))
    }

    /// The tree of an archive, if there is one and it is whole as far as [`Trees::look`] and
    /// [`Trees::settle`] tell.
    ///
    /// # Errors
    /// If the file system fails.
    pub fn get(&self, sha256: &Sha256) -> Result<Option<Tree>, PathError> {
        let lookup = match self.look(sha256)? {
            Lookup::Unsettled(tree) => self.settle(sha256, *tree)?,
            other => other,
        };
        Ok(match lookup {
            Lookup::Settled(tree) => Some(*tree),
            _ => None,
        })
    }

    /// Extracts an archive, unless a whole tree is there by then. Two creators of one tree both
    /// succeed, with the same tree.
    ///
    /// `record_json` becomes `info/repodata_record.json` (CEP 32).
    ///
    /// # Errors
    /// [`UnpackError`]; nothing is left behind.
    pub fn create(
        &self,
        sha256: &Sha256,
        archive: Archive,
        expected: &Expected,
        record_json: Option<String>,
    ) -> Result<Tree, UnpackError> {
        self.make(sha256, archive, expected, (record_json, Occupied::Keep))
    }

    /// Extracts an archive and puts the tree in place of the one that is there. What environments have
    /// linked from the old one stays as it is, and nothing of it reaches others any more.
    ///
    /// # Errors
    /// [`UnpackError`]; the old tree is there as it was, if nothing was made.
    pub fn remake(
        &self,
        sha256: &Sha256,
        archive: Archive,
        expected: &Expected,
        record_json: Option<String>,
    ) -> Result<Tree, UnpackError> {
        self.make(sha256, archive, expected, (record_json, Occupied::Replace))
    }

    fn make(
        &self,
        sha256: &Sha256,
        archive: Archive,
        expected: &Expected,
        (record_json, occupied): (Option<String>, Occupied),
    ) -> Result<Tree, UnpackError> {
        let package = archive.label().to_owned();
        let write_error = |source| UnpackError::Write {
            package: package.clone(),
            entry: ".".into(),
            source,
        };
        let temporary = self.temporary().map_err(write_error)?;
        let (new, dist) = (temporary.path().join("new"), expected.dist());
        let files = new.join(&dist);
        fs::create_dir_all(&files)
            .at("create directory", &files)
            .map_err(write_error)?;
        let info = writer::write_tree(archive, &files, expected, record_json.as_deref())?;
        let index = IndexFile {
            dist,
            boot_id: self.options.boot_id.clone(),
            stamps: examine::stamps(&files, &info.paths).map_err(write_error)?,
            info,
        };
        index.write(&new).map_err(write_error)?;
        let other = self.publish(&new, sha256, occupied).map_err(write_error)?;
        Ok(other.unwrap_or_else(|| index.into_tree(&self.directory(sha256))))
    }

    /// Notes the stamps of files that somebody touched without changing their bytes, so that they need
    /// not be read again in each run. Whatever else is there stays as it is.
    ///
    /// # Errors
    /// If the file system fails.
    pub fn restamp(&self, sha256: &Sha256) -> Result<(), PathError> {
        let (Lookup::Settled(mut tree) | Lookup::Unsettled(mut tree)) = self.look(sha256)? else {
            return Ok(());
        };
        let checkup = tree.check()?;
        if checkup.damages.is_empty() && !checkup.touched.is_empty() {
            tree.take(&checkup.touched);
            self.write_index(sha256, &tree);
        }
        Ok(())
    }

    /// Where below `root` the tree of an archive is, or would be: [`Tree::root`].
    pub fn place(root: &Path, sha256: &Sha256, expected: &Expected) -> PathBuf {
        directory_of(root, sha256).join(expected.dist())
    }

    fn directory(&self, sha256: &Sha256) -> PathBuf {
        directory_of(&self.root, sha256)
    }

    /// Replaces the index of a tree that has been found right. One that may only be read is as good; it
    /// is compared again in the next run.
    fn write_index(&self, sha256: &Sha256, tree: &Tree) {
        // Whoever touched its files did not flush them.
        if let Some(Err(error)) = FlushedMark::of(&tree.root).map(|mark| mark.clear()) {
            tracing::debug!(%error, "tree counts as flushed");
        }
        let index = IndexFile {
            dist: tree.dist().into_owned(),
            boot_id: self.options.boot_id.clone(),
            info: tree.info.clone(),
            stamps: tree.stamps.clone(),
        };
        if let Err(error) = index.write(&self.directory(sha256)) {
            tracing::debug!(%error, "tree cannot be marked as compared");
        }
    }
}

/// Whether there is a directory and not a link to one.
fn is_real_dir(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_dir())
}

fn directory_of(root: &Path, sha256: &Sha256) -> PathBuf {
    let name = sha256.to_hex();
    root.join(&name[..2]).join(name)
}

impl Tree {
    /// How many bytes its files have, those below `info/` left out.
    pub fn size(&self) -> u64 {
        self.info.paths.iter().map(|entry| entry.size).sum()
    }

    fn dist(&self) -> std::borrow::Cow<'_, str> {
        self.root.file_name().unwrap_or_default().to_string_lossy()
    }

    fn take(&mut self, touched: &[(usize, Stamp)]) {
        for &(index, stamp) in touched {
            self.stamps[index] = Some(stamp);
        }
    }
}
