//! The place of an environment: its prefix, and the names that belong to it in the directory beside it.

use std::{
    ffi::OsStr,
    fs,
    hash::{BuildHasher as _, RandomState},
    io,
    path::{Path, PathBuf},
};

use larder_event::Reporter;
use larder_fs::{LockFile, PathContext as _, PathError};

const RANDOM_LENGTH: usize = 8;

/// A prefix and its surroundings.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) prefix: PathBuf,
    /// The directory that holds the prefix: everything beside it is on the same file system.
    pub(crate) parent: PathBuf,
    /// `.larder-NAME-`.
    stem: String,
}

impl Site {
    pub(crate) fn new(prefix: &Path) -> Self {
        let name = prefix
            .file_name()
            .unwrap_or_else(|| OsStr::new(""))
            .to_string_lossy();
        Self {
            prefix: prefix.to_owned(),
            parent: prefix.parent().unwrap_or(prefix).to_owned(),
            stem: format!(".larder-{name}-"),
        }
    }

    /// Waits until nobody else changes this prefix.
    pub(crate) fn lock(&self, reporter: &dyn Reporter) -> Result<LockFile, PathError> {
        let name = self.stem.trim_end_matches('-').to_owned() + ".lock";
        LockFile::acquire(self.parent.join(name), || {
            reporter.note(format!(
                "waiting for another process that changes `{}`",
                self.prefix.display()
            ));
        })
    }

    pub(crate) fn has_history(&self) -> bool {
        self.prefix.join("conda-meta").join("history").is_file()
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
        loop {
            let path = self.new_staging_path();
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
            if self.is_staging_name(name.strip_suffix(".old").unwrap_or(name)) {
                paths.push(self.parent.join(name));
            }
        }
        paths.sort();
        Ok(paths)
    }
}
