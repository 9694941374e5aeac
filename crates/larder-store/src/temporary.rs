//! Files on their way into the store, and names that nobody else uses.
//!
//! All are in `tmp/`, the same file system as what they become. A file that still has its temporary
//! name when its owner is dropped is removed.

use std::{
    fs::File,
    hash::{BuildHasher as _, RandomState},
    io::Write as _,
    path::{Path, PathBuf},
    process,
};

use larder_fs::{Durability, PathContext as _, PathError};

use crate::{ObjectId, layout::Layout, store::is_absence};

/// How the names of files that are being written begin.
pub(crate) const INGEST: &str = "ingest-";
/// How the names of damaged objects begin that were set aside.
pub(crate) const DAMAGED: &str = "damaged-";

/// How the names of objects begin that are being collected.
pub(crate) const DOOMED: &str = "doomed-";

/// A name with the process id, for people, and 64 random bits, so that processes of different machines
/// or containers that share a store and have the same id do not meet.
pub(crate) fn unique_name(prefix: &str, suffix: &str) -> String {
    let random = RandomState::new().hash_one(process::id());
    format!("{prefix}{}-{random:016x}{suffix}", process::id())
}

/// The object that a file in `tmp/` was: `<prefix><sha256>-<pid>-<random>.<ext>`.
pub(crate) fn object_of(path: &Path, prefix: &str) -> Option<ObjectId> {
    let name = path.file_name()?.to_str()?.strip_prefix(prefix)?;
    let (sha256, rest) = name.split_once('-')?;
    let (_, extension) = rest.split_once('.')?;
    format!("{sha256}.{extension}").parse().ok()
}

/// Nobody but the owner may write, whatever the umask: who opens a file for writing while it is being made keeps
/// that right when the mode is changed, and could exchange the bytes of an object after it was hashed.
const MODE: u32 = 0o644;

/// A file in `tmp/`, removed when dropped unless [`Temporary::place`] gave it another name.
#[derive(Debug)]
pub(crate) struct Temporary {
    layout: Layout,
    path: PathBuf,
    placed: bool,
}

impl Temporary {
    /// Makes a new empty file that nobody else may write to; makes `tmp/` if it is missing.
    pub(crate) fn create(layout: &Layout) -> Result<(Self, File), PathError> {
        let directory = layout.temporary();
        let path = directory.join(unique_name(INGEST, ""));
        let file = match layout.dir().create_file(&path, MODE) {
            // Missing, or exchanged for a link since the store was opened.
            Err(error) if is_absence(&error) => {
                layout.dir().ensure_dir(&directory)?;
                layout.dir().create_file(&path, MODE)?
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

    /// Renames the file to `target` if that name is free.
    pub(crate) fn place(&mut self, target: &Path) -> Result<(), PathError> {
        self.layout.dir().rename_noreplace(&self.path, target)?;
        self.placed = true;
        Ok(())
    }

    /// Renames the file to `target`, replacing what is there: a link itself, not what it leads to.
    fn replace(&mut self, target: &Path) -> Result<(), PathError> {
        self.layout.dir().rename(&self.path, target)?;
        self.placed = true;
        Ok(())
    }
}

/// Writes a small file that is replaced whole, such as a root: there are the old or the new bytes at
/// every moment. Unlike [`larder_fs::write_atomic`] it leaves nothing outside `tmp/` when killed.
/// Makes the directory if it is missing.
pub(crate) fn write_whole(
    layout: &Layout,
    target: &Path,
    bytes: &[u8],
    durability: Durability,
) -> Result<(), PathError> {
    let directory = target.parent().unwrap_or(layout.root());
    layout.dir().ensure_dir(directory)?;
    let (mut temporary, mut file) = Temporary::create(layout)?;
    file.write_all(bytes).at("write", temporary.path())?;
    let durability = durability.on(directory);
    durability
        .before_naming(&file)
        .at("flush", temporary.path())?;
    drop(file);
    temporary.replace(target)?;
    if durability == Durability::Flush {
        layout.dir().sync_dir(directory)?;
    }
    Ok(())
}

impl Drop for Temporary {
    /// What cannot be removed is left to [`Store::sweep_abandoned`](crate::Store::sweep_abandoned).
    fn drop(&mut self) {
        if !self.placed {
            self.layout.dir().remove_file(&self.path).ok();
        }
    }
}
