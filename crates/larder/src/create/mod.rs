//! `larder create`: from what the user gave to an environment, whole or not at all.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use indexmap::IndexMap;
use larder_digest::Sha256;
use larder_event::Reporter;
use larder_fetch::{FetchError, FetchPlan};
use larder_fs::LinkMode;
use larder_link::{ApplyError, ClobberPolicy, Fingerprint, Held, Replace, ScriptPolicy};
use larder_lock::{Closure, LockedPackage, PipLock};
use larder_manifest::Manifest;
use larder_store::{RootKind, Store};
use rattler_conda_types::Subdir;

use crate::{
    InputError, LockUse, Settings, SolvePolicy, Target,
    activation::is_environment,
    channels::ChannelSet,
    choose::Chosen,
    fingerprint,
    gather::Gatherer,
    inputs::{Input, read},
    leftovers, menus,
    network::{self, LazyNetwork},
    pip::{self, PipAddition},
    platforms, registry,
    target::{check_free, new_prefix},
    update,
};

mod arrivals;
mod bytecode;
mod choosing;
mod direct;
mod durable;
mod error;
mod install;
mod overlap;
mod pip_section;
mod report;

pub use bytecode::BytecodePolicy;
pub use durable::{Durable, Ephemeral};
pub use error::CreateError;
pub(crate) use report::linked;
pub use report::{CreateReport, LinkedPackage};

/// What to create, and how.
#[derive(Debug, Clone)]
pub struct CreateOptions {
    /// Manifests or one lock, as the user named them; none means environment.yml.
    pub files: Vec<PathBuf>,
    /// Specs instead of files.
    pub specs: Vec<String>,
    /// Channels before those of the manifest.
    pub channels: Vec<String>,
    /// How to choose among what fits.
    pub policy: SolvePolicy,
    /// Where.
    pub target: Target,
    /// For which subdir; none means this machine's.
    pub platform: Option<String>,
    /// Do not add the packages that the configuration has for new environments.
    pub no_default_packages: bool,
    /// Replace an environment that is there.
    pub replace: bool,
    /// Replace it even if it is frozen (CEP 22).
    pub override_frozen: bool,
    /// Change nothing.
    pub dry_run: bool,
    /// Stop when every archive is in the store.
    pub download_only: bool,
    /// What to do about the lock beside the manifest.
    pub lock_use: LockUse,
    /// How files get into the environment.
    pub link_mode: LinkMode,
    /// Whether trees are kept.
    pub ephemeral: Ephemeral,
    /// Whether the environment survives a power loss.
    pub durable: Durable,
    /// Two packages with one path.
    pub clobber: ClobberPolicy,
    /// Whether link scripts run.
    pub link_scripts: ScriptPolicy,
    /// Whether Python sources are compiled.
    pub bytecode: BytecodePolicy,
    /// Whether menu entries are made.
    pub shortcuts: menus::Shortcuts,
    /// The command, without anything secret, for the history.
    pub command_line: String,
    /// `YYYY-MM-DD HH:MM:SS`, for the history.
    pub timestamp: String,
}

impl CreateOptions {
    /// What happens to an environment that is there already.
    pub(crate) fn replacing(&self) -> Replace {
        match (self.replace, self.override_frozen) {
            (false, _) => Replace::Never,
            (true, false) => Replace::Existing,
            (true, true) => Replace::EvenFrozen,
        }
    }
}

