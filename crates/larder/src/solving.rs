//! From a manifest to closures: channels, virtual packages and specs put together for the solver.

use std::{collections::BTreeMap, sync::Arc};

use larder_event::Reporter;
use larder_fetch::Network;
use larder_lock::{CategorySpecs, Closure, Selection, WantedSpec};
use larder_manifest::{Dependency, Manifest, without_credentials};
use larder_solve::{
    Requested, SolveError, SolveRequest, Solved, Solver, SolverOptions,
    virtual_packages::{self, Host, Overrides},
};
use larder_store::Store;
use rattler_conda_types::{GenericVirtualPackage, PackageName, RepoDataRecord, Subdir};

use crate::{
    Settings, SolvePolicy,
    channels::ChannelSet,
    spec_channels::{request_with_resolved_channel, with_resolved_channel},
    virtual_file::{VirtualPackages, overlay},
};

/// A solver for one run, and what all its solves share.
pub(crate) struct Solving<'a> {
    solver: Solver,
    settings: &'a Settings,
    policy: &'a SolvePolicy,
    reporter: &'a dyn Reporter,
}

impl<'a> Solving<'a> {
    pub(crate) fn new(
        network: &Network,
        store: &Store,
        settings: &'a Settings,
        policy: &'a SolvePolicy,
        reporter: &'a dyn Reporter,
    ) -> Self {
        Self {
            solver: Solver::new(options(network, store, settings)),
            settings,
            policy,
            reporter,
        }
    }

    /// The same, but with memos: an answer that was remembered is given again while it is provably what
    /// a solve would give.
    pub(crate) fn with_memos(
        network: &Network,
        store: &Store,
        settings: &'a Settings,
        policy: &'a SolvePolicy,
        reporter: &'a dyn Reporter,
    ) -> Self {
        let options = SolverOptions {
            memos: Some(store.solves_dir()),
            refresh: policy.refresh,
            ..options(network, store, settings)
        };
        Self {
            solver: Solver::new(options),
            settings,
            policy,
            reporter,
        }
    }

    /// Solves for one subdir, or recalls an earlier solve.
    /// `preferred` records are preferred over better ones.
    pub(crate) async fn recall(
        &self,
        want: &Want,
        preferred: &[RepoDataRecord],
    ) -> Result<Solved, SolveError> {
        let request = self.request(want, preferred);
        self.fetch_memo(&request, self.reporter).await;
        self.solver.recall_or_solve(&request, self.reporter).await
    }

    /// Solves for one subdir, preferring `preferred` over better records.
    pub(crate) async fn solve(
        &self,
        want: &Want,
        preferred: &[RepoDataRecord],
    ) -> Result<Closure, SolveError> {
        self.solve_telling(want, preferred, self.reporter).await
    }

    /// The same, with a reporter of its own.
    pub(crate) async fn solve_telling(
        &self,
        want: &Want,
        preferred: &[RepoDataRecord],
        reporter: &dyn Reporter,
    ) -> Result<Closure, SolveError> {
        let request = self.request(want, preferred);
        self.fetch_memo(&request, reporter).await;
        self.solver.solve(&request, reporter).await
    }

    /// The records of these packages in all channels of a platform, those for which `is_wanted` holds.
    pub(crate) async fn find_records(
        &self,
        want: &Want,
        names: impl IntoIterator<Item = PackageName>,
        is_wanted: impl Fn(&RepoDataRecord) -> bool,
    ) -> Result<Vec<RepoDataRecord>, SolveError> {
        let request = self.request(want, &[]);
        let found = self
            .solver
            .find_records(&request, names, is_wanted, self.reporter);
        found.await
    }

    /// Forgets what was loaded, by a thread of its own: to free it all takes as long as to write a lock.
    pub(crate) fn end(self) -> tokio::task::JoinHandle<()> {
        let Self { solver, .. } = self;
        tokio::task::spawn_blocking(move || drop(solver))
    }

