//! From a manifest to closures: channels, virtual packages and specs put together for the solver.

use std::{collections::BTreeMap, sync::Arc};

use larder_event::Reporter;
use larder_fetch::Network;
use larder_lock::{Closure, WantedSpec};
use larder_manifest::{Manifest, without_credentials};
use larder_solve::{
    Priority, Requested, SolveError, SolveRequest, Solver, SolverOptions, Strategy,
    virtual_packages::{self, Host, Overrides},
};
use larder_store::Store;
use rattler_conda_types::{GenericVirtualPackage, RepoDataRecord, Subdir};

use crate::{Settings, channels::ChannelSet};

/// A solver for one run, and what all its solves share.
pub(crate) struct Solving<'a> {
    solver: Solver,
    priority: Priority,
    reporter: &'a dyn Reporter,
}

impl<'a> Solving<'a> {
    pub(crate) fn new(
        network: &Network,
        store: &Store,
        settings: &Settings,
        priority: Priority,
        reporter: &'a dyn Reporter,
    ) -> Self {
        let options = SolverOptions {
            offline: settings.offline,
            ..SolverOptions::new(network.client().into(), store.repodata_dir())
        };
        Self {
            solver: Solver::new(options),
            priority,
            reporter,
        }
    }

    /// Solves for one subdir, preferring `preferred` over better records.
    pub(crate) async fn solve(
        &self,
        want: &Want,
        preferred: &[RepoDataRecord],
    ) -> Result<Closure, SolveError> {
        let request = SolveRequest {
            subdir: want.subdir,
            channels: want.channels.channels(),
            priority: self.priority,
            specs: &want.requested,
            virtual_packages: &want.virtual_packages,
            preferred,
            strategy: Strategy::Highest,
            exclude_newer: None,
        };
        self.solver.solve(&request, self.reporter).await
    }
}

/// What is wanted on one subdir.
#[derive(Debug, Clone)]
pub(crate) struct Want {
    pub(crate) subdir: Subdir,
    pub(crate) channels: Arc<ChannelSet>,
    pub(crate) requested: Vec<Requested>,
    pub(crate) virtual_packages: Vec<GenericVirtualPackage>,
}

impl Want {
    /// What `manifest` says for `subdir`. Defaults that stood in for virtual packages are noted.
    pub(crate) fn new(
        manifest: &Manifest,
        subdir: Subdir,
        channels: &Arc<ChannelSet>,
        settings: &Settings,
        reporter: &dyn Reporter,
    ) -> Self {
        let requested = manifest
            .specs_for(subdir)
            .into_iter()
            .map(|dependency| Requested {
                spec: dependency.spec.clone(),
                text: without_credentials(&dependency.text),
                location: Some(dependency.position.to_string()),
            })
            .collect();
        let virtual_packages = detect(subdir, settings, reporter);
        Self {
            subdir,
            channels: Arc::clone(channels),
            requested,
            virtual_packages,
        }
    }

    /// The specs as a lock is held against them.
    pub(crate) fn specs(&self) -> Vec<WantedSpec> {
        let wanted = |requested: &Requested| WantedSpec {
            spec: requested.spec.clone(),
            text: requested.text.clone(),
            location: requested.location.clone().unwrap_or_default(),
        };
        self.requested.iter().map(wanted).collect()
    }

    /// The texts that ask for each package, by name.
    pub(crate) fn texts_by_name(&self) -> BTreeMap<String, Vec<String>> {
        let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for requested in &self.requested {
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
