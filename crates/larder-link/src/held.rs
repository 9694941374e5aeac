//! [`Held`]: one process at a time changes a prefix, and the others know for whom they wait.
//!
//! A convenience, as every lock here: what it keeps apart is right by renames alone (`crash.rs`). Whoever
//! holds it for the whole of a run saves the others from doing the same work beside it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use larder_event::Reporter;
use larder_fs::{LockFile, PathContext as _, PathError, host_name};

use crate::{
    JournalKey,
    apply::Site,
    certainty::Certainty,
    crash::{Recovered, recover_locked},
};

/// A prefix that nobody else changes, as far as the file system's locks can be trusted.
#[derive(Debug)]
pub struct Held {
    site: Site,
    lock: LockFile,
    has_waited: bool,
    /// Dropped after the lock, whose file is in the last of them.
    _parents: Parents,
}

impl Held {
    /// Waits until nobody else holds `prefix`. `command` is what this process does, without anything
    /// secret, for those who will wait for it. `key` tells what this user's runs left. Makes the directory that holds the prefix if need be, and
    /// takes it away again if nothing is in it at the end.
    ///
    /// # Errors
    /// If the directory or the lock file cannot be made.
    pub fn wait(
        prefix: &Path,
        command: &str,
        key: &JournalKey,
        reporter: &dyn Reporter,
    ) -> Result<Self, PathError> {
        let site = Site::new(prefix, key);
        let parents = Parents::make(&site.parent)?;
        let (lock, has_waited) = site.lock(&signature(command), reporter)?;
        Ok(Self {
            site,
            lock,
            has_waited,
            _parents: parents,
        })
    }

    /// Whether another process held the prefix when this one came.
    pub fn has_waited(&self) -> bool {
        self.has_waited
    }

    /// The prefix that is held.
    pub fn prefix(&self) -> &Path {
        &self.site.prefix
    }

    /// As [`recover`](crate::recover()), without waiting.
    ///
    /// # Errors
    /// If something cannot be renamed or removed; calling it again goes on from there.
    pub fn recover(&self, reporter: &dyn Reporter) -> Result<Recovered, PathError> {
        recover_locked(&self.site, self.certainty(), reporter)
    }

    pub(crate) fn key(&self) -> &JournalKey {
        &self.site.key
    }

    pub(crate) fn site(&self) -> &Site {
        &self.site
    }

    pub(crate) fn certainty(&self) -> Certainty {
        Certainty::with(&self.lock)
    }
}

/// `process 4711 on myhost (larder create -p env)`.
fn signature(command: &str) -> String {
    let mut text = format!("process {}", std::process::id());
    if let Some(host) = host_name() {
        text.push_str(" on ");
        text.push_str(&host);
    }
    if !command.is_empty() {
        text.push_str(" (");
        text.push_str(&command.replace(['\n', '\r'], " "));
        text.push(')');
    }
    text
}

/// Directories that were made for the lock, innermost first: they go again if nothing came into them.
#[derive(Debug)]
struct Parents(Vec<PathBuf>);

impl Parents {
    fn make(parent: &Path) -> Result<Self, PathError> {
        let is_missing = |path: &&Path| path.symlink_metadata().is_err();
        let missing = parent.ancestors().take_while(is_missing);
        let made = Self(missing.map(Path::to_owned).collect());
        fs::create_dir_all(parent).at("create directory", parent)?;
        Ok(made)
    }
}

impl Drop for Parents {
    fn drop(&mut self) {
        for directory in &self.0 {
            match fs::remove_dir(directory) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return,
                _ => {}
            }
        }
    }
}
