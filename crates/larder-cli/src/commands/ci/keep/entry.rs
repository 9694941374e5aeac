//! The packages of a step as one entry of a cache: a store, restored before and saved at the job's end, with
//! notes beside it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use larder::{
    CreateReport,
    cache::{Hit, KeyContext, Remote, RestoreReport, SaveReport, Style},
    step::{CacheUse, KeyParts, StepKey, StepStore, step_key, trim},
};
use serde::{Deserialize, Serialize};

use crate::{
    args::{CacheRemoteArgs, CacheScopeArgs, GlobalArgs},
    commands::{
        cache::inputs as cache_inputs,
        context::settings_with_store,
        frame::{awaited, performed},
    },
    environment::Environment,
    failure::Failure,
    output,
};

use super::super::inputs::Inputs;

/// A step's store and its cache.
pub(in crate::commands::ci) struct Entry {
    url: String,
    key: StepKey,
    store: StepStore,
    restored: RestoreReport,
    /// Whether the store's directory is this step's alone.
    is_own: bool,
}

/// A store to be saved.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::commands::ci) struct Save {
    remote: String,
    key: String,
    store: PathBuf,
    notes: PathBuf,
    /// Whether what nobody needs is taken out before.
    trim: bool,
}

impl Entry {
    /// Restored as far as the cache has it. None if the store that was named is one already.
    pub(super) fn restored(
        url: String,
        (inputs, files): (&Inputs, &[PathBuf]),
        directory: &Path,
        (global, environment): (&GlobalArgs, &Environment),
    ) -> Result<Option<Self>, Failure> {
        let named = environment.path("LARDER_STORE");
        let named = named.map(|store| environment.working_directory.join(store));
        if let Some(store) = named.as_ref().filter(|store| has_content(store)) {
            output::tell(format!(
                "warning: `{}` (LARDER_STORE) is a store already, so it is neither restored nor saved",
                store.display()
            ));
            return Ok(None);
        }
        let key = key(inputs, files, environment)?;
        let step = directory.join(last_part(&key.near));
        let is_own = named.is_none();
        let store = named.unwrap_or_else(|| step.join("store"));
        let store = open(&url, (store, step.join("notes")), (global, environment))?;
        let restored = awaited(global, async |reporter| store.restore(&key, reporter).await)?;
        Ok(Some(Self {
            url,
            key,
            store,
            restored,
            is_own,
        }))
    }

    pub(super) fn directory(&self) -> &Path {
        &self.store.store
    }

    pub(super) fn notes(&self) -> &Path {
        &self.store.notes
    }

    /// What it was good for, and what is to be saved: nothing if it had everything.
    pub(super) fn after(&self, made: &CreateReport, trim: bool) -> (CacheUse, Option<Save>) {
        let key = self.key.whole(made);
        let restored = &self.restored;
        let hit = match &restored.matched_key {
            Some(matched) => Hit::of(Style::Github, &key, matched),
            None => Hit::False,
        };
        let save = (hit != Hit::True).then(|| Save {
            remote: self.url.clone(),
            key: key.clone(),
            store: self.store.store.clone(),
            notes: self.store.notes.clone(),
            trim: trim || self.is_own,
        });
        let used = CacheUse {
            remote: self.store.remote.url().to_owned(),
            hit,
            key: Some(key),
            matched_key: restored.matched_key.clone(),
            bytes: restored.size,
            milliseconds: restored.milliseconds,
        };
        (used, save)
    }
}

impl Save {
    pub(super) fn run(
        &self,
        global: &GlobalArgs,
        environment: &Environment,
    ) -> Result<SaveReport, Failure> {
        let environment = environment.with("LARDER_STORE", &self.store);
        let directories = (self.store.clone(), self.notes.clone());
        let store = open(&self.remote, directories, (global, &environment))?;
        let settings = settings_with_store(global, &environment)?;
        if self.trim {
            performed(global, |reporter| trim(&settings, store.now, reporter))?;
        }
        awaited(global, async |reporter| {
            store.save(&self.key, reporter).await
        })
    }
}

fn open(
    url: &str,
    (store, notes): (PathBuf, PathBuf),
    (global, environment): (&GlobalArgs, &Environment),
) -> Result<StepStore, Failure> {
    let named = CacheRemoteArgs {
        remote: Some(url.to_owned()),
    };
    let scope = CacheScopeArgs {
        scope: None,
        read_scopes: Vec::new(),
        default_branch: None,
    };
    let remote: Arc<dyn Remote> = cache_inputs::remote(&named, (global, environment))?;
    Ok(StepStore {
        scopes: cache_inputs::scopes(&scope, environment, &*remote)?,
        remote,
        store,
        notes,
        threads: cache_inputs::threads(),
        now: SystemTime::now(),
    })
}

/// Restoring replaces a directory, which must not happen to a store that outlives the job.
fn has_content(store: &Path) -> bool {
    std::fs::read_dir(store).is_ok_and(|mut entries| entries.next().is_some())
}

fn key(inputs: &Inputs, files: &[PathBuf], environment: &Environment) -> Result<StepKey, Failure> {
    let arguments = inputs.arguments();
    let parts = KeyParts {
        prefix: &inputs.cache_key,
        files,
        arguments: &arguments,
    };
    let context = KeyContext {
        style: Style::Github,
        working_directory: environment.working_directory.clone(),
        workspace: environment
            .path("GITHUB_WORKSPACE")
            .unwrap_or_else(|| environment.working_directory.clone()),
        variable: &|name| environment.text(name),
    };
    step_key(&parts, &context).map_err(|error| Failure::new(&error))
}

/// The digest at the end of a key: what a key begins with may make no name of a directory.
fn last_part(key: &str) -> &str {
    key.trim_end_matches('-').rsplit('-').next().unwrap_or(key)
}
