//! `larder lock --check`: whether the lock is still what the manifest means. Never writes, never
//! solves, needs no network.

use std::{collections::BTreeMap, path::PathBuf, str::FromStr as _, sync::Arc};

use larder_event::Reporter;
use larder_lock::{LockFile, Selection, Wanted, check};
use rattler_conda_types::{GenericVirtualPackage, Subdir};
use serde::Serialize;

use crate::{
    Settings,
    channels::ChannelSet,
    inputs::ManifestInput,
    pip,
    solving::Want,
    virtual_file::{VirtualPackages, overlay},
};

use super::{LockOperationError, LockOptions, manifest_input, subdirs};

/// Whether a lock is fresh. As JSON, the documented answer of `larder lock --check --json`:
/// `fresh`, `path` and `reasons`, a list of texts for each platform that has any.
#[derive(Debug, Clone, Serialize)]
pub struct CheckReport {
    /// Whether the lock is what the manifest means on every platform.
    pub fresh: bool,
    /// The lock, absolute.
    pub path: PathBuf,
    /// Why it is not, for each platform where it is not.
    pub reasons: BTreeMap<String, Vec<String>>,
}

/// Checks the lock of a manifest for its platforms.
///
/// Virtual packages that the lock was made for by an override count as present: the question is
/// whether the lock is true, not whether this machine can use it.
///
/// # Errors
/// See [`LockOperationError`]; a lock that is stale is no error.
pub fn check_lock(
    options: &LockOptions,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<CheckReport, LockOperationError> {
    let input = manifest_input(options, settings, reporter)?;
    let found = match &options.output {
        Some(path) => {
            let path = settings.absolute(path);
            crate::inputs::read_lock(&path, settings)?.map(|lock| (path, lock))
        }
        None => input.find_lock(settings)?,
    };
    let (path, lock) = found.ok_or_else(|| LockOperationError::NoLock {
        path: input.lock_path().unwrap_or_default(),
    })?;
    let virtual_packages = VirtualPackages::read(options.policy.virtual_packages.as_deref())?;
    let mut reasons = BTreeMap::new();
    for subdir in subdirs(options, &input, lock.platforms(), settings)? {
        let channels = ChannelSet::new(
            &options.channels,
            &input.manifest,
            subdir,
            settings,
            reporter,
        )?;
        let mut want = Want::new(
            &input.manifest,
            subdir,
            &Arc::new(channels),
            &virtual_packages,
            (settings, reporter),
        );
        overlay(&mut want.virtual_packages, &recorded(&lock, subdir));
        let mut found = reasons_against(&lock, &want);
        found.extend(pip_reasons(&input, &lock, &want, settings)?);
        if !found.is_empty() {
            reasons.insert(subdir.to_string(), found);
        }
    }
    Ok(CheckReport {
        fresh: reasons.is_empty(),
        path,
        reasons,
    })
}

fn reasons_against(lock: &LockFile, want: &Want) -> Vec<String> {
    let selection = Selection::all();
    let wanted = Wanted {
        subdir: want.subdir,
        channels: want.channels.lock_urls(),
        specs: &want.specs(),
        constraints: &[],
        virtual_packages: &want.virtual_packages,
        selection: &selection,
    };
    let reasons = check(lock, &wanted).err().unwrap_or_default();
    reasons.iter().map(ToString::to_string).collect()
}

fn pip_reasons(
    input: &ManifestInput,
    lock: &LockFile,
    want: &Want,
    settings: &Settings,
) -> Result<Vec<String>, LockOperationError> {
    let section = pip::section(input, want.subdir, settings)?;
    // What is wrong with the closure itself was told.
    let Ok(closure) = lock.closure(want.subdir, &Selection::all()) else {
        return Ok(Vec::new());
    };
    let locked = lock.pip(want.subdir, &Selection::all());
    let reasons = pip::reasons(section.as_ref(), &locked, &closure);
    Ok(reasons.iter().map(ToString::to_string).collect())
}

/// The virtual packages that the lock says it was made for (`name=version=build`).
pub(super) fn recorded(lock: &LockFile, subdir: Subdir) -> Vec<GenericVirtualPackage> {
    let parse = |text: &String| {
        let mut parts = text.split('=');
        Some(GenericVirtualPackage {
            name: rattler_conda_types::PackageName::from_str(parts.next()?).ok()?,
            version: rattler_conda_types::Version::from_str(parts.next()?).ok()?,
            build_string: parts.next()?.parse().ok()?,
        })
    };
    lock.virtual_packages(subdir)
        .iter()
        .filter_map(parse)
        .collect()
}
