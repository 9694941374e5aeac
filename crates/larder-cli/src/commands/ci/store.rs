//! Where the store of a step is, and the cache that keeps it between jobs.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use larder::{
    CreateReport, Origin, PushOptions, PushReport, ShareChoice,
    cache::{KeyContext, Remote, RestoreReport, SaveReport, Style},
    push as push_store,
    step::{KeyParts, StepKey, StepStore, step_key},
};

use crate::{
    args::{CacheRemoteArgs, CacheScopeArgs, CiCacheMode, CiService, GlobalArgs},
    commands::{
        cache::inputs,
        context::{block_on, settings_with_store},
        share::with_remote,
    },
    environment::Environment,
    failure::Failure,
    output, progress,
};

use super::{
    inputs::{Inputs, Wish},
    state::{Push, Save},
};

/// A step's store and its cache.
pub(super) struct Kept {
    pub(super) url: String,
    pub(super) key: StepKey,
    store: StepStore,
    /// Whether the store's directory is this step's alone.
    is_own: bool,
}

impl Kept {
    /// None if nothing is to be kept.
    pub(super) fn of(
        inputs: &Inputs,
        files: &[PathBuf],
        (service, directory): (CiService, &Path),
        (global, environment): (&GlobalArgs, &Environment),
    ) -> Result<Option<Self>, Failure> {
        let Some(url) = url(&inputs.cache, service, environment) else {
            return Ok(None);
        };
        let named = environment.path("LARDER_STORE");
        if let Some(store) = named
            .as_ref()
            .filter(|store| has_content(store, environment))
        {
            output::tell(format!(
                "warning: `{}` (LARDER_STORE) is a store already, so it is neither restored nor saved",
                store.display()
            ));
            return Ok(None);
        }
        let key = key(inputs, files, environment)?;
        let step = directory.join(last_part(&key.near));
        let store = named.as_ref().map_or_else(
            || step.join("store"),
            |named| environment.working_directory.join(named),
        );
        let store = open(&url, (store, step.join("notes")), (global, environment))?;
        Ok(Some(Self {
            url,
            key,
            store,
            is_own: named.is_none(),
        }))
    }

    pub(super) fn directory(&self) -> &Path {
        &self.store.store
    }

    pub(super) fn notes(&self) -> &Path {
        &self.store.notes
    }

    /// Where it is, without credentials.
    pub(super) fn remote(&self) -> String {
        self.store.remote.url().to_owned()
    }

    pub(super) fn restore(&self, global: &GlobalArgs) -> Result<RestoreReport, Failure> {
        let reporter = progress::reporter(global);
        let report = block_on(self.store.restore(&self.key, &*reporter))?;
        report.map_err(|error| Failure::new(&error))
    }

    /// What `finish` has to save.
    pub(super) fn to_save(&self, key: String, trim: bool) -> Save {
        Save {
            remote: self.url.clone(),
            key,
            store: self.store.store.clone(),
            notes: self.store.notes.clone(),
            trim: trim || self.is_own,
        }
    }
}

/// Saves what `setup` found to be new.
pub(super) fn save(
    save: &Save,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<SaveReport, Failure> {
    let environment = environment.with("LARDER_STORE", &save.store);
    let directories = (save.store.clone(), save.notes.clone());
    let store = open(&save.remote, directories, (global, &environment))?;
    let settings = settings_with_store(global, &environment)?;
    let reporter = progress::reporter(global);
    if save.trim {
        let trimmed = larder::step::trim(&settings, store.now, &*reporter);
        trimmed.map_err(|error| Failure::new(&error))?;
    }
    let report = block_on(store.save(&save.key, &*reporter))?;
    report.map_err(|error| Failure::new(&error))
}

/// The remote whose objects are shared; none in the other mode.
pub(super) fn shared(
    inputs: &Inputs,
    service: CiService,
    environment: &Environment,
) -> Option<String> {
    if inputs.cache_mode != CiCacheMode::Objects {
        return None;
    }
    let named = environment.text("LARDER_REMOTE");
    match &inputs.cache {
        Wish::Service => named.or_else(|| url(&inputs.cache, service, environment)),
        wish => url(wish, service, environment),
    }
}

/// What `finish` has to share; nothing if all of it came from there.
pub(super) fn to_push(
    remote: String,
    made: &CreateReport,
    (has, environment): (&Environment, &Environment),
) -> Option<Push> {
    let is_new = made.sources.channel.objects > 0 || made.solve == Origin::Solved;
    let store = has.store().filter(|_| is_new)?;
    Some(Push {
        remote,
        store: environment.working_directory.join(store),
        is_own: environment.path("LARDER_STORE").is_none(),
        environment: made.prefix.clone(),
    })
}

/// Gives a remote what it lacks.
pub(super) fn push(
    push: &Push,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<PushReport, Failure> {
    let environment = environment.with("LARDER_STORE", &push.store);
    let mut settings = settings_with_store(global, &environment)?;
    with_remote(Some(&push.remote), &mut settings, &environment)?;
    let options = PushOptions {
        // What else a machine's store has is nobody's business.
        choice: match push.is_own {
            true => ShareChoice::Roots,
            false => ShareChoice::Environment(push.environment.clone()),
        },
        dry_run: false,
    };
    let reporter = progress::reporter(global);
    let report = block_on(push_store(&options, &settings, &*reporter))?;
    report.map_err(|error| Failure::new(&error))
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
    let remote: Arc<dyn Remote> = inputs::remote(&named, (global, environment))?;
    Ok(StepStore {
        scopes: inputs::scopes(&scope, environment, &*remote)?,
        remote,
        store,
        notes,
        threads: inputs::threads(),
        now: SystemTime::now(),
    })
}

/// Restoring replaces a directory, which must not happen to a store that outlives the job.
fn has_content(store: &Path, environment: &Environment) -> bool {
    let entries = std::fs::read_dir(environment.working_directory.join(store));
    entries.is_ok_and(|mut entries| entries.next().is_some())
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
            let here = || Some(environment.pipeline_cache()?.to_str()?.to_owned());
            named.or_else(of_service).or_else(here)
        }
    }
}

fn key(inputs: &Inputs, files: &[PathBuf], environment: &Environment) -> Result<StepKey, Failure> {
    let parts = KeyParts {
        prefix: &inputs.cache_key,
        files,
        arguments: &inputs.create,
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
