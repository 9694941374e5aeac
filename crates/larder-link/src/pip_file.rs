//! `conda-meta/larder-pip`: what of the `pip:` section is installed, so that it is told from what somebody
//! installed by hand.
//!
//! Not `*.json`, which other tools would read as a record. Says which distributions belong to the
//! environment and from which bytes they are; what they own is in their own `RECORD`.

use std::path::Path;

use larder_digest::Sha256;
use larder_fs::PathError;
use serde::{Deserialize, Serialize};

use crate::{
    control_files::{MAX_SMALL, read_control_file},
    installed::rel_path,
};

/// The file, below the prefix.
pub const PIP_FILE: &str = "conda-meta/larder-pip";
/// In `conda-meta`.
const NAME: &str = "larder-pip";
const VERSION: u32 = 1;

/// What of a `pip:` section is installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipFile {
    version: u32,
    /// What was asked for.
    pub requirements: Vec<String>,
    /// Lines that no digest stands for.
    pub passed_on: Vec<String>,
    /// Everything that was installed for them.
    pub packages: Vec<PipInstalled>,
}

/// A distribution of the `pip:` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipInstalled {
    /// As its metadata has it.
    pub name: String,
    /// Likewise.
    pub version: String,
    /// The directory of its metadata, below the prefix, with `/`.
    pub metadata: String,
    /// Where its file is from; nothing if it was passed on.
    pub url: Option<String>,
    /// Of that file.
    pub sha256: Option<Sha256>,
}

impl PipFile {
    /// A file of the version that is written.
    pub fn new(
        requirements: Vec<String>,
        passed_on: Vec<String>,
        packages: Vec<PipInstalled>,
    ) -> Self {
        Self {
            version: VERSION,
            requirements,
            passed_on,
            packages,
        }
    }

    /// The text of the file.
    pub fn to_text(&self) -> String {
        // Texts and digests.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What the environment at `prefix` has; nothing if it has none, or a later larder wrote it.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub fn read(prefix: &Path) -> Result<Option<Self>, PathError> {
        let Some(bytes) = read_control_file(prefix, NAME, MAX_SMALL)? else {
            return Ok(None);
        };
        let file: Option<Self> = serde_json::from_slice(&bytes).ok();
        // What larder removes or looks for by this path must be a file of packages.
        let is_right = |file: &Self| {
            let mut packages = file.packages.iter();
            file.version == VERSION && packages.all(|package| rel_path(&package.metadata).is_ok())
        };
        Ok(file.filter(is_right))
    }
}
