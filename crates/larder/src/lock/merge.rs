//! `larder lock merge-driver`: a lock that both sides of a git merge changed.
//!
//! git calls merge drivers before the merged manifest is in the work tree, so the locks have to be
//! enough: each says which specs asked for which packages. Specs are merged three ways, then solved
//! with the pins of both sides as preferences.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use larder_event::Reporter;
use larder_fs::{Durability, PathContext as _, read_at_most, write_atomic};
use larder_lock::{
    CategorySpecs, Closure, DEFAULT_CATEGORY, LockFile, LockHead, PackageCategories, Selection,
    keep_main_alone,
};
use larder_solve::Requested;
use rattler_conda_types::{GenericVirtualPackage, RepoDataRecord, Subdir};

use crate::{
    Settings, SolvePolicy,
    channels::ChannelSet,
    inputs::parse_lock,
    network::LazyNetwork,
    solving::{Solving, Want, detect, pins, with_implied_pip},
    spec_channels::request_with_resolved_channel,
    streams::INPUT_BYTES,
    virtual_file::overlay,
};

use super::{LockOperationError, check::recorded, old::higher};

/// The three versions that git gives to a merge driver.
#[derive(Debug, Clone)]
pub struct MergeOptions {
    /// The common ancestor (`%O`).
    pub base: PathBuf,
    /// Our side (`%A`); takes the result.
    pub ours: PathBuf,
    /// Their side (`%B`).
    pub theirs: PathBuf,
}

type Specs = BTreeMap<String, Vec<String>>;