    /// Fetches the remembered answer from the remote, unless this machine has one itself.
    async fn fetch_memo(&self, request: &SolveRequest<'_>, reporter: &dyn Reporter) {
        let share = self.settings.share.as_ref();
        let share = share.filter(|_| !self.settings.offline && !self.policy.refresh);
        let (Some(share), Some(file)) = (share, self.solver.memo_file(request)) else {
            return;
        };
        let is_known = self.solver.has_memo(request);
        if let Some(bytes) = share.fetch_memo(&file, is_known, reporter).await {
            // The remote is of the user's choice, other than what a cache left in the store.
            self.solver.records().record_file(&file, &bytes);
        }
    }

    fn request<'r>(&'r self, want: &'r Want, preferred: &'r [RepoDataRecord]) -> SolveRequest<'r> {
        SolveRequest {
            subdir: want.subdir,
            channels: want.channels.channels(),
            priority: self.policy.priority,
            specs: &want.requested,
            pinned: &want.pinned,
            only_tar_bz2: self.settings.only_tar_bz2,
            virtual_packages: &want.virtual_packages,
            preferred,
            strategy: self.policy.strategy,
            exclude_newer: self.policy.exclude_newer.clone(),
        }
    }
}

fn options(network: &Network, store: &Store, settings: &Settings) -> SolverOptions {
    let default = SolverOptions::new(network.client().into(), store.repodata_dir());
    let retries = settings.network.retries;
    SolverOptions {
        records: settings.machine_records(),
        memory: larder_fs::memory_dir(),
        threads: default.threads.max(settings.threads),
        offline: settings.offline,
        tries: retries.map_or(default.tries, |retries| retries + 1),
        retry_delay: settings.network.first_wait.unwrap_or(default.retry_delay),
        ..default
    }
}

/// What is wanted on one subdir.
#[derive(Debug, Clone)]
pub(crate) struct Want {
    pub(crate) subdir: Subdir,
    pub(crate) channels: Arc<ChannelSet>,
    pub(crate) requested: Vec<Requested>,
    /// What must match if it is present (`pinned_packages` of the configuration).
    pub(crate) pinned: Vec<Requested>,
    pub(crate) virtual_packages: Vec<GenericVirtualPackage>,
    /// Those of them that the user gave, by an override or a file.
    pub(crate) given: Vec<GenericVirtualPackage>,
    /// The specs of `requested` that the command line added to those of manifests.
    pub(crate) added: Vec<Requested>,
    /// The categories of a lock that are wanted: those of the manifests that count.
    pub(crate) selection: Selection,
    /// The specs of `requested` by the category of their file.
    pub(crate) categories: CategorySpecs,
}

impl Want {
    /// What `manifest` says for `subdir`. Defaults that stood in for virtual packages are noted.
    pub(crate) fn new(
        manifest: &Manifest,
        subdir: Subdir,
        channels: &Arc<ChannelSet>,
        file: &VirtualPackages,
        (settings, reporter): (&Settings, &dyn Reporter),
    ) -> Self {
        let request = |dependency: &Dependency| Requested {
            spec: with_resolved_channel(&dependency.spec, subdir, settings),
            text: without_credentials(&dependency.text),
            location: Some(dependency.position.to_string()),
            is_implied: false,
        };
        let specs = manifest.specs_for(subdir);
        let added = specs.iter().filter(|spec| spec.is_of_command_line());
        let added = added.map(|spec| request(spec)).collect();
        let requested = specs.iter().map(|spec| request(spec)).collect();
        let requested: Vec<Requested> = with_implied_pip(requested, settings);
        let implied = requested.iter().filter(|requested| requested.is_implied);
        let mut categories = CategorySpecs {
            implied: implied.map(|requested| requested.spec.clone()).collect(),
            ..CategorySpecs::default()
        };
        for dependency in manifest.specs_for(subdir) {
            let specs = categories.specs.entry(dependency.category.to_string());
            specs.or_default().push(request(dependency).spec);
        }
        let mut virtual_packages = detect(subdir, settings, reporter);
        overlay(&mut virtual_packages, file.of(subdir));
        let is_given = |package: &&GenericVirtualPackage| {
            let name = package.name.as_normalized();
            let variable = virtual_packages::override_name(name);
            file.of(subdir)
                .iter()
                .any(|given| given.name == package.name)
                || variable.is_some_and(|name| settings.variables.contains_key(&name))
        };
        Self {
            subdir,
            channels: Arc::clone(channels),
            requested,
            pinned: pins(settings, subdir),
            given: virtual_packages.iter().filter(is_given).cloned().collect(),
            virtual_packages,
            added,
            selection: Selection::categories(manifest.categories.iter().cloned()),
            categories,
        }
    }

