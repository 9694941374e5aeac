//! The place of an environment: its prefix, and the names that belong to it in the directory beside it.

use std::{
    ffi::OsStr,
    fs,
    hash::{BuildHasher as _, RandomState},
    io,
    path::{Path, PathBuf},
};

use larder_digest::Hasher;
use larder_event::Reporter;
use larder_fs::{LockFile, PathContext as _, PathError};

use crate::JournalKey;

const RANDOM_LENGTH: usize = 8;
const SCRATCH: &str = ".scratch";
/// Of a name in a stem.
const LONGEST_NAME: usize = 200;
const DIGEST_LENGTH: usize = 16;

/// A prefix and its surroundings.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) prefix: PathBuf,
    /// The directory that holds the prefix: everything beside it is on the same file system.
    pub(crate) parent: PathBuf,
    /// `.larder-NAME-`, NAME bounded.
    stem: String,
    /// What runs on this prefix seal with.
    pub(crate) key: JournalKey,
}

impl Site {
    pub(crate) fn new(prefix: &Path, key: &JournalKey) -> Self {
        let name = prefix.file_name().unwrap_or_else(|| OsStr::new(""));
        Self {
            prefix: prefix.to_owned(),
            parent: prefix.parent().unwrap_or(prefix).to_owned(),
            stem: format!(".larder-{}-", bounded_name(name)),
            key: key.clone(),
        }
    }

    /// Waits until nobody else changes this prefix; says whether that was necessary. Others who wait are
    /// told that it is `who`.
    pub(crate) fn lock(
        &self,
        who: &str,
        reporter: &dyn Reporter,
    ) -> Result<(LockFile, bool), PathError> {
        let mut has_waited = false;
        let lock = LockFile::acquire_signed(self.lock_path(), who, |holder| {
            has_waited = true;
            let holder = match holder {
                "" => "another process",
                holder => holder,
            };
            let prefix = self.prefix.display();
            let text = format!("waiting for {holder}, which changes `{prefix}`");
            reporter.warn("link::waiting", text);
        })?;
        Ok((lock, has_waited))
    }

    /// A killed run leaves its lock file, free for the next one.
    pub(crate) fn lock_path(&self) -> PathBuf {
        let stem = self.stem.strip_suffix('-').unwrap_or(&self.stem);
        self.parent.join(format!("{stem}.lock"))
    }

    /// A name that nobody else uses, most likely; making the directory decides.
    pub(crate) fn new_staging_path(&self) -> PathBuf {
        const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let mut random = RandomState::new().hash_one(std::process::id());
        let mut name = self.stem.clone();
        for _ in 0..RANDOM_LENGTH {
            name.push(char::from(ALPHABET[(random % 32) as usize]));
            random /= 32;
        }
        self.parent.join(name)
    }

    /// Makes a new directory to build in.
    pub(crate) fn create_staging(&self) -> Result<PathBuf, PathError> {
        self.create("")
    }

    /// Makes a new directory that never becomes an environment.
    pub(crate) fn create_scratch(&self) -> Result<PathBuf, PathError> {
        self.create(SCRATCH)
    }

    fn create(&self, suffix: &str) -> Result<PathBuf, PathError> {
        loop {
            let mut path = self.new_staging_path().into_os_string();
            path.push(suffix);
            let path = PathBuf::from(path);
            match fs::create_dir(&path) {
                Ok(()) => return Ok(path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error).at("create directory", path),
            }
        }
    }

    /// Whether a name beside the prefix is that of a staged environment of this very prefix. Just one
    /// prefix fits each such name, because its random part has a fixed length.
    pub(crate) fn is_staging_name(&self, name: &str) -> bool {
        name.strip_prefix(&self.stem).is_some_and(|random| {
            random.len() == RANDOM_LENGTH && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
    }

    /// Everything beside the prefix that a run on it left, sorted.
    pub(crate) fn leftovers(&self) -> Result<Vec<PathBuf>, PathError> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(&self.parent).at("read directory", &self.parent)? {
            let name = entry.at("read directory", &self.parent)?.file_name();
            let Some(name) = name.to_str() else { continue };
            let stem = name
                .strip_suffix(".old")
                .or_else(|| name.strip_suffix(SCRATCH))
                .unwrap_or(name);
            if self.is_staging_name(stem) {
                paths.push(self.parent.join(name));
            }
        }
        paths.sort();
        Ok(paths)
    }
}

/// A name that leaves room for what is put before and behind it: file systems take names of 255 bytes. Of a
/// longer one the beginning, and a digest so that no two prefixes share a stem.
fn bounded_name(name: &OsStr) -> String {
    let text = name.to_string_lossy();
    if text.len() <= LONGEST_NAME {
        return text.into_owned();
    }
    let mut hasher = Hasher::sha256();
    hasher.update(name.as_encoded_bytes());
    let digest = hasher.finish().sha256.to_hex();
    let kept = text.floor_char_boundary(LONGEST_NAME - DIGEST_LENGTH - 1);
    format!("{}~{}", &text[..kept], &digest[..DIGEST_LENGTH])
}

/// Whether a leftover is a scratch directory.
pub(crate) fn is_scratch(path: &Path) -> bool {
    path.to_string_lossy().ends_with(SCRATCH)
}
