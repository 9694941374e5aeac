//! The store of a step in the pipeline cache, as one entry: restored before, saved after.

use std::{path::PathBuf, sync::Arc, time::SystemTime};

use larder_cache::{
    archive::WriteOptions,
    entry::version_of,
    key::Style,
    look_up::{PrefixMatch, Query, WEEK},
    restore::{RestoreError, RestoreOptions, RestoreReport, restore},
    save::{SaveError, SaveOptions, SaveReport, save},
    scope::Scopes,
};
use larder_event::Reporter;
use larder_remote::Remote;

use crate::{GcError, GcOptions, Settings, gc};

use super::StepKey;

/// What an entry is said to hold: the same wherever the directories are, so that machines share entries.
const NAMED: [&str; 2] = ["larder-store", "larder-notes"];

/// A store that a cache keeps.
pub struct StepStore {
    /// Where entries are.
    pub remote: Arc<dyn Remote>,
    /// Who may read and write which.
    pub scopes: Scopes,
    /// The store's directory, absolute.
    pub store: PathBuf,
    /// What is kept beside it, absolute.
    pub notes: PathBuf,
    /// How many threads pack and unpack.
    pub threads: usize,
    /// The time.
    pub now: SystemTime,
}

impl StepStore {
    /// Restores the newest store of this environment, else of any.
    ///
    /// # Errors
    /// As [`restore`]: a miss is none.
    pub async fn restore(
        &self,
        key: &StepKey,
        reporter: &dyn Reporter,
    ) -> Result<RestoreReport, RestoreError> {
        let options = RestoreOptions {
            query: self.query(key.near.clone(), vec![key.wide.clone()]),
            paths: vec![self.store.clone(), self.notes.clone()],
            keep: Vec::new(),
            write: self.scopes.write.clone(),
            lookup_only: false,
            max_bytes: None,
            threads: self.threads,
        };
        restore(&*self.remote, &options, reporter).await
    }

    /// Saves the store as it is.
    ///
    /// # Errors
    /// As [`save`].
    pub async fn save(&self, key: &str, reporter: &dyn Reporter) -> Result<SaveReport, SaveError> {
        let _ = std::fs::create_dir_all(&self.notes);
        let options = SaveOptions {
            query: self.query(key.to_owned(), Vec::new()),
            write: self.scopes.write.clone(),
            paths: vec![self.store.clone(), self.notes.clone()],
            named: NAMED.map(str::to_owned).to_vec(),
            archive: WriteOptions {
                threads: self.threads,
                level: WriteOptions::LEVEL,
            },
        };
        save(&*self.remote, &options, reporter).await
    }

    fn query(&self, key: String, restore_keys: Vec<String>) -> Query {
        Query {
            style: Style::Github,
            prefix_match: PrefixMatch::Plain,
            key,
            restore_keys,
            version: version_of(Style::Github, &NAMED.map(str::to_owned)),
            scopes: self.scopes.read.clone(),
            max_unused: WEEK,
            now: self.now,
        }
    }
}

/// Takes out of a store what no environment and no lock needs.
///
/// # Errors
/// As [`gc`].
pub fn trim(settings: &Settings, now: SystemTime, reporter: &dyn Reporter) -> Result<(), GcError> {
    let options = GcOptions {
        keep: Vec::new(),
        unused_for: None,
        max_bytes: None,
        trees: false,
        dry_run: false,
        now,
    };
    gc(&options, settings, reporter).map(drop)
}
