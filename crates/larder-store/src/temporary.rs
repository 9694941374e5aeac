//! Files on their way into the store, and names that nobody else uses.
//!
//! All are in `tmp/`, the same file system as what they become. A file that still has its temporary
//! name when its owner is dropped is removed.

use std::{
    fs::{self, File},
    hash::{BuildHasher as _, RandomState},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process,
};

use larder_fs::{
    Durability, PathContext as _, PathError, create_shared_dir, rename_noreplace, share_file,
    sync_dir,
};

use crate::{ObjectId, layout::Layout};

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

/// A file in `tmp/`, removed when dropped unless [`Temporary::place`] gave it another name.
#[derive(Debug)]
pub(crate) struct Temporary {
    path: PathBuf,
    placed: bool,
}

impl Temporary {
    /// Makes a new empty file with the mode that the umask leaves; makes `directory` if it is missing.
    pub(crate) fn create(directory: &Path) -> Result<(Self, File), PathError> {
        let path = directory.join(unique_name(INGEST, ""));
        let file = File::create_new(&path)
            .or_else(|error| match error.kind() {
                io::ErrorKind::NotFound => {
                    create_shared_dir(directory).map_err(|error| error.source)?;
                    File::create_new(&path)
                }
                _ => Err(error),
            })
            .at("create temporary file", &path)?;
        let placed = false;
        let temporary = Self { path, placed };
        share_file(&temporary.path)?;
        Ok((temporary, file))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Renames the file to `target` if that name is free.
    pub(crate) fn place(&mut self, target: &Path) -> Result<(), PathError> {
        rename_noreplace(&self.path, target)?;
        self.placed = true;
        Ok(())
    }

    /// Renames the file to `target`, replacing what is there.
    fn replace(&mut self, target: &Path) -> Result<(), PathError> {
        fs::rename(&self.path, target).at("rename to", target)?;
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
    create_shared_dir(directory)?;
    let (mut temporary, mut file) = Temporary::create(&layout.temporary())?;
    file.write_all(bytes).at("write", temporary.path())?;
    let durability = durability.on(directory);
    durability
        .before_naming(&file)
        .at("flush", temporary.path())?;
    drop(file);
    temporary.replace(target)?;
    if durability == Durability::Flush {
        sync_dir(directory)?;
    }
    Ok(())
}

impl Drop for Temporary {
    /// What cannot be removed is left to [`Store::sweep_abandoned`](crate::Store::sweep_abandoned).
    fn drop(&mut self) {
        if !self.placed {
            remove_file(&self.path).ok();
        }
    }
}

/// Removes a file even where a read-only one cannot be removed (Windows).
pub(crate) fn remove_file(path: &Path) -> Result<(), PathError> {
    if cfg!(windows) {
        larder_fs::make_writable(path)?;
    }
    fs::remove_file(path).at("remove file", path)
}
