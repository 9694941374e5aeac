//! [`Bytecodes`]: bytecode kept on this machine, one directory for each package and Python.
//!
//! ```text
//! <root>/ab/<package>-<python>/files/...        pyc files, at their paths in the package
//! <root>/ab/<package>-<python>/index            list of the files, with digests and stamps
//! <root>/ab/<package>-<python>/flushed-<inode>  mark: the files have been flushed to the disk
//! <root>/tmp/<pid>-<random>/                    being compiled, or left by a killed process
//! ```
//! A directory is prepared in `tmp` and published by one rename. As with trees, nothing is flushed: each file is compared
//! with its stamp at each use, and with its digest once after a reboot; damaged bytecode is compiled again. The directory
//! is next to the trees and never part of a CI cache.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use larder_digest::Sha256;
use larder_event::Reporter;
use larder_fs::{Dir, FlushedMark, PathContext as _, PathError, RootedDir, Stamp};
use larder_unpack::RelPath;

use crate::{
    BytecodeBundles, BytecodeKey,
    draft::{BytecodeDraft, FILES, FinishedBytecode},
    index_file::{BytecodeIndex, sha256},
    key::{is_valid_cache_tag, pyc_path},
};

/// The bytecode kept on this machine.
#[derive(Debug)]
pub struct Bytecodes {
    pub(crate) root: PathBuf,
    pub(crate) options: BytecodesOptions,
}

/// Options of [`Bytecodes`].
#[derive(Debug, Clone, Default)]
pub struct BytecodesOptions {
    /// Id of the current boot of the machine ([`larder_fs::boot_id`]).
    pub boot_id: Option<String>,
    /// Sealed bytecode in a CI cache. Read if there is none on this machine, written after compiling.
    pub bundles: Option<BytecodeBundles>,
}

/// The bytecode of one package for one Python.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bytecode {
    /// Directory of the pyc files, each at its path in the package.
    pub root: PathBuf,
    /// One pyc file for each source that compiles.
    pub files: Vec<PycFile>,
    /// Sources that do not compile with this Python.
    pub skipped: Vec<RelPath>,
    tag: String,
}

/// The bytecode of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PycFile {
    /// Path of the source in the package.
    pub source: RelPath,
    /// Digest of the bytecode.
    pub sha256: Sha256,
    pub(crate) stamp: Stamp,
}

impl PycFile {
    /// Size of the bytecode in bytes.
    pub fn size(&self) -> u64 {
        self.stamp.size
    }
}

const MAX_ROUNDS: u32 = 8;

impl Bytecodes {
    /// Opens the directory; creates it if it is missing.
    ///
    /// # Errors
    /// If it cannot be created.
    pub fn open(root: &Path, options: BytecodesOptions) -> Result<Self, PathError> {
        fs::create_dir_all(root).at("create directory", root)?;
        RootedDir::new(root).ensure_dir(&root.join("tmp"))?;
        Ok(Self {
            root: root.to_owned(),
            options,
        })
    }

    /// Looks up the bytecode for `key`, on this machine and then in a bundle. Damaged bytecode counts as absent; a bundle
    /// with a wrong seal is reported as a warning.
    ///
    /// # Errors
    /// If the file system fails.
    pub fn get(
        &self,
        key: &BytecodeKey,
        reporter: &dyn Reporter,
    ) -> Result<Option<Bytecode>, PathError> {
        match self.find_local(key)? {
            None => self.restore_from_bundle(key, reporter),
            found => Ok(found),
        }
    }

    fn find_local(&self, key: &BytecodeKey) -> Result<Option<Bytecode>, PathError> {
        let directory = self.directory_for(key);
        let Some(mut index) =
            BytecodeIndex::read(&directory)?.filter(|index| is_valid_cache_tag(&index.tag))
        else {
            return Ok(None);
        };
        let boot = &self.options.boot_id;
        let is_of_this_boot = boot.is_none() || *boot == index.boot_id;
        let is_known = index.is_settled || is_of_this_boot;
        let bytecode = Bytecode {
            root: directory.join(FILES),
            files: std::mem::take(&mut index.files),
            skipped: index.skipped.clone(),
            tag: index.tag.clone(),
        };
        if !bytecode.is_undamaged(!is_known) {
            tracing::debug!(root = %bytecode.root.display(), "bytecode is damaged, is made again");
            return Ok(None);
        }
        if !is_known {
            index.is_settled = true;
            index.files.clone_from(&bytecode.files);
            // A read-only directory works too: its files are compared again by the next run.
            if let Err(error) = index.write(&directory) {
                tracing::debug!(%error, "bytecode cannot be marked as compared");
            }
        }
        Ok(Some(bytecode))
    }