    /// What the manifests alone want, without the specs of the command line.
    pub(crate) fn without_added(&self, settings: &Settings) -> Self {
        let mut want = self.clone();
        want.requested
            .retain(|requested| !self.added.contains(requested));
        // An added `pip` stands in for the implied one.
        want.requested = with_implied_pip(want.requested, settings);
        want.added.clear();
        want
    }

    /// The same with the configuration's packages for new environments, where their names are not
    /// wanted already.
    pub(crate) fn with_default_packages(&self, settings: &Settings) -> Self {
        let mut want = self.clone();
        for package in &settings.create_default_packages {
            if !want
                .requested
                .iter()
                .any(|known| known.spec.name == package.spec.name)
            {
                want.requested.push(request_with_resolved_channel(
                    package,
                    want.subdir,
                    settings,
                ));
            }
        }
        want
    }

    /// The specs as a lock is held against them.
    pub(crate) fn specs(&self) -> Vec<WantedSpec> {
        let wanted = |requested: &Requested| WantedSpec {
            spec: requested.spec.clone(),
            text: requested.text.clone(),
            location: requested.location.clone().unwrap_or_default(),
            is_implied: requested.is_implied,
        };
        self.requested.iter().map(wanted).collect()
    }

    /// The texts that ask for each package, by name.
    pub(crate) fn texts_by_name(&self) -> BTreeMap<String, Vec<String>> {
        let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for requested in self.requested.iter().filter(|spec| !spec.is_implied) {
            if let Some(name) = requested.spec.name.as_exact() {
                texts
                    .entry(name.as_normalized().to_owned())
                    .or_default()
                    .push(requested.text.clone());
            }
        }
        texts
    }
}

/// The specs with `pip` if they do not have it, for environments with Python.
///
/// conda and mamba make pip a dependency of python (`add_pip_as_python_dependency`, on by default). Without it
/// `pip install` in an active environment is the system's pip and changes the system.
pub(crate) fn with_implied_pip(mut specs: Vec<Requested>, settings: &Settings) -> Vec<Requested> {
    let is_pip = |wanted: &Requested| {
        let name = wanted.spec.name.as_exact();
        name.is_some_and(|name| name.as_normalized() == "pip")
    };
    if !settings.pip_follows_python || specs.iter().any(is_pip) {
        return specs;
    }
    if let Ok(spec) = larder_manifest::parse_spec("pip[when=\"python\"]") {
        specs.push(Requested {
            spec,
            text: "pip".to_owned(),
            location: Some("add_pip_as_python_dependency".to_owned()),
            is_implied: true,
        });
    }
    specs
}

/// The pinned packages of the configuration, as a solve for `subdir` takes them.
pub(crate) fn pins(settings: &Settings, subdir: Subdir) -> Vec<Requested> {
    let pinned = settings.pinned.iter();
    pinned
        .map(|pin| request_with_resolved_channel(pin, subdir, settings))
        .collect()
}

/// What the target system provides, with `CONDA_OVERRIDE_*` applied.
pub(crate) fn detect(
    subdir: Subdir,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Vec<GenericVirtualPackage> {
    let overrides = Overrides::new(settings.variables.clone());
    let detected = virtual_packages::detect(subdir, &overrides, &Host::detect());
    for (code, text) in detected.notes {
        reporter.note(format!("{code}: {text}"));
    }
    detected.packages
}
