//! All trees at once: which there are, which are damaged, which nobody needs.
//!
//! Nothing here waits for anybody: a tree that is removed while another process links from it is made
//! again by that process.

use std::{
    collections::HashSet,
    fs, io,
    path::Path,
    time::{Duration, SystemTime},
};

use larder_digest::Sha256;
use larder_fs::{PathError, RootedDir};

use super::{Checkup, Damage, Found, IndexFile, Trees};

/// A tree, by what its place in the directory of trees and its index say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedTree {
    /// Of the archive.
    pub sha256: Sha256,
    /// `name-version-build`; none if the index cannot be read.
    pub dist: Option<String>,
    /// How many bytes its files have, those below `info/` left out.
    pub size: u64,
    /// When an environment was last made from it, to the day; its making counts.
    pub last_used: SystemTime,
}

/// Uses are noted at most this often.
const USE_GRAIN: Duration = Duration::from_secs(24 * 60 * 60);

impl Trees {
    /// Every tree, damaged ones too, sorted by digest.
    ///
    /// # Errors
    /// If a directory cannot be read.
    pub fn list(&self) -> Result<Vec<ListedTree>, PathError> {
        let mut trees = Vec::new();
        let directory = RootedDir::new(&self.root);
        for shard in directory.list(&self.root)? {
            let is_shard = |name: &str| name.len() == 2;
            if !shard
                .file_name()
                .and_then(|name| name.to_str())
                .is_some_and(is_shard)
            {
                continue;
            }
            for place in directory.list(&shard)? {
                trees.extend(listed(&directory, &place)?);
            }
        }
        trees.sort_by_key(|tree| tree.sha256.to_hex());
        Ok(trees)
    }

    /// Compares every file of a tree with its digest. None if there is no tree, or one of another version
    /// of larder.
    ///
    /// # Errors
    /// If the file system fails.
    pub fn verify(&self, sha256: &Sha256) -> Result<Option<Checkup>, PathError> {
        let directory = self.directory(sha256);
        let broken = |damage| Checkup {
            damages: vec![damage],
            touched: Vec::new(),
        };
        match IndexFile::read(&directory)? {
            Found::Whole(index) => {
                let tree = index.into_tree(&directory);
                if super::is_real_dir(&tree.root) {
                    tree.verify().map(Some)
                } else {
                    Ok(Some(broken(Damage::Files)))
                }
            }
            Found::Damaged if directory.symlink_metadata().is_ok() => {
                Ok(Some(broken(Damage::Index)))
            }
            Found::Damaged | Found::Foreign => Ok(None),
        }
    }

    /// Removes the tree of an archive, if there is one. Gives whether there was.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn remove(&self, sha256: &Sha256) -> Result<bool, PathError> {
        self.discard(&self.directory(sha256))
    }

    /// The trees that are not in `keep` and that nobody has used for `unused_for` before `now`.
    ///
    /// # Errors
    /// If a directory cannot be read.
    pub fn unneeded(
        &self,
        keep: &HashSet<Sha256>,
        unused_for: Duration,
        now: SystemTime,
    ) -> Result<Vec<ListedTree>, PathError> {
        let is_old = |tree: &ListedTree| {
            now.duration_since(tree.last_used)
                .is_ok_and(|age| age >= unused_for)
        };
        let mut trees = self.list()?;
        trees.retain(|tree| !keep.contains(&tree.sha256) && is_old(tree));
        Ok(trees)
    }

    /// Removes what [`Trees::unneeded`] gives, and gives what was removed.
    ///
    /// # Errors
    /// If a directory cannot be read or a tree not removed.
    pub fn collect(
        &self,
        keep: &HashSet<Sha256>,
        unused_for: Duration,
        now: SystemTime,
    ) -> Result<Vec<ListedTree>, PathError> {
        let mut removed = Vec::new();
        for tree in self.unneeded(keep, unused_for, now)? {
            if self.remove(&tree.sha256)? {
                removed.push(tree);
            }
        }
        Ok(removed)
    }

    /// Removes what processes that died have left: what nobody has added to for `older_than` before
    /// `now`. Give more than unpacking the largest package can take. Gives how many were removed.
    ///
    /// # Errors
    /// If the directory cannot be read or something not removed.
    pub fn sweep_abandoned(
        &self,
        older_than: Duration,
        now: SystemTime,
    ) -> Result<usize, PathError> {
        let mut count = 0;
        let directory = RootedDir::new(&self.root);
        for path in directory.list(&self.root.join("tmp"))? {
            let is_old = directory.status(&path).is_ok_and(|left| {
                now.duration_since(left.modified)
                    .is_ok_and(|age| age >= older_than)
            });
            if is_old {
                directory.remove_tree(&path)?;
                count += 1;
            }
        }
        Ok(count)
    }

    /// Remembers a use, if the last one that is remembered was some time ago. That it cannot be is no
    /// trouble: a tree is only kept for less long.
    pub(super) fn note_use(&self, directory: &Path) {
        let Some(now) = self.options.now else { return };
        let index = directory.join(IndexFile::NAME);
        let is_recent = |time| now.duration_since(time).is_ok_and(|age| age < USE_GRAIN);
        let modified = fs::metadata(&index).and_then(|metadata| metadata.modified());
        if modified.is_ok_and(is_recent) {
            return;
        }
        let noted = fs::File::options()
            .append(true)
            .open(&index)
            .and_then(|file| file.set_modified(now));
        if let Err(error) = noted {
            tracing::debug!(%error, index = %index.display(), "use of a tree is not noted");
        }
    }
}

fn listed(directory: &RootedDir, place: &Path) -> Result<Option<ListedTree>, PathError> {
    let name = place.file_name().and_then(|name| name.to_str());
    let Some(sha256) = name.and_then(|name| name.parse().ok()) else {
        return Ok(None);
    };
    let Some(last_used) = last_use(directory, place)? else {
        return Ok(None);
    };
    let index = match IndexFile::read(place)? {
        Found::Whole(index) => Some(index),
        Found::Foreign | Found::Damaged => None,
    };
    let size = |index: &IndexFile| {
        let sizes = index.info.paths.iter().map(|entry| entry.size);
        // A forged index may state any size.
        sizes.fold(0, u64::saturating_add)
    };
    Ok(Some(ListedTree {
        sha256,
        size: index.as_deref().map_or(0, size),
        dist: index.map(|index| index.dist),
        last_used,
    }))
}

/// The time of a tree's index or, without one, of its directory.
fn last_use(directory: &RootedDir, place: &Path) -> Result<Option<SystemTime>, PathError> {
    let index = directory.status(&place.join(IndexFile::NAME));
    match index.or_else(|_| directory.status(place)) {
        Ok(status) => Ok(Some(status.modified)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
