//! Where the packages of a step are kept between jobs: nowhere, as one entry of a cache (`entry`), or one by
//! one on a remote (`objects`).
//!
//! Each way is a type of its own: what it does before the environment is made, and what it leaves for the job's
//! end. Makes no environment and tells nobody.

use std::path::{Path, PathBuf};

use larder::{
    CreateReport, PushReport,
    cache::SaveReport,
    step::{CacheUse, Cold},
};
use serde::{Deserialize, Serialize};

use crate::{
    args::{CiCacheMode, CiService, GlobalArgs},
    environment::Environment,
    failure::Failure,
    output,
};

use super::inputs::{Inputs, Wish};

mod entry;
mod objects;

use entry::{Entry, Save};
use objects::{Objects, Push};

/// How the packages of a step are kept.
pub(super) enum Keeping {
    Nowhere,
    Entry(Box<Entry>),
    Objects(Objects),
}

/// What is left for the job's end.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Left {
    Save(Save),
    Push(Push),
}

/// What became of it.
pub(super) enum Settled {
    Saved(SaveReport),
    Pushed(PushReport),
}

impl Keeping {
    /// As the inputs say. What an entry has is restored.
    pub(super) fn of(
        inputs: &Inputs,
        files: &[PathBuf],
        (service, directory): (CiService, &Path),
        (global, environment): (&GlobalArgs, &Environment),
    ) -> Result<Self, Failure> {
        let kept = match inputs.cache_mode {
            CiCacheMode::Objects => objects_url(&inputs.cache, service, environment)
                .map(|url| Self::Objects(Objects::of(url, directory, environment))),
            CiCacheMode::Tar => match url(&inputs.cache, service, environment) {
                Some(url) => {
                    Entry::restored(url, (inputs, files), directory, (global, environment))?
                        .map(|entry| Self::Entry(Box::new(entry)))
                }
                None => None,
            },
        };
        Ok(kept.unwrap_or(Self::Nowhere))
    }

    /// The variables with which the environment is made.
    pub(super) fn variables(&self, environment: Environment) -> Environment {
        match self {
            Self::Nowhere => environment,
            Self::Entry(entry) => environment.with("LARDER_STORE", entry.directory()),
            Self::Objects(objects) => objects.variables(&environment),
        }
    }

    /// What it was good for, and what is left to do if the job succeeds.
    pub(super) fn after(
        &self,
        made: &CreateReport,
        trim: bool,
    ) -> (Option<CacheUse>, Option<Left>) {
        match self {
            Self::Nowhere => (None, None),
            Self::Entry(entry) => {
                let (used, save) = entry.after(made, trim);
                (Some(used), save.map(Left::Save))
            }
            Self::Objects(objects) => {
                let (used, push) = objects.after(made);
                (Some(used), push.map(Left::Push))
            }
        }
    }

    /// What the environment cost when nothing was there, if that is known.
    pub(super) fn cold(&self) -> Option<Cold> {
        Cold::read(self.notes()?)
    }

    /// Notes it for later jobs, if there is a place for that.
    pub(super) fn note(&self, cold: Cold) {
        if let Some(notes) = self.notes() {
            cold.write(notes);
        }
    }

    fn notes(&self) -> Option<&Path> {
        match self {
            Self::Entry(entry) => Some(entry.notes()),
            Self::Nowhere | Self::Objects(_) => None,
        }
    }
}

impl Left {
    /// Saves or shares what `setup` found to be new.
    pub(super) fn settle(
        &self,
        global: &GlobalArgs,
        environment: &Environment,
    ) -> Result<Settled, Failure> {
        match self {
            Self::Save(save) => save.run(global, environment).map(Settled::Saved),
            Self::Push(push) => push.run(global, environment).map(Settled::Pushed),
        }
    }

    /// What it means that this failed.
    pub(super) fn loss(&self) -> &'static str {
        match self {
            Self::Save(_) => "the store is not saved",
            Self::Push(_) => "nothing is shared",
        }
    }
}

/// The cache that is meant: the one named, that of the service, else this machine's.
fn url(wish: &Wish, service: CiService, environment: &Environment) -> Option<String> {
    match wish {
        Wish::Nowhere => None,
        Wish::Url(url) => Some(url.clone()),
        Wish::Service => {
            let named = environment.text("LARDER_CACHE_REMOTE");
            let has_service =
                service == CiService::Github && environment.text("ACTIONS_RESULTS_URL").is_some();
            let of_service = || has_service.then(|| "ghac:".to_owned());
            let here = || {
                let directory = environment.pipeline_cache()?;
                tell_of_local_cache(&directory, service);
                Some(directory.to_str()?.to_owned())
            };
            named.or_else(of_service).or_else(here)
        }
    }
}

/// A directory of a machine that goes with the job keeps nothing, which nobody would notice.
fn tell_of_local_cache(directory: &Path, service: CiService) {
    let why = match service {
        CiService::Github => {
            "a `run:` step has no token for GitHub's cache (ACTIONS_RESULTS_URL is not set); the action has one"
        }
        _ => "larder knows no cache of this service; `--cache URL` names one",
    };
    output::tell(format!(
        "warning: packages are kept in `{}` of this machine: {why}",
        directory.display()
    ));
}

/// The remote that is meant: stores may have one of their own.
fn objects_url(wish: &Wish, service: CiService, environment: &Environment) -> Option<String> {
    let named = environment.text("LARDER_REMOTE");
    named
        .filter(|_| *wish == Wish::Service)
        .or_else(|| url(wish, service, environment))
}
