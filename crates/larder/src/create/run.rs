//! One run of `create` from beginning to end: what is chosen is fetched, linked and remembered.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use indexmap::IndexMap;
use larder_digest::Sha256;
use larder_event::Reporter;
use larder_fetch::{FetchError, FetchPlan};
use larder_link::{ApplyError, Fingerprint, Held};
use larder_lock::{Closure, LockedPackage, PipLock};
use larder_manifest::Manifest;
use larder_store::{RootKind, Store};
use rattler_conda_types::Subdir;

use crate::{
    Settings,
    channels::ChannelSet,
    fingerprint,
    gather::Gatherer,
    inputs::Input,
    leftovers, menus,
    network::{self, LazyNetwork},
    pip::{self, PipAddition},
    registry,
    target::check_free,
};

use super::{CreateError, CreateOptions, CreateReport, install, overlap, variables};

/// What is to be installed, and where.
pub(super) struct Wanted<'a> {
    pub(super) prefix: PathBuf,
    pub(super) closure: Closure,
    pub(super) plan: FetchPlan,
    pub(super) manifest: Option<&'a Manifest>,
    pub(super) variables: &'a IndexMap<String, String>,
    pub(super) fingerprint: Fingerprint,
    pub(super) held: Arc<Held>,
    pub(super) pip: PipLock,
    /// What installs these, if there are any.
    pub(super) addition: Option<Arc<PipAddition>>,
}

impl Wanted<'_> {
    /// Whether the environment that is there is the one that is wanted.
    pub(super) fn is_there(&self) -> bool {
        larder_link::fingerprint(&self.prefix)
            .is_some_and(|found| found.closure == self.fingerprint.closure)
    }
}

/// What one run needs from beginning to end.
pub(crate) struct Run<'a> {
    pub(crate) options: &'a CreateOptions,
    pub(crate) settings: &'a Settings,
    pub(crate) subdir: Subdir,
    pub(super) channels: Arc<ChannelSet>,
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
        let store = crate::store::open(settings, options.ephemeral.durability(), reporter)?;
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

    pub(super) fn fingerprint(
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
    pub(super) fn pins(&self, closure: &Closure, pip: &PipLock) -> Vec<larder_store::Pin> {
        if self.options.dry_run {
            return Vec::new();
        }
        let conda = crate::store::pin(&self.store, closure, self.reporter);
        let pip = pip::pin(&self.store, &pip.packages, self.reporter);
        conda.into_iter().chain(pip).collect()
    }

    /// Makes it, unless another run has made just that meanwhile (`is_made`: it has made something).
    pub(super) async fn make(
        &self,
        wanted: &Wanted<'_>,
        is_made: bool,
        report: &mut CreateReport,
    ) -> Result<(), CreateError> {
        if let Some(addition) = &wanted.addition {
            report.sources.join(addition.sources());
        }
        if is_made && wanted.is_there() {
            report.made_by_another();
            return Ok(());
        }
        check_free(&wanted.prefix, self.options.replacing())?;
        let had_menus = menus::recorded(&wanted.prefix, self.settings, self.reporter);
        self.fetch_and_link(wanted, report).await?;
        if let Some(addition) = &wanted.addition {
            report.add_pip(wanted.pip.packages.len(), addition.fetch_milliseconds());
        }
        self.settle_menus(&wanted.prefix, had_menus);
        Ok(())
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
            report.fetch_milliseconds = crate::elapsed_milliseconds(begun);
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
                other => {
                    break other.map_err(|error| error.explained_by(wanted.addition.as_deref()))?;
                }
            }
        };
        report.linked(
            &installed,
            crate::elapsed_milliseconds(begun).saturating_sub(fetch_milliseconds),
        );
        self.remember(wanted, &objects);
        Ok(())
    }

    pub(super) fn gatherer(&self) -> Gatherer<'_> {
        Gatherer {
            settings: self.settings,
            store: &self.store,
            network: &self.network,
            reporter: self.reporter,
        }
    }

    /// Fetches what is missing. A run that misses nothing needs no network client.
    pub(super) async fn fetch(
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
        before.remove_gone(prefix, self.settings, self.reporter);
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
