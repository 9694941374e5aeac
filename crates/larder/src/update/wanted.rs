//! Which packages an updated environment is to have.
//!
//! Exactly what the manifest or lock says, or that and what is installed besides. In the second case a
//! package is only moved if something says that it must: what is installed and fits stays, and a solve
//! prefers it.

use std::collections::BTreeSet;

use larder_link::{Installation, Installed};
use larder_lock::{
    Closure, Completeness, LockedPackage, Reason, Selection, Wanted, WantedSpec, check_closure,
};
use larder_solve::Requested;
use rattler_conda_types::RepoDataRecord;

use crate::{
    ChooseError, LockUse, Origin,
    choose::Chosen,
    create::{CreateError, Run},
    inputs::{Input, ManifestInput},
    solving::{Solving, Want, detect},
};

/// What is installed, as a solver knows packages.
pub(crate) struct Present {
    packages: Vec<LockedPackage>,
}

impl Present {
    /// # Errors
    /// If a record does not say what package it is of.
    pub(super) fn read(
        installation: &Installation,
        prefix: &std::path::Path,
    ) -> Result<Self, CreateError> {
        let read = |installed: &Installed| {
            let path = prefix.join("conda-meta").join(&installed.file_name);
            let record =
                larder_link::prefix_record(prefix, &installed.file_name).map_err(|error| {
                    CreateError::Installed {
                        path,
                        source: error.source,
                    }
                })?;
            Ok(LockedPackage {
                record: clean(record.repodata_record),
                completeness: Completeness::Full,
                requested_specs: installed.requested_specs.clone(),
            })
        };
        let packages = installation.packages.iter().map(read);
        Ok(Self {
            packages: packages.collect::<Result<_, CreateError>>()?,
        })
    }

    fn records(&self) -> Vec<RepoDataRecord> {
        let packages = self.packages.iter();
        packages.map(|package| package.record.clone()).collect()
    }

    /// Those that somebody asked for, and those that nothing needs: they hold the rest.
    fn holding(&self) -> impl Iterator<Item = &LockedPackage> {
        let depends = self
            .packages
            .iter()
            .flat_map(|package| &package.record.package_record.depends);
        let needed: BTreeSet<&str> = depends.filter_map(|spec| spec.split(' ').next()).collect();
        self.packages.iter().filter(move |package| {
            !package.requested_specs.is_empty() || !needed.contains(package.name())
        })
    }
}

/// Other tools may have written credentials into a record.
fn clean(mut record: RepoDataRecord) -> RepoDataRecord {
    record.url = larder_fetch::clean(&record.url);
    record.channel = record
        .channel
        .as_deref()
        .map(larder_manifest::without_credentials);
    record
}

