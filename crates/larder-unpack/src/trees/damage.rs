//! Comparing a tree with what it has to be.

use std::{
    fs::{self, File},
    io::{self, Read as _},
};

use larder_digest::{Hasher, Sha256};
use larder_fs::{PathContext as _, PathError};

use super::Tree;
use crate::{PathEntry, PathKind, RelPath};

/// A path of a tree that is not as it was extracted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// It is gone.
    #[error("`{0}` is missing")]
    Missing(RelPath),
    /// A file is a link now, or the like.
    #[error("`{0}` is no longer the kind of thing that it was")]
    Kind(RelPath),
    /// Another size.
    #[error("`{path}` has {found} bytes, expected {expected}")]
    Size {
        /// Where.
        path: RelPath,
        /// As extracted.
        expected: u64,
        /// Now.
        found: u64,
    },
    /// Other bytes.
    #[error("`{path}` has sha256:{found}, expected sha256:{expected}")]
    Sha256 {
        /// Where.
        path: RelPath,
        /// As extracted.
        expected: Sha256,
        /// Now.
        found: Sha256,
    },
    /// A link leads elsewhere.
    #[error("`{0}` is a link to something else")]
    Target(RelPath),
}

impl Tree {
    /// Compares every listed path, files by SHA-256. Files that are not listed are never linked, so
    /// they do not matter.
    ///
    /// # Errors
    /// If something cannot be read at all.
    pub fn verify(&self) -> Result<Vec<Damage>, PathError> {
        self.compare(|entry| self.damaged_bytes(entry))
    }

    /// As [`Tree::verify`], but files by size alone.
    ///
    /// # Errors
    /// If something cannot be examined at all.
    pub fn verify_sizes(&self) -> Result<Vec<Damage>, PathError> {
        self.compare(|_| Ok(None))
    }

    fn compare(
        &self,
        damaged_bytes: impl Fn(&PathEntry) -> Result<Option<Damage>, PathError>,
    ) -> Result<Vec<Damage>, PathError> {
        let mut damages = Vec::new();
        for entry in &self.info.paths {
            let damage = match self.damaged_outline(entry)? {
                None if entry.kind == PathKind::File => damaged_bytes(entry)?,
                other => other,
            };
            damages.extend(damage);
        }
        Ok(damages)
    }

    fn damaged_outline(&self, entry: &PathEntry) -> Result<Option<Damage>, PathError> {
        let path = self.root.join(&entry.path);
        let metadata = match fs::symlink_metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if is_absence(&error) => {
                return Ok(Some(Damage::Missing(entry.path.clone())));
            }
            Err(error) => return Err(error).at("read metadata of", &path),
        };
        let same_kind = match entry.kind {
            PathKind::File => metadata.is_file(),
            PathKind::Softlink => metadata.is_symlink(),
            PathKind::Directory => metadata.is_dir(),
        };
        if !same_kind {
            return Ok(Some(Damage::Kind(entry.path.clone())));
        }
        if entry.kind == PathKind::File && metadata.len() != entry.size {
            return Ok(Some(Damage::Size {
                path: entry.path.clone(),
                expected: entry.size,
                found: metadata.len(),
            }));
        }
        if entry.kind == PathKind::Softlink {
            let target = fs::read_link(&path).at("read link", &path)?;
            if Some(target.to_string_lossy().as_ref()) != entry.link_target.as_deref() {
                return Ok(Some(Damage::Target(entry.path.clone())));
            }
        }
        Ok(None)
    }

    fn damaged_bytes(&self, entry: &PathEntry) -> Result<Option<Damage>, PathError> {
        let Some(expected) = entry.sha256 else {
            return Ok(None);
        };
        let path = self.root.join(&entry.path);
        let found = hash_file(&path).at("read file", &path)?;
        Ok((found != expected).then(|| Damage::Sha256 {
            path: entry.path.clone(),
            expected,
            found,
        }))
    }
}

fn hash_file(path: &std::path::Path) -> io::Result<Sha256> {
    let mut file = File::open(path)?;
    let mut hasher = Hasher::sha256();
    let mut buffer = vec![0; 128 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finish().sha256),
            count => hasher.update(&buffer[..count]),
        }
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
