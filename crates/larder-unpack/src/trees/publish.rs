//! How a finished tree gets its name, whatever is there and whoever does the same.

use std::{io, path::Path};

use larder_digest::Sha256;
use larder_fs::{PathContext as _, PathError, RootedDir};

use super::{Tree, Trees};

/// What becomes of something that has the name already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occupied {
    /// It stays if it is a whole tree.
    Keep,
    /// It goes.
    Replace,
}

const MAX_ROUNDS: u32 = 8;

impl Trees {
    /// Renames a finished tree into place; gives the tree that is there if that one stays.
    pub(super) fn publish(
        &self,
        finished: &Path,
        sha256: &Sha256,
        occupied: Occupied,
    ) -> Result<Option<Tree>, PathError> {
        let place = self.directory(sha256);
        let shard = place.parent().unwrap_or(&self.root);
        let directory = RootedDir::new(&self.root);
        directory.ensure_dir(shard)?;
        let mut rounds = 0;
        loop {
            match directory.rename_noreplace(finished, &place) {
                Ok(()) => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    if occupied == Occupied::Keep
                        && let Some(tree) = self.whole(sha256)?
                    {
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

    fn whole(&self, sha256: &Sha256) -> Result<Option<Tree>, PathError> {
        let Some(tree) = self.get(sha256)? else {
            return Ok(None);
        };
        Ok(tree.check()?.damages.is_empty().then_some(tree))
    }

    /// Moves what is in a tree's place out of the way, then removes it. Whoever is linking from it
    /// finds files missing, and makes the tree again. Gives whether there was something.
    pub(super) fn discard(&self, place: &Path) -> Result<bool, PathError> {
        let temporary = self.temporary()?;
        let grave = temporary.path().join("old");
        let directory = RootedDir::new(&self.root);
        match directory.rename_noreplace(place, &grave) {
            Ok(()) => directory.remove_tree(&grave).map(|()| true),
            // Somebody else did the same.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removed with what is in it when it is dropped; what has been renamed out of it stays.
    pub(super) fn temporary(&self) -> Result<tempfile::TempDir, PathError> {
        let parent = self.root.join("tmp");
        tempfile::Builder::new()
            .prefix(&format!("{}-", std::process::id()))
            .tempdir_in(&parent)
            .at("create a temporary directory in", &parent)
    }
}