impl Run<'_> {
    /// What the input says, and what is installed besides.
    pub(crate) async fn choose_besides(
        &self,
        input: &Input,
        present: &Present,
    ) -> Result<Chosen, CreateError> {
        match input {
            Input::Manifest(input) => self.manifest_besides(input, present).await,
            Input::Lock { .. } => {
                let chosen = self.choose(input).await?;
                let closure = united(&chosen.closure, present)?;
                let provided = detect(self.subdir, self.settings, self.reporter);
                let reasons = misfits(&closure, &[], &provided);
                if reasons.is_empty() {
                    return Ok(Chosen { closure, ..chosen });
                }
                Err(CreateError::Misfit { reasons })
            }
        }
    }

    async fn manifest_besides(
        &self,
        input: &ManifestInput,
        present: &Present,
    ) -> Result<Chosen, CreateError> {
        let want = self.want(&input.manifest)?;
        let has_lock = self.options.lock_use != LockUse::Ignored
            && input.find_lock_path(self.settings).is_some();
        let mut preferred = present.records();
        let based = if has_lock || self.options.lock_use == LockUse::Frozen {
            let chosen = self.choose_for(input, &want).await?;
            let locked = chosen.closure.packages().iter();
            let locked: Vec<RepoDataRecord> =
                locked.map(|package| package.record.clone()).collect();
            preferred.retain(|record| {
                let name = &record.package_record.name;
                locked
                    .iter()
                    .all(|locked| locked.package_record.name != *name)
            });
            preferred.extend(locked);
            chosen
        } else {
            let nothing = Closure::new(self.subdir, Vec::new()).map_err(ChooseError::from)?;
            Chosen::known(nothing, Origin::Installed)
        };
        let closure = asked_for(united(&based.closure, present)?, &want)?;
        if misfits(&closure, &want.specs(), &want.virtual_packages).is_empty() {
            return Ok(Chosen { closure, ..based });
        }
        let chosen = self.solve_besides(want, present, &preferred).await?;
        Ok(Chosen {
            base: based.base,
            ..chosen
        })
    }

    async fn solve_besides(
        &self,
        want: Want,
        present: &Present,
        preferred: &[RepoDataRecord],
    ) -> Result<Chosen, CreateError> {
        let mut wider = want.clone();
        let named: BTreeSet<String> = want.texts_by_name().into_keys().collect();
        for package in present.holding() {
            // A name that no spec can be is not in the way of a solve.
            if let Ok(spec) = larder_manifest::parse_spec(package.name())
                && !named.contains(package.name())
            {
                wider.requested.push(Requested {
                    spec,
                    text: package.name().to_owned(),
                    location: Some("installed already".into()),
                    is_implied: false,
                });
            }
        }
        let network = self.network.get()?;
        let policy = &self.options.policy;
        let solving = Solving::new(network, &self.store, self.settings, policy, self.reporter);
        let solved = solving
            .solve(&wider, preferred)
            .await
            .map_err(ChooseError::from)?;
        let before = |name: &str| {
            let known = present
                .packages
                .iter()
                .find(|package| package.name() == name);
            known.map(|package| package.requested_specs.clone())
        };
        let packages = solved.packages().iter().map(|package| LockedPackage {
            requested_specs: before(package.name()).unwrap_or_default(),
            ..package.clone()
        });
        let closure = Closure::new(self.subdir, packages.collect()).map_err(ChooseError::from)?;
        Ok(Chosen::known(asked_for(closure, &want)?, Origin::Solved))
    }
}

/// What is in `base`, and what is installed and not in it.
fn united(base: &Closure, present: &Present) -> Result<Closure, CreateError> {
    let extra = present.packages.iter();
    let extra = extra.filter(|package| base.get(package.name()).is_none());
    let packages = base.packages().iter().chain(extra).cloned();
    Ok(Closure::new(base.subdir(), packages.collect()).map_err(ChooseError::from)?)
}

/// The words of the manifest count for what it names; the rest is asked for as before.
fn asked_for(closure: Closure, want: &Want) -> Result<Closure, CreateError> {
    let mut texts = want.texts_by_name();
    let packages = closure.packages().iter().map(|package| LockedPackage {
        requested_specs: texts
            .remove(package.name())
            .unwrap_or_else(|| package.requested_specs.clone()),
        ..package.clone()
    });
    Ok(Closure::new(closure.subdir(), packages.collect()).map_err(ChooseError::from)?)
}

/// What does not fit together. That nothing asks for a package is no reason to remove it, and other tools
/// do not always record digests.
fn misfits(
    closure: &Closure,
    specs: &[WantedSpec],
    virtual_packages: &[rattler_conda_types::GenericVirtualPackage],
) -> Vec<Reason> {
    let wanted = Wanted {
        subdir: closure.subdir(),
        channels: &[],
        specs,
        constraints: &[],
        virtual_packages,
        selection: &Selection::all(),
    };
    let mut reasons = check_closure(closure, &wanted);
    reasons.retain(|reason| !matches!(reason, Reason::NotNeeded { .. } | Reason::NoDigest { .. }));
    reasons
}
