//! What an environment cost when nothing was there: kept beside the store, so that later runs can say what
//! they saved. A note that is wrong makes a wrong sentence in a summary, nothing else.

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};

const FILE: &str = "cold.json";

/// A run that fetched everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cold {
    /// How long the environment took.
    pub milliseconds: u64,
    /// What was fetched for it.
    pub bytes: u64,
}

impl Cold {
    /// The note in a directory.
    pub fn read(directory: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(directory.join(FILE)).ok()?).ok()
    }

    /// Leaves a note; without one a summary says less.
    pub fn write(self, directory: &Path) {
        if let Ok(text) = serde_json::to_vec(&self) {
            let _ =
                fs::create_dir_all(directory).and_then(|()| fs::write(directory.join(FILE), text));
        }
    }
}