/// Merges two locks into `ours`.
///
/// # Errors
/// If one cannot be read or the merged specs cannot be solved; `ours` is unchanged then, and git should
/// be told that there is a conflict.
pub async fn merge_locks(
    options: &MergeOptions,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<(), LockOperationError> {
    let sides = Sides::read(options, settings)?;
    let channels = Arc::new(ChannelSet::of_lock(&sides.channels(), settings)?);
    let store = crate::store::open(settings, Durability::Flush, reporter)?;
    let network = LazyNetwork::new(settings, Vec::new());
    let policy = SolvePolicy {
        exclude_newer: settings.defaults.exclude_newer.clone(),
        ..SolvePolicy::default()
    };
    let solving = Solving::new(network.get()?, &store, settings, &policy, reporter);
    let mut closures = Vec::new();
    for subdir in sides.platforms() {
        let virtual_packages = sides.virtual_packages(subdir, detect(subdir, settings, reporter));
        let want = Want {
            subdir,
            channels: Arc::clone(&channels),
            requested: with_implied_pip(
                sides
                    .requested(subdir)?
                    .iter()
                    .map(|spec| request_with_resolved_channel(spec, subdir, settings))
                    .collect(),
                settings,
            ),
            pinned: pins(settings, subdir),
            virtual_packages,
            given: Vec::new(),
            added: Vec::new(),
            selection: Selection::all(),
            categories: CategorySpecs::default(),
        };
        closures.push(solving.solve(&want, &sides.pins(subdir)).await?);
    }
    let text = LockFile::new(&closures, &sides.head(&channels)).to_yaml();
    write_atomic(&options.ours, text.as_bytes(), Durability::Flush)?;
    Ok(())
}

/// The three locks.
struct Sides {
    base: Option<LockFile>,
    ours: LockFile,
    theirs: LockFile,
}

impl Sides {
    fn read(options: &MergeOptions, settings: &Settings) -> Result<Self, LockOperationError> {
        let read = |path: &Path| -> Result<LockFile, LockOperationError> {
            let bytes = read_at_most(path, INPUT_BYTES).at("read", path)?;
            Ok(parse_lock(path, &bytes, None, settings)?)
        };
        Ok(Self {
            // Without a common ancestor git gives an empty file: then everything is new on both sides.
            base: read(&options.base).ok(),
            ours: read(&options.ours)?,
            theirs: read(&options.theirs)?,
        })
    }

    fn platforms(&self) -> Vec<Subdir> {
        let mut platforms = union(self.ours.platforms(), self.theirs.platforms());
        platforms.sort();
        platforms
    }

    fn channels(&self) -> Vec<String> {
        let urls = |lock: &LockFile| -> Vec<String> {
            let channels = lock.channels().iter();
            channels.map(|channel| channel.url.clone()).collect()
        };
        let base = self.base.as_ref().map(urls).unwrap_or_default();
        let (ours, theirs) = (urls(&self.ours), urls(&self.theirs));
        match (ours == base, theirs == base) {
            (true, _) => theirs,
            (_, true) => ours,
            _ => union(&ours, &theirs),
        }
    }

    /// Who asked for what on a platform, merged.
    fn requested(&self, subdir: Subdir) -> Result<Vec<Requested>, LockOperationError> {
        let of = |lock: &LockFile| specs(lock.closure(subdir, &Selection::all()).ok().as_ref());
        let base = self.base.as_ref().map(of).unwrap_or_default();
        let merged = three_way(&base, &of(&self.ours), &of(&self.theirs));
        let texts = merged.into_values().flatten();
        texts.map(|text| requested(&text)).collect()
    }

    fn pins(&self, subdir: Subdir) -> Vec<RepoDataRecord> {
        let closures: Vec<Closure> = [&self.ours, &self.theirs]
            .into_iter()
            .filter_map(|lock| lock.closure(subdir, &Selection::all()).ok())
            .collect();
        higher(closures.iter().flat_map(Closure::packages))
    }

    /// What this machine has or assumes, with what the locks were made for.
    fn virtual_packages(
        &self,
        subdir: Subdir,
        mut detected: Vec<GenericVirtualPackage>,
    ) -> Vec<GenericVirtualPackage> {
        for lock in [&self.ours, &self.theirs] {
            overlay(&mut detected, &recorded(lock, subdir));
        }
        detected
    }

    /// The categories of each package as the sides have them; nothing where all are of the default one.
    fn categories(&self) -> BTreeMap<Subdir, PackageCategories> {
        let sides = [&self.ours, &self.theirs];
        let is_default = |category: &str| category == DEFAULT_CATEGORY;
        if sides
            .iter()
            .all(|side| side.categories().into_iter().all(is_default))
        {
            return BTreeMap::new();
        }
        let of_platform = |subdir: Subdir| {
            let mut categories = PackageCategories::new();
            for (name, more) in sides
                .iter()
                .flat_map(|side| side.package_categories(subdir))
            {
                categories.entry(name).or_default().extend(more);
            }
            categories.values_mut().for_each(keep_main_alone);
            (subdir, categories)
        };
        self.platforms().into_iter().map(of_platform).collect()
    }

    fn head(&self, channels: &ChannelSet) -> LockHead {
        let virtual_packages = |subdir: Subdir| {
            let (ours, theirs) = (&self.ours, &self.theirs);
            (
                subdir,
                union(
                    ours.virtual_packages(subdir),
                    theirs.virtual_packages(subdir),
                ),
            )
        };
        LockHead {
            sources: union(self.ours.sources(), self.theirs.sources()),
            channels: channels.lock_channels(),
            virtual_packages: self.platforms().into_iter().map(virtual_packages).collect(),
            categories: self.categories(),
            ..LockHead::default()
        }
    }
}

fn requested(text: &str) -> Result<Requested, LockOperationError> {
    let spec = larder_manifest::parse_spec(text).map_err(|source| LockOperationError::Spec {
        text: text.to_owned(),
        source: Box::new(source),
    })?;
    Ok(Requested {
        spec,
        text: text.to_owned(),
        location: None,
        is_implied: false,
    })
}

/// Who asked for which package.
fn specs(closure: Option<&Closure>) -> Specs {
    let packages = closure
        .into_iter()
        .flat_map(Closure::packages)
        .filter(|package| !package.requested_specs.is_empty());
    packages
        .map(|package| (package.name().to_owned(), package.requested_specs.clone()))
        .collect()
}

/// What one side changed wins; what both changed counts together.
fn three_way(base: &Specs, ours: &Specs, theirs: &Specs) -> Specs {
    let names = base.keys().chain(ours.keys()).chain(theirs.keys());
    let mut merged = Specs::new();
    for name in names {
        let (base, ours, theirs) = (base.get(name), ours.get(name), theirs.get(name));
        let specs = match (ours == base, theirs == base) {
            (true, _) => theirs.cloned(),
            (_, true) => ours.cloned(),
            _ => Some(union(
                ours.map_or(&[], Vec::as_slice),
                theirs.map_or(&[], Vec::as_slice),
            )),
        };
        merged.extend(specs.map(|specs| (name.clone(), specs)));
    }
    merged
}

fn union<T: Clone + PartialEq>(one: &[T], other: &[T]) -> Vec<T> {
    let mut all = one.to_vec();
    all.extend(other.iter().filter(|item| !one.contains(item)).cloned());
    all
}