    fn restore_from_bundle(
        &self,
        key: &BytecodeKey,
        reporter: &dyn Reporter,
    ) -> Result<Option<Bytecode>, PathError> {
        let Some(bundles) = &self.options.bundles else {
            return Ok(None);
        };
        let Some(bundle) = bundles.read_bundle(key, reporter) else {
            return Ok(None);
        };
        let mut draft = self.create_draft(&bundle.tag)?;
        for (source, pyc) in bundle.files() {
            draft.add_pyc(source, pyc)?;
        }
        for source in &bundle.skipped {
            draft.add_skipped(source);
        }
        self.publish(key, draft.finish()?).map(Some)
    }

    pub(crate) fn create_draft(&self, tag: &str) -> Result<BytecodeDraft, PathError> {
        BytecodeDraft::new(
            self.create_temporary_dir()?,
            tag,
            self.options.boot_id.clone(),
        )
    }

    fn directory_for(&self, key: &BytecodeKey) -> PathBuf {
        let name = key.to_string();
        self.root.join(&name[..2]).join(name)
    }

    pub(crate) fn temporary_root(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// Creates a directory in `tmp`, which is removed when dropped. Files that were renamed out of it are kept.
    fn create_temporary_dir(&self) -> Result<tempfile::TempDir, PathError> {
        let parent = self.temporary_root();
        tempfile::Builder::new()
            .prefix(&format!("{}-", std::process::id()))
            .tempdir_in(&parent)
            .at("create a temporary directory in", &parent)
    }

    /// Renames finished bytecode into place. If another process has published bytecode for the same sources, returns that.
    pub(crate) fn publish(
        &self,
        key: &BytecodeKey,
        finished: FinishedBytecode,
    ) -> Result<Bytecode, PathError> {
        let place = self.directory_for(key);
        let shard = place.parent().unwrap_or(&self.root);
        let directory = RootedDir::new(&self.root);
        directory.ensure_dir(shard)?;
        let ours = Bytecode {
            root: place.join(FILES),
            tag: finished.index.tag,
            files: finished.index.files,
            skipped: finished.index.skipped,
        };
        let mut rounds = 0;
        loop {
            match directory.rename_noreplace(&finished.new, &place) {
                Ok(()) => return Ok(ours),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    let theirs = self.find_local(key)?;
                    if let Some(theirs) = theirs.filter(|theirs| theirs.is_superset_of(&ours)) {
                        return Ok(theirs);
                    }
                    rounds += 1;
                    if rounds == MAX_ROUNDS {
                        return Err(error);
                    }
                    self.remove_directory(&place)?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Renames a directory into `tmp`, then removes it, so that no reader sees a partial one.
    pub(crate) fn remove_directory(&self, place: &Path) -> Result<(), PathError> {
        let temporary = self.create_temporary_dir()?;
        let grave = temporary.path().join("old");
        let directory = RootedDir::new(&self.root);
        match directory.rename_noreplace(place, &grave) {
            Ok(()) => directory.remove_tree(&grave),
            // Another process has removed it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Bytecode {
    /// The path of a pyc file in the package, which is also its path below [`Bytecode::root`].
    pub fn pyc_path_of(&self, file: &PycFile) -> String {
        pyc_path(file.source.as_str(), &self.tag)
    }

    /// Whether each of these sources was compiled or is known not to compile.
    pub fn has_all_sources<'a>(&self, sources: impl IntoIterator<Item = &'a RelPath>) -> bool {
        sources.into_iter().all(|source| {
            self.files
                .binary_search_by(|file| file.source.cmp(source))
                .is_ok()
                || self.skipped.binary_search(source).is_ok()
        })
    }

    /// Cache tag of the Python, such as `cpython-311`.
    pub(crate) fn tag(&self) -> &str {
        &self.tag
    }

    fn is_superset_of(&self, other: &Self) -> bool {
        self.tag == other.tag
            && self.has_all_sources(other.files.iter().map(|file| &file.source))
            && self.has_all_sources(&other.skipped)
    }

    /// Whether each file has its stamp, or else its digest.
    fn is_undamaged(&self, compare_bytes: bool) -> bool {
        let Ok(root) = Dir::open(&self.root) else {
            return false;
        };
        self.files.iter().all(|file| {
            let path = self.pyc_path_of(file);
            let is_same = root.stamp(&path).is_ok_and(|stamp| stamp == file.stamp);
            if is_same && !compare_bytes {
                return true;
            }
            if !is_same && let Some(mark) = FlushedMark::of(&self.root) {
                // The file was modified since the mark was set and may not be flushed. If the mark cannot be removed,
                // the directory is read-only and the file was not modified by us.
                mark.clear().ok();
            }
            root.read(&path)
                .is_ok_and(|bytes| sha256(&bytes) == file.sha256)
        })
    }
}
