//! `larder sync`: an environment becomes exactly what a lock says, files included.
//!
//! Says first how it had drifted, then mends it: what was changed or is missing is linked anew, packages
//! that the lock does not have go. Files that no package owns stay; what pip installed goes if that is
//! asked for, because a lock does not have it either.

use std::{
    collections::{BTreeSet, HashSet},
    time::Instant,
};

use larder_event::Reporter;
use larder_link::{Installation, VerifyOptions, VerifyReport};
use serde::Serialize;

use super::{Change, Extras, Mending, UpdateOptions, UpdateReport};
use crate::{
    ChooseError, CreateError, CreateOptions, Settings,
    activation::is_environment,
    create::{self, Run, hold, manifest_of},
    existing_prefix,
    inputs::{Input, lock_path_of, read},
    platforms,
    target::new_prefix,
};

/// What to make right, and how.
#[derive(Debug, Clone)]
pub struct SyncOptions {
    /// As for a new environment, which is made if there is none.
    pub create: CreateOptions,
    /// Look at sizes rather than bytes.
    pub quick: bool,
    /// What happens to packages that pip installed.
    pub pip: PipExtras,
    /// Change the environment even if it is frozen (CEP 22).
    pub override_frozen: bool,
}

/// What happens to packages that pip, or a tool like it, installed on top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PipExtras {
    /// They are reported.
    #[default]
    Keep,
    /// They go.
    Remove,
}

/// What was found and done.
#[derive(Debug, Clone, Serialize)]
pub struct SyncReport {
    /// How the environment differed from its records; nothing of one that was just made.
    pub drift: VerifyReport,
    /// What was done about it and about the lock.
    #[serde(flatten)]
    pub update: UpdateReport,
}

/// Makes an environment exactly what a lock says. `found` is called with what is wrong with it before
/// anything changes.
///
/// # Errors
/// See [`CreateError`]. The environment is as it was then, as far as scripts have not changed it.
pub async fn sync(
    options: &SyncOptions,
    settings: &Settings,
    reporter: &dyn Reporter,
    found: impl FnOnce(&VerifyReport),
) -> Result<SyncReport, CreateError> {
    let begun = Instant::now();
    let create = &options.create;
    let asked = create.platform.as_deref();
    let mut subdir = platforms::given_or_default(asked, settings)?;
    let read = |subdir| read(&create.input(subdir), settings, reporter);
    let mut input = read(subdir)?;
    let is_named = create.target.name.is_some() || create.target.prefix.is_some();
    let prefix = match input.manifest() {
        None if !is_named => existing_prefix(&create.target, settings)?,
        manifest => new_prefix(&create.target, manifest, settings)?,
    };
    let platform = platforms::for_prefix(&prefix, asked, settings)?;
    if platform != subdir {
        subdir = platform;
        input = read(subdir)?;
    }
    refuse_unlocked(&input, settings)?;
    let manifest = manifest_of(&input, create, reporter);
    larder_link::check_place(&prefix)?;
    if !is_environment(&prefix) {
        let report = create::create_from((&input, None), create, settings, reporter).await?;
        return Ok(SyncReport {
            drift: VerifyReport::default(),
            update: UpdateReport::created(report),
        });
    }
    let held = match create.dry_run {
        true => None,
        false => Some(hold(&prefix, &create.command_line, settings, reporter)?),
    };
    let verify = VerifyOptions {
        threads: settings.threads,
        quick: options.quick,
    };
    let drift = larder_link::verify(&prefix, verify, reporter)?;
    found(&drift);
    let installation = larder_link::installed(&prefix, settings.threads)?;
    let existing = CreateOptions {
        no_default_packages: true,
        ..create.clone()
    };
    let update = UpdateOptions {
        create: existing.clone(),
        extras: Extras::Prune,
        override_frozen: options.override_frozen,
    };
    let run = Run::open(&existing, settings, manifest, subdir, reporter)?;
    let change = Change {
        run: &run,
        inputs: super::inputs::digest(&update, settings, subdir),
        options: &update,
        prefix,
        held,
        begun,
        mending: mending(&drift, &installation, options.pip),
    };
    let update = change.make(&input).await?;
    Ok(SyncReport { drift, update })
}

/// Only a lock says exactly what there has to be.
fn refuse_unlocked(input: &Input, settings: &Settings) -> Result<(), CreateError> {
    match input {
        Input::Manifest(input) if input.find_lock_path(settings).is_none() => {
            let beside = input.files.first().and_then(|file| lock_path_of(file));
            let path = beside.unwrap_or_else(|| settings.absolute(crate::DEFAULT_LOCK));
            Err(ChooseError::NoLock { path }.into())
        }
        _ => Ok(()),
    }
}

fn mending(drift: &VerifyReport, installation: &Installation, pip: PipExtras) -> Mending {
    let drifted: HashSet<&str> = drift
        .drifted
        .iter()
        .map(|drifted| drifted.package.as_str())
        .collect();
    let packages = installation.packages.iter();
    let relink: BTreeSet<String> = packages
        .filter(|package| drifted.contains(package.dist().as_str()))
        .map(|package| package.name.clone())
        .collect();
    let also_remove = match pip {
        PipExtras::Keep => Vec::new(),
        PipExtras::Remove => {
            let paths = installation
                .packages
                .iter()
                .flat_map(|package| &package.paths);
            let owned: HashSet<&str> = paths.map(|path| path.path.as_str()).collect();
            let files = drift.pip.iter().flat_map(|package| &package.files);
            let files = files.filter(|file| !owned.contains(file.as_str()));
            files.cloned().collect()
        }
    };
    let conda: HashSet<String> = installation
        .packages
        .iter()
        .map(|package| package.dist())
        .collect();
    let pip = drifted.iter().filter(|package| !conda.contains(**package));
    Mending {
        pip: pip.map(|package| (*package).to_owned()).collect(),
        relink,
        also_remove,
        is_strict: true,
    }
}