/// Makes an environment.
///
/// # Errors
/// See [`CreateError`]. There is no new environment then, one that was there is as it was, and
/// archives that were complete stay in the store.
pub async fn create(
    options: &CreateOptions,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<CreateReport, CreateError> {
    let subdir = platforms::given_or_default(options.platform.as_deref(), settings)?;
    // Before they are read: what is written meanwhile is told by the next update.
    let inputs = update::inputs_of(options, settings, subdir);
    let input = read(
        &options.files,
        &options.specs,
        Some(subdir),
        (settings, reporter),
    )?;
    create_from((&input, inputs), options, settings, reporter).await
}

/// Makes an environment from an input that was read already; what `options` says of files and specs does
/// not count. With the digest of everything that was read for it the next update knows that there is nothing
/// to do.
///
/// # Errors
/// As [`create`].
pub(crate) async fn create_from(
    (input, inputs): (&Input, Option<Sha256>),
    options: &CreateOptions,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<CreateReport, CreateError> {
    let begun = Instant::now();
    let subdir = platforms::given_or_default(options.platform.as_deref(), settings)?;
    let manifest = usable_manifest(input, options)?;
    let prefix = new_prefix(&options.target, manifest, settings)?;
    larder_link::check_place(&prefix)?;
    let held = match options.dry_run {
        true => None,
        false => Some(hold(&prefix, &options.command_line, reporter)?),
    };
    let is_made = held.as_ref().is_some_and(|held| held.has_waited()) && is_environment(&prefix);
    let replace = if is_made {
        Replace::Existing
    } else {
        options.replacing()
    };
    check_free(&prefix, replace)?;

    warn_of_platform(manifest, subdir, reporter);
    let run = Run::open(options, settings, manifest, subdir, reporter)?;
    let Chosen {
        closure,
        origin,
        why_no_memo,
        pip,
    } = run.choose(input).await?;
    settings.channel_rules.check_closure(&closure, settings)?;
    let _pins = run.pins(&closure, &pip);
    let plan = larder_fetch::plan(&closure, &run.store, &network::mirrors(settings))?;
    let mut report = CreateReport::new(&prefix, subdir, origin, &closure, &plan);
    report.why_no_memo = why_no_memo;
    report.can_lock = matches!(input, Input::Manifest(input) if input.lock_path().is_some());
    report.solve_milliseconds = crate::milliseconds(begun);
    let Some(held) = held.filter(|_| !options.download_only) else {
        report.dry_run = options.dry_run;
        run.download(input, (&plan, &pip), &mut report).await?;
        return Ok(report);
    };
    let wanted = Wanted {
        prefix,
        fingerprint: run.fingerprint((input, inputs), (&closure, &pip)),
        closure,
        plan,
        manifest,
        variables: variables(input),
        held,
        addition: run.addition(input, pip.clone()).await?,
        pip,
    };
    if is_made && wanted.is_there() {
        report.made_by_another();
    } else {
        check_free(&wanted.prefix, options.replacing())?;
        let had_menus = menus::recorded(&wanted.prefix);
        run.fetch_and_link(&wanted, &mut report).await?;
        run.settle_menus(&wanted.prefix, had_menus);
    }
    report.milliseconds = crate::milliseconds(begun);
    Ok(report)
}

pub(crate) fn variables(input: &Input) -> &IndexMap<String, String> {
    match input {
        Input::Manifest(input) => &input.manifest.variables,
        Input::Lock { variables, .. } => variables,
    }
}

/// The manifest, if that is what was given and this version can install it.
pub(crate) fn usable_manifest<'i>(
    input: &'i Input,
    options: &CreateOptions,
) -> Result<Option<&'i Manifest>, InputError> {
    match input {
        Input::Manifest(input) => Ok(Some(&input.manifest)),
        Input::Lock { path, .. } if !options.channels.is_empty() => {
            let path = path.clone();
            Err(InputError::ChannelsWithLock { path })
        }
        Input::Lock { .. } => Ok(None),
    }
}

/// Waits for whoever changes the prefix, and clears away what killed runs left of it.
pub(crate) fn hold(
    prefix: &Path,
    command_line: &str,
    reporter: &dyn Reporter,
) -> Result<Arc<Held>, CreateError> {
    let held = Held::wait(prefix, command_line, reporter).map_err(CreateError::Recover)?;
    held.recover(reporter).map_err(CreateError::Recover)?;
    Ok(Arc::new(held))
}

fn warn_of_platform(manifest: Option<&Manifest>, subdir: Subdir, reporter: &dyn Reporter) {
    let platforms = manifest.and_then(|manifest| manifest.platforms.as_ref());
    if let Some(platforms) = platforms.filter(|platforms| !platforms.contains(&subdir)) {
        let names: Vec<_> = platforms.iter().map(|platform| platform.as_str()).collect();
        let text = format!("the manifest is for {}, not for {subdir}", names.join(", "));
        reporter.warn("create::platform", text);
    }
}

/// What is to be installed, and where.
struct Wanted<'a> {
    prefix: PathBuf,
    closure: Closure,
    plan: FetchPlan,
    manifest: Option<&'a Manifest>,
    variables: &'a IndexMap<String, String>,
    fingerprint: Fingerprint,
    held: Arc<Held>,
    pip: PipLock,
    /// What installs these, if there are any.
    addition: Option<Arc<PipAddition>>,
}

impl Wanted<'_> {
    /// Why nothing could be added is for the one to say who was to add it.
    fn explained(&self, error: CreateError) -> CreateError {
        let failure = self
            .addition
            .as_ref()
            .and_then(|addition| addition.failure());
        failure.map_or(error, CreateError::Pip)
    }

    /// Whether the environment that is there is the one that is wanted.
    fn is_there(&self) -> bool {
        larder_link::fingerprint(&self.prefix)
            .is_some_and(|found| found.closure == self.fingerprint.closure)
    }
}

/// What one run needs from beginning to end.
pub(crate) struct Run<'a> {
    pub(crate) options: &'a CreateOptions,
    pub(crate) settings: &'a Settings,
    pub(crate) subdir: Subdir,
    channels: Arc<ChannelSet>,
    pub(crate) network: LazyNetwork<'a>,
    pub(crate) store: Store,
    pub(crate) reporter: &'a dyn Reporter,
}

impl<'a> Run<'a> {
    pub(crate) fn open(
        options: &'a CreateOptions,
        settings: &'a Settings,
        manifest: Option<&Manifest>,
        subdir: Subdir,
        reporter: &'a dyn Reporter,
    ) -> Result<Self, CreateError> {
        let channels = match manifest {
            Some(manifest) => {
                ChannelSet::new(&options.channels, manifest, subdir, settings, reporter)?
            }
            None => ChannelSet::default(),
        };
        let network = LazyNetwork::new(settings, channels.credentials().to_vec());
        let store = crate::store::open(settings, options.ephemeral.durability())?;
        Ok(Self {
            options,
            settings,
            subdir,
            channels: Arc::new(channels),
            network,
            store,
            reporter,
        })
    }

