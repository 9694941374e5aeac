//! [`Trees`]: packages extracted on this machine, one directory per archive, named by its digest.
//!
//! ```text
//! <root>/ab/<sha256>/<name-version-build>/   the package, `info/` included
//! <root>/ab/<sha256>/index                   its PackageInfo, and the boot it was made in
//! <root>/tmp/<pid>-<random>/                 one being made, or left by a process that died
//! ```
//! A tree is made in `tmp` and appears by one rename, files and index at once. Trees are derived data:
//! no file is flushed. What a power loss may have eaten is found instead: a tree made in an earlier
//! boot is compared with its digests once, before its first use in this one, and is made again if it
//! differs. (A tree never comes out of a restored cache, so nobody but this user has written to it.)

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use larder_digest::Sha256;
use larder_fs::{PathContext as _, PathError};

use crate::{Archive, Expected, PackageInfo, UnpackError};

mod damage;
mod index_file;
mod writer;

pub use damage::Damage;
use index_file::IndexFile;

/// Where trees are kept and what they are trusted for.
#[derive(Debug)]
pub struct Trees {
    root: PathBuf,
    options: TreesOptions,
}

/// How trees are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TreesOptions {
    /// What tells this boot of the machine from others ([`larder_fs::boot_id`]). Without one the sizes of
    /// a tree's files are compared before each use.
    pub boot_id: Option<String>,
}

/// An extracted package.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    /// The directory that holds the package's files and `info/`; its name is the distribution string.
    pub root: PathBuf,
    /// What to link and how.
    pub info: PackageInfo,
}

const MAX_ROUNDS: u32 = 8;

impl Trees {
    /// Opens the directory of trees, making it if need be.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn open(root: &Path, options: TreesOptions) -> Result<Self, PathError> {
        let temporary = root.join("tmp");
        fs::create_dir_all(&temporary).at("create directory", &temporary)?;
        Ok(Self {
            root: root.to_owned(),
            options,
        })
    }

    /// The tree of an archive, if there is one and it is whole. A tree that is damaged, or was written by
    /// another version of larder, counts as none: [`Trees::create`] replaces it.
    ///
    /// # Errors
    /// If the file system fails.
    pub fn get(&self, sha256: &Sha256) -> Result<Option<Tree>, PathError> {
        let directory = self.directory(sha256);
        let Some(index) = IndexFile::read(&directory)? else {
            return Ok(None);
        };
        let tree = Tree {
            root: directory.join(&index.dist),
            info: index.info,
        };
        if !tree.root.is_dir() {
            return Ok(None);
        }
        if index.boot_id.is_some() && index.boot_id == self.options.boot_id {
            return Ok(Some(tree));
        }
        if index.settled {
            return Ok(Some(tree));
        }
        self.settle(tree, &directory)
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
            settled: false,
            info,
        };
        index.write(&new).map_err(write_error)?;
        let other = self.publish(&new, sha256).map_err(write_error)?;
        Ok(other.unwrap_or_else(|| Tree {
            root: self.directory(sha256).join(index.dist),
            info: index.info,
        }))
    }

    /// Where below `root` the tree of an archive is, or would be: [`Tree::root`].
    pub fn place(root: &Path, sha256: &Sha256, expected: &Expected) -> PathBuf {
        directory_of(root, sha256).join(expected.dist())
    }

    fn directory(&self, sha256: &Sha256) -> PathBuf {
        directory_of(&self.root, sha256)
    }

    /// Removed with what is in it when it is dropped; what has been renamed out of it stays.
    fn temporary(&self) -> Result<tempfile::TempDir, PathError> {
        let parent = self.root.join("tmp");
        tempfile::Builder::new()
            .prefix(&format!("{}-", std::process::id()))
            .tempdir_in(&parent)
            .at("create a temporary directory in", &parent)
    }

    /// Renames a finished tree into place; gives the other tree if somebody else was first.
    fn publish(&self, finished: &Path, sha256: &Sha256) -> Result<Option<Tree>, PathError> {
        let place = self.directory(sha256);
        let shard = place.parent().unwrap_or(&self.root);
        fs::create_dir_all(shard).at("create directory", shard)?;
        let mut rounds = 0;
        loop {
            match larder_fs::rename_noreplace(finished, &place) {
                Ok(()) => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    if let Some(tree) = self.get(sha256)? {
                        return Ok(Some(tree));
                    }
                    rounds += 1;
                    if rounds == MAX_ROUNDS {
                        return Err(error);
                    }
                    self.discard(&place)?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Moves what is in a tree's place out of the way, then removes it.
    fn discard(&self, place: &Path) -> Result<(), PathError> {
        let temporary = self.temporary()?;
        let grave = temporary.path().join("old");
        match larder_fs::rename_noreplace(place, &grave) {
            Ok(()) => larder_fs::remove_tree(&grave),
            // Somebody else did the same.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Decides about a tree from an earlier boot, and remembers the decision.
    fn settle(&self, tree: Tree, directory: &Path) -> Result<Option<Tree>, PathError> {
        let damaged = if self.options.boot_id.is_some() {
            tree.verify()?
        } else {
            tree.verify_sizes()?
        };
        if let Some(damage) = damaged.first() {
            tracing::debug!(tree = %tree.root.display(), %damage, "tree is damaged, will be made again");
            return Ok(None);
        }
        if self.options.boot_id.is_some() {
            let index = IndexFile {
                dist: dist_of(&tree.root),
                boot_id: self.options.boot_id.clone(),
                settled: true,
                info: tree.info,
            };
            // A tree that may only be read is as good; it is compared again in the next run.
            if let Err(error) = index.write(directory) {
                tracing::debug!(%error, "tree cannot be marked as compared");
            }
            return Ok(Some(Tree {
                root: tree.root,
                info: index.info,
            }));
        }
        Ok(Some(tree))
    }
}

fn directory_of(root: &Path, sha256: &Sha256) -> PathBuf {
    let name = sha256.to_hex();
    root.join(&name[..2]).join(name)
}

fn dist_of(root: &Path) -> String {
    root.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}
