//! The packages of a step one by one on a remote: fetched as they are needed, and at the job's end it is given
//! what it lacks.

use std::path::{Path, PathBuf};

use larder::{
    CreateReport, Origin, PushOptions, PushReport, ShareChoice, push as push_store, step::CacheUse,
};
use serde::{Deserialize, Serialize};

use crate::{
    args::GlobalArgs,
    commands::{context::settings_with_store, frame::awaited, share::with_remote},
    environment::Environment,
    failure::Failure,
};

/// A remote for a step's packages.
pub(in crate::commands::ci) struct Objects {
    url: String,
    store: PathBuf,
    /// Whether the store is this step's alone.
    is_own: bool,
}

/// A store whose objects are to be shared.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::commands::ci) struct Push {
    remote: String,
    store: PathBuf,
    is_own: bool,
    environment: PathBuf,
}

impl Objects {
    pub(super) fn of(url: String, directory: &Path, environment: &Environment) -> Self {
        let named = environment.path("LARDER_STORE");
        let is_own = named.is_none();
        let store = named.unwrap_or_else(|| directory.join("store"));
        Self {
            url,
            store: environment.working_directory.join(store),
            is_own,
        }
    }

    /// What is new is put there at the job's end, if it succeeds, so not yet.
    pub(super) fn variables(&self, environment: &Environment) -> Environment {
        environment
            .with("LARDER_REMOTE", &self.url)
            .with("LARDER_REMOTE_PUSH", "")
            .with("LARDER_STORE", &self.store)
    }

    /// What it was good for, and what is to be shared: nothing if all of it came from there.
    pub(super) fn after(&self, made: &CreateReport) -> (CacheUse, Option<Push>) {
        let is_new = made.sources.channel.objects > 0 || made.solve == Origin::Solved;
        let push = is_new.then(|| Push {
            remote: self.url.clone(),
            store: self.store.clone(),
            is_own: self.is_own,
            environment: made.prefix.clone(),
        });
        (CacheUse::of_objects(&self.url, made), push)
    }
}

impl Push {
    /// Gives the remote what it lacks.
    pub(super) fn run(
        &self,
        global: &GlobalArgs,
        environment: &Environment,
    ) -> Result<PushReport, Failure> {
        let environment = environment.with("LARDER_STORE", &self.store);
        let mut settings = settings_with_store(global, &environment)?;
        with_remote(Some(&self.remote), &mut settings, &environment)?;
        let options = PushOptions {
            // What else a machine's store has is nobody's business.
            choice: match self.is_own {
                true => ShareChoice::Roots,
                false => ShareChoice::Environment(self.environment.clone()),
            },
            dry_run: false,
        };
        awaited(global, async |reporter| {
            push_store(&options, &settings, reporter).await
        })
    }
}