    fn fingerprint(
        &self,
        (input, inputs): (&Input, Option<Sha256>),
        of: (&Closure, &PipLock),
    ) -> Fingerprint {
        Fingerprint {
            inputs,
            ..fingerprint::of_closure(of, variables(input), self.options.link_scripts)
        }
    }

    /// Until the root is recorded; a dry run writes nothing.
    fn pins(&self, closure: &Closure, pip: &PipLock) -> Vec<larder_store::Pin> {
        if self.options.dry_run {
            return Vec::new();
        }
        let conda = crate::store::pin(&self.store, closure, self.reporter);
        let pip = pip::pin(&self.store, &pip.packages, self.reporter);
        conda.into_iter().chain(pip).collect()
    }

    async fn fetch_and_link(
        &self,
        wanted: &Wanted<'_>,
        report: &mut CreateReport,
    ) -> Result<(), CreateError> {
        let begun = Instant::now();
        let mut objects;
        let mut installed = None;
        if overlap::is_worthwhile(self, &wanted.plan) {
            let overlapped = overlap::fetch(self, wanted)?;
            report.add_fetched(&overlapped.fetched);
            report.fetch_milliseconds = overlapped.fetch_milliseconds;
            (objects, installed) = (overlapped.fetched.objects, overlapped.installed);
        } else {
            objects = self.fetch(&wanted.plan, report).await?;
            report.fetch_milliseconds = crate::milliseconds(begun);
        }
        let fetch_milliseconds = report.fetch_milliseconds;
        // A damaged cache costs time, never more: each round mends what the one before set aside.
        let mut rounds = 0;
        let installed = loop {
            rounds += 1;
            let installed = installed.take();
            match installed.unwrap_or_else(|| self.install(wanted, &objects)) {
                Err(CreateError::Materialize(error))
                    if error.is_mended_by_fetching() && rounds <= objects.len() =>
                {
                    self.reporter
                        .warn("store::damaged", format!("{error}: it is fetched anew"));
                    let mirrors = network::mirrors(self.settings);
                    let plan = larder_fetch::plan(&wanted.closure, &self.store, &mirrors)?;
                    objects = match self.fetch(&plan, report).await {
                        Err(CreateError::Fetch(source @ FetchError::Offline { .. })) => {
                            return Err(CreateError::Unmended { error, source });
                        }
                        other => other?,
                    };
                }
                // Where there are no locks, another run may have been faster.
                Err(CreateError::Apply(ApplyError::AlreadyExists { .. })) if wanted.is_there() => {
                    report.made_by_another();
                    return Ok(());
                }
                other => break other.map_err(|error| wanted.explained(error))?,
            }
        };
        report.linked(
            &installed,
            crate::milliseconds(begun).saturating_sub(fetch_milliseconds),
        );
        self.remember(wanted, &objects);
        Ok(())
    }

    fn gatherer(&self) -> Gatherer<'_> {
        Gatherer {
            settings: self.settings,
            store: &self.store,
            network: &self.network,
            reporter: self.reporter,
        }
    }

    /// Fetches what is missing. A run that misses nothing needs no network client.
    async fn fetch(
        &self,
        plan: &FetchPlan,
        report: &mut CreateReport,
    ) -> Result<install::Objects, CreateError> {
        let summary = self.gatherer().fetch(plan).await?;
        if plan.missing.is_empty() {
            return Ok(summary.objects);
        }
        report.add_fetched(&summary);
        Ok(summary.objects)
    }

    /// Menu entries of packages that went go, those of packages that came are made if that is wanted.
    pub(crate) fn settle_menus(&self, prefix: &Path, before: menus::Recorded) {
        before.remove_gone(prefix, self.reporter);
        if self.options.shortcuts == menus::Shortcuts::Make {
            menus::make(prefix, self.subdir, self.settings, self.reporter);
        }
    }

    /// Lists the environment where conda looks for those that have no name.
    pub(crate) fn register(&self, prefix: &Path) {
        if self.settings.register
            && let Some(home) = &self.settings.home
            && let Err(error) = registry::register(home, prefix)
        {
            self.reporter.warn(
                "create::unregistered",
                format!(
                    "the environment is not in conda's registry: {error}: {}",
                    error.source
                ),
            );
        }
    }

    /// The registry and the roots only help to find and to keep things: that they cannot be written is
    /// a warning, as it is for conda.
    fn remember(&self, wanted: &Wanted<'_>, objects: &install::Objects) {
        self.register(&wanted.prefix);
        leftovers::sweep(&self.store, &self.settings.trees, self.reporter);
        let needed = |package: &LockedPackage| {
            let object = objects.get(package.name())?;
            Some(crate::store::needed(package, object.id))
        };
        let packages = wanted.closure.packages().iter();
        crate::store::record(
            &self.store,
            RootKind::Prefix,
            &wanted.prefix,
            packages
                .filter_map(needed)
                .chain(pip::needed(&wanted.pip.packages)),
            self.reporter,
        );
    }
}
