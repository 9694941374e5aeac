//! `larder lock --check`: whether the lock is still what the manifest means. Never writes, never
//! solves, needs no network; with `--online` it asks the channels' indexes as well.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    str::FromStr as _,
    sync::Arc,
};

use larder_event::Reporter;
use larder_fs::Durability;
use larder_lock::{LockFile, Reason, Selection, Wanted, check, relative_source};
use rattler_conda_types::{GenericVirtualPackage, Subdir};
use serde::Serialize;

use crate::{
    Settings,
    channels::ChannelSet,
    inputs::ManifestInput,
    network::LazyNetwork,
    pip,
    solving::{Solving, Want},
    virtual_file::{VirtualPackages, overlay},
};

use super::{LockOperationError, LockOptions, cool_down, head, manifest_input, online, subdirs};

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

/// A lock with the manifest that it is checked against.
struct LockCheck {
    input: ManifestInput,
    path: PathBuf,
    lock: LockFile,
    wants: Vec<Want>,
    reasons: BTreeMap<Subdir, Vec<Reason>>,
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
    Ok(LockCheck::run(options, settings, reporter)?.into_report())
}

/// Checks the lock, then compares its digests, sizes, addresses and dependencies with the indexes of the
/// manifest's channels, and its wheels with their Python indexes.
///
/// # Errors
/// As [`check_lock`], and if an index cannot be read.
pub async fn check_lock_online(
    options: &LockOptions,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<CheckReport, LockOperationError> {
    let mut check = LockCheck::run(options, settings, reporter)?;
    if settings.offline {
        return Err(LockOperationError::OnlineOffline);
    }
    let mut credentials: Vec<_> = check
        .wants
        .iter()
        .flat_map(|want| want.channels.credentials().to_vec())
        .collect();
    let mut sections = Vec::new();
    for want in &check.wants {
        let section = pip::section(&check.input, want.subdir, settings)?;
        if let Some(section) = &section {
            credentials.extend(pip::index_credentials(section.indexes(), settings));
        }
        sections.push(section);
    }
    let network = LazyNetwork::new(settings, credentials);
    let store = crate::store::open(settings, Durability::Lazy, reporter)?;
    let solving = Solving::new(network.get()?, &store, settings, &options.policy, reporter);
    for (want, section) in check.wants.iter().zip(&sections) {
        let Ok(closure) = check.lock.closure(want.subdir, &Selection::all()) else {
            continue;
        };
        let mut found =
            online::compare_packages(&solving, want, &closure, check.lock.writer()).await?;
        if let Some(section) = section {
            let locked = check.lock.pip(want.subdir, &Selection::all());
            found.extend(online::compare_wheels(section, &locked, network.get()?, settings).await?);
        }
        let reasons = check.reasons.entry(want.subdir).or_default();
        reasons.retain(|reason| !reason.is_settled_by_index());
        reasons.extend(found);
    }
    Ok(check.into_report())
}

impl LockCheck {
    fn run(
        options: &LockOptions,
        settings: &Settings,
        reporter: &dyn Reporter,
    ) -> Result<Self, LockOperationError> {
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
        let (mut wants, mut reasons) = (Vec::new(), BTreeMap::new());
        for subdir in subdirs(options, &input, lock.platforms(), settings)? {
            let manifest = &input.manifest;
            let channels =
                ChannelSet::new(&options.channels, manifest, subdir, settings, reporter)?;
            let channels = Arc::new(channels.for_lock());
            let context = (settings, reporter);
            let mut want = Want::new(manifest, subdir, &channels, &virtual_packages, context);
            // Packages of categories that no manifest has are of no use to it.
            want.selection = Selection::all();
            overlay(&mut want.virtual_packages, &recorded(&lock, subdir));
            let mut found = reasons_against(&input, &lock, &want, settings)?;
            let cut_offs = &options.policy.exclude_newer;
            found.extend(cool_down::reasons_too_new(&lock, subdir, cut_offs));
            found.extend(other_category(&input, &lock, &want));
            reasons.insert(subdir, found);
            wants.push(want);
        }
        if options.platforms.is_empty() {
            let checked: Vec<Subdir> = reasons.keys().copied().collect();
            add_dropped_platforms(&lock, &checked, &mut reasons);
        }
        if let Some((_, reasons)) = reasons.iter_mut().next() {
            reasons.extend(other_sources(&input, &lock, &path));
            reasons.extend(other_category_of_pip(&input, &lock));
        }
        Ok(Self {
            input,
            path,
            lock,
            wants,
            reasons,
        })
    }

    fn into_report(self) -> CheckReport {
        let mut reasons = BTreeMap::new();
        for (subdir, found) in self.reasons {
            if !found.is_empty() {
                let texts: Vec<String> = found.iter().map(ToString::to_string).collect();
                reasons.insert(subdir.to_string(), texts);
            }
        }
        CheckReport {
            fresh: reasons.is_empty(),
            path: self.path,
            reasons,
        }
    }
}

/// `larder lock` would drop these platforms, so the lock is not what it would write.
fn add_dropped_platforms(
    lock: &LockFile,
    checked: &[Subdir],
    reasons: &mut BTreeMap<Subdir, Vec<Reason>>,
) {
    for subdir in lock
        .platforms()
        .iter()
        .filter(|subdir| !checked.contains(subdir))
    {
        let text = format!("{subdir} is locked, but `platforms:` of the manifest does not name it");
        reasons
            .entry(*subdir)
            .or_default()
            .push(Reason::Unusable { text });
    }
}

/// A lock of larder says which manifests it was made from. What it says is no reason to read them: whoever
/// edits a lock could name a manifest that fits it.
fn other_sources(input: &ManifestInput, lock: &LockFile, path: &Path) -> Option<Reason> {
    if !lock.writer().is_larder() {
        return None;
    }
    let directory = path.parent().unwrap_or(path);
    let files = input.files.iter();
    let given: Option<BTreeSet<String>> =
        files.map(|file| relative_source(directory, file)).collect();
    let given = given?;
    let locked: BTreeSet<String> = lock.sources().iter().cloned().collect();
    let list = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>().join(", ");
    (given != locked).then(|| Reason::Unusable {
        text: format!(
            "the lock says that it was made from {}, and is checked against {}",
            list(locked),
            list(given)
        ),
    })
}

/// A lock that larder wrote has the categories that the manifests give: a package of another one would be left out, or
/// installed, where the lock is used alone.
fn other_category(input: &ManifestInput, lock: &LockFile, want: &Want) -> Option<Reason> {
    let closure = lock.closure(want.subdir, &Selection::all()).ok()?;
    if !lock.writer().is_larder() {
        return None;
    }
    let wanted = head::categories_of(&input.manifest, want, &closure);
    let default = BTreeSet::from([input.manifest.category.clone()]);
    let locked = lock.package_categories(want.subdir);
    let (name, found) = locked.iter().find(|(name, found)| {
        let wanted = wanted.as_ref().and_then(|wanted| wanted.get(*name));
        *found != wanted.unwrap_or(&default)
    })?;
    let wanted = wanted.as_ref().and_then(|wanted| wanted.get(name));
    let list = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(", ");
    Some(Reason::Unusable {
        text: format!(
            "{name} is locked in the category {}, and is of {}",
            list(found),
            list(wanted.unwrap_or(&default))
        ),
    })
}

/// Wheels that larder locked are of categories that the manifests have.
fn other_category_of_pip(input: &ManifestInput, lock: &LockFile) -> Option<Reason> {
    let known = &input.manifest.categories;
    let mut locked = lock.categories().into_iter();
    let other = locked.find(|category| !known.contains(*category))?;
    lock.writer().is_larder().then(|| Reason::Unusable {
        text: format!("the lock has packages of the category {other}, which no manifest has"),
    })
}

fn reasons_against(
    input: &ManifestInput,
    lock: &LockFile,
    want: &Want,
    settings: &Settings,
) -> Result<Vec<Reason>, LockOperationError> {
    let section = pip::section(input, want.subdir, settings)?;
    Ok(check_against(lock, want, section.as_ref(), settings))
}

/// Every reason why a lock is not what is wanted: the one check of all commands.
pub(crate) fn check_against(
    lock: &LockFile,
    want: &Want,
    section: Option<&larder_pypi::Section>,
    settings: &Settings,
) -> Vec<Reason> {
    let wanted = Wanted {
        subdir: want.subdir,
        channels: want.channels.lock_urls(),
        specs: &want.specs(),
        constraints: &[],
        virtual_packages: &want.virtual_packages,
        selection: &want.selection,
    };
    let mut reasons = check(lock, &wanted).err().unwrap_or_default();
    // What is wrong with the closure itself is among the reasons already.
    if let Ok(closure) = lock.closure(want.subdir, &want.selection) {
        reasons.extend(pip::check_lock(section, lock, &closure, want, settings));
    }
    reasons
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
