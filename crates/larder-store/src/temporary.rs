//! Temporary files in `tmp/`, and unique names for them.
//!
//! `tmp/` is on the same file system as the rest of the store, so these files can be renamed to their final place.
//! A file that still has its temporary name when its [`TemporaryFile`] is dropped is removed.

use std::{
    fs::File,
    hash::{BuildHasher as _, RandomState},
    io::Write as _,
    path::{Path, PathBuf},
    process,
};

use larder_fs::{Durability, PathContext as _, PathError};

use crate::{ObjectId, layout::StoreLayout, store::is_absence};

/// Prefix of the names of files that are being written.
pub(crate) const INGEST_PREFIX: &str = "ingest-";
/// Prefix of the names of damaged objects that were moved aside.
pub(crate) const DAMAGED_PREFIX: &str = "damaged-";

/// Prefix of the names of objects that a collection is about to remove.
pub(crate) const DOOMED_PREFIX: &str = "doomed-";

/// Returns a file name with the process id (for people) and 64 random bits. Processes on different machines or in
/// different containers can share a store and have the same process id.
pub(crate) fn unique_name(prefix: &str, suffix: &str) -> String {
    let random = RandomState::new().hash_one(process::id());
    format!("{prefix}{}-{random:016x}{suffix}", process::id())
}

/// Parses the object id from the name of a file in `tmp/`: `<prefix><sha256>-<pid>-<random>.<ext>`.
pub(crate) fn object_id_from_temporary_name(path: &Path, prefix: &str) -> Option<ObjectId> {
    let name = path.file_name()?.to_str()?.strip_prefix(prefix)?;
    let (sha256, rest) = name.split_once('-')?;
    let (_, extension) = rest.split_once('.')?;
    format!("{sha256}.{extension}").parse().ok()
}

/// Only the owner may write, regardless of the umask. Otherwise another user could open the file for writing while it is
/// being written, keep that handle when the mode changes, and replace the object's bytes after they were hashed.
const OWNER_WRITES_MODE: u32 = 0o644;

/// A file in `tmp/`. Removed when dropped, unless it was renamed to its final path.
#[derive(Debug)]
pub(crate) struct TemporaryFile {
    layout: StoreLayout,
    path: PathBuf,
    placed: bool,
}

impl TemporaryFile {
    /// Creates an empty file that only the owner may write to. Creates `tmp/` if it is missing.
    pub(crate) fn create(layout: &StoreLayout) -> Result<(Self, File), PathError> {
        let directory = layout.temporary_dir();
        let path = directory.join(unique_name(INGEST_PREFIX, ""));
        let file = match layout.dir().create_file(&path, OWNER_WRITES_MODE) {
            // `tmp/` is missing, or was replaced by a link since the store was opened.
            Err(error) if is_absence(&error) => {
                layout.dir().ensure_dir(&directory)?;
                layout.dir().create_file(&path, OWNER_WRITES_MODE)?
            }
            file => file?,
        };
        let temporary = Self {
            layout: layout.clone(),
            path,
            placed: false,
        };
        Ok((temporary, file))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Renames the file to `target`. Fails if `target` exists.
    pub(crate) fn rename_to_free_name(&mut self, target: &Path) -> Result<(), PathError> {
        self.layout.dir().rename_noreplace(&self.path, target)?;
        self.placed = true;
        Ok(())
    }

    /// Renames the file to `target`, replacing an existing file. A link is replaced itself, not its target.
    fn rename_over(&mut self, target: &Path) -> Result<(), PathError> {
        self.layout.dir().rename(&self.path, target)?;
        self.placed = true;
        Ok(())
    }
}

/// Writes or replaces a small file, such as a root, atomically: it has either its old or its new content at every moment.
/// Creates the directory if it is missing. Unlike [`larder_fs::write_atomic`], a killed process leaves nothing outside
/// `tmp/`.
pub(crate) fn replace_whole_file(
    layout: &StoreLayout,
    target: &Path,
    bytes: &[u8],
    durability: Durability,
) -> Result<(), PathError> {
    let directory = target.parent().unwrap_or(layout.root());
    layout.dir().ensure_dir(directory)?;
    let (mut temporary, mut file) = TemporaryFile::create(layout)?;
    file.write_all(bytes).at("write", temporary.path())?;
    let durability = durability.on(directory);
    durability
        .before_naming(&file)
        .at("flush", temporary.path())?;
    drop(file);
    temporary.rename_over(target)?;
    if durability == Durability::Flush {
        layout.dir().sync_dir(directory)?;
    }
    Ok(())
}

impl Drop for TemporaryFile {
    /// Ignores errors: [`Store::sweep_abandoned`](crate::Store::sweep_abandoned) removes leftovers.
    fn drop(&mut self) {
        if !self.placed {
            self.layout.dir().remove_file(&self.path).ok();
        }
    }
}
