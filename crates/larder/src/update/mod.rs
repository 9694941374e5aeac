//! `larder env update`: an environment becomes what a manifest or lock says, at the cost of what changes.
//!
//! Makes it if there is none. Knows one that is up to date by a digest of its inputs. Packages that are
//! installed and not named stay, unless they are to go ([`Extras`]).

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
    time::Instant,
};

use indexmap::IndexMap;
use larder_digest::Sha256;
use larder_event::Reporter;
use larder_link::{
    ChangedPolicy, Difference, Fingerprint, FrozenPolicy, Held, Installation, LinkOptions, Planned,
    Updated,
};
use larder_lock::{Closure, LockedPackage};
use larder_store::Object;
use rattler_conda_types::Subdir;

use crate::{
    CreateOptions, LockChanges, Settings,
    activation::is_environment,
    choose::Chosen,
    create::{self, CreateError, Run, hold, manifest_of},
    existing_prefix, fingerprint,
    gather::Gatherer,
    inputs::{Input, read},
    materialize, menus,
    planting::Planted,
    platforms,
    target::{TargetError, new_prefix},
};

mod inputs;
mod pip;
mod report;
mod sync;
mod wanted;

use pip::Besides;
pub use report::{UpdateActions, UpdateReport};
pub use sync::{PipExtras, SyncOptions, SyncReport, sync};
use wanted::Present;

/// What to update, and how.
#[derive(Debug, Clone)]
pub struct UpdateOptions {
    /// As for a new environment, which is made if there is none; `replace` does not matter.
    pub create: CreateOptions,
    /// What happens to packages that the manifest does not need.
    pub extras: Extras,
    /// Change the environment even if it is frozen (CEP 22).
    pub override_frozen: bool,
}

/// What happens to installed packages that the manifest or lock does not need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extras {
    /// They stay, as with conda.
    #[default]
    Keep,
    /// They go: the environment has exactly what the manifest says.
    Prune,
}

/// Updates an environment, or makes it.
///
/// # Errors
/// See [`CreateError`]. The environment is as it was then, as far as scripts have not changed it.
pub async fn update(
    options: &UpdateOptions,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<UpdateReport, CreateError> {
    let begun = Instant::now();
    let create = &options.create;
    let asked = create.platform.as_deref();
    let is_known = |prefix: &PathBuf, inputs: Option<Sha256>| {
        let found = larder_link::fingerprint(prefix);
        inputs.is_some() && found.is_some_and(|found| found.inputs == inputs)
    };
    let is_named = create.target.name.is_some() || create.target.prefix.is_some();
    let mut subdir = platforms::given_or_default(asked, settings)?;
    if is_named {
        let prefix = existing_prefix(&create.target, settings)?;
        subdir = platforms::for_prefix(&prefix, asked, settings)?;
        if is_known(&prefix, inputs::digest(options, settings, subdir)) {
            return Ok(UpdateReport::up_to_date(prefix, subdir, None));
        }
    }
    let read = |subdir| read(&create.input(subdir), settings, reporter);
    let mut input = read(subdir)?;
    let prefix = match new_prefix(&create.target, input.manifest(), settings) {
        // As conda: the active one.
        Err(TargetError::Unnamed) => existing_prefix(&create.target, settings)?,
        named => named?,
    };
    let platform = platforms::for_prefix(&prefix, asked, settings)?;
    if platform != subdir {
        // Only the file said which environment is meant: what it says depends on the environment's platform.
        subdir = platform;
        input = read(subdir)?;
    }
    let manifest = manifest_of(&input, create, reporter);
    let inputs = inputs::digest(options, settings, subdir);
    if is_known(&prefix, inputs) {
        return Ok(UpdateReport::up_to_date(prefix, subdir, None));
    }
    larder_link::check_place(&prefix)?;
    if !is_environment(&prefix) {
        let report = create::create_from((&input, inputs), create, settings, reporter).await?;
        return Ok(UpdateReport::created(report));
    }
    let held = match create.dry_run {
        true => None,
        false => Some(hold(&prefix, &create.command_line, settings, reporter)?),
    };
    // These are for new environments.
    let existing = CreateOptions {
        no_default_packages: true,
        ..create.clone()
    };
    let run = Run::open(&existing, settings, manifest, subdir, reporter)?;
    let change = Change {
        run: &run,
        options,
        prefix,
        held,
        begun,
        inputs,
        mending: Mending::default(),
    };
    change.make(&input).await
}

/// What [`update`] knows an environment by that was made with these options; nothing where it has to look.
pub(crate) fn inputs_of(
    create: &CreateOptions,
    settings: &Settings,
    subdir: Subdir,
) -> Option<Sha256> {
    let options = UpdateOptions {
        create: create.clone(),
        extras: Extras::Keep,
        override_frozen: false,
    };
    inputs::digest(&options, settings, subdir)
}

/// What is wrong with the environment besides its packages, and to be mended.
#[derive(Debug, Default)]
struct Mending {
    /// Packages whose files are not as they were.
    relink: BTreeSet<String>,
    /// Files that go, which no package owns.
    also_remove: Vec<String>,
    /// `name-version` of pip packages whose files are not as they were.
    pip: BTreeSet<String>,
    /// Records that cannot be read go, and files that were changed are not kept.
    is_strict: bool,
}

/// One update of an environment that is there.
struct Change<'c> {
    run: &'c Run<'c>,
    options: &'c UpdateOptions,
    prefix: PathBuf,
    /// Nothing in a dry run.
    held: Option<Arc<Held>>,
    begun: Instant,
    inputs: Option<Sha256>,
    mending: Mending,
}

impl Change<'_> {
    async fn make(&self, input: &Input) -> Result<UpdateReport, CreateError> {
        self.check_frozen()?;
        let installation = self.installation()?;
        let chosen = self.choose(input, &installation).await?;
        let variables = self.variables(input)?;
        let subdir = self.run.subdir;
        let mut report = UpdateReport::up_to_date(self.prefix.clone(), subdir, Some(chosen.origin));
        let closure = &chosen.closure;
        let settings = self.run.settings;
        settings.channel_rules.check_closure(closure, settings)?;
        let relink = &self.mending.relink;
        let difference = larder_link::difference(&installation, closure, relink)?;
        report.lock_changes = chosen.base.as_ref().map(|base| {
            let is_kept = |name: &str| {
                difference
                    .keep
                    .iter()
                    .any(|kept| kept.installed.name == name)
            };
            LockChanges::between(base, closure, &chosen.pip).without_extras(is_kept)
        });
        let _pin = self
            .held
            .is_some()
            .then(|| crate::store::pin(&self.run.store, closure, self.run.reporter));
        let gatherer = self.gatherer();
        report.dry_run = self.options.create.dry_run;
        report.planned(&difference, &gatherer.plan(&coming(&difference, subdir)?)?);
        let options = self.link_options(input, &chosen, variables)?;
        let pip = self.pip_change(&installation, &chosen)?;
        report.planned_pip(&pip);
        let is_same = difference.is_empty()
            && self.mending.also_remove.is_empty()
            && pip.is_empty()
            && larder_link::state_variables(&self.prefix)? == options.variables;
        if let Some(fingerprint) = options.fingerprint.filter(|_| is_same && !report.dry_run) {
            larder_link::remember(&self.prefix, fingerprint)?;
        } else if !report.dry_run {
            let had_menus = menus::recorded(&self.prefix, settings, self.run.reporter);
            let _pip_pin =
                crate::pip::pin(&self.run.store, &chosen.pip.packages, self.run.reporter);
            let of = (&installation, closure);
            let (first, second) = self.journals(input, of, pip).await?;
            for besides in [Some(&first), second.as_ref()].into_iter().flatten() {
                report.sources.join(&besides.sources());
            }
            let updated = self.apply(of, &first, (options.clone(), &mut report));
            let updated = updated.await?;
            report.updated(updated);
            if let Some(second) = second {
                let installation = self.installation()?;
                self.apply((&installation, closure), &second, (options, &mut report))
                    .await?;
            }
            // One that was made without a record, by an older larder for example, gets it. A `.condarc` that the
            // user keeps there is the user's.
            let _ =
                larder_link::record_platform(&self.prefix, subdir).map_err(CreateError::Look)?;
            self.run.settle_menus(&self.prefix, had_menus);
        }
        if !report.dry_run {
            self.record(&chosen);
        }
        report.milliseconds = crate::elapsed_milliseconds(self.begun);
        Ok(report)
    }

    fn check_frozen(&self) -> Result<(), CreateError> {
        match larder_link::frozen(&self.prefix).map_err(CreateError::Recover)? {
            Some(message) if !self.options.override_frozen => {
                let prefix = self.prefix.clone();
                Err(larder_link::UpdateError::Frozen { prefix, message }.into())
            }
            _ => Ok(()),
        }
    }

    fn installation(&self) -> Result<Installation, CreateError> {
        let threads = self.run.settings.threads;
        let installation = larder_link::installed(&self.prefix, threads)?;
        match installation.damaged.first() {
            None => Ok(installation),
            Some(_) if self.mending.is_strict => Ok(installation),
            Some(damaged) => Err(CreateError::DamagedRecord {
                path: self.prefix.join("conda-meta").join(&damaged.path),
                problem: damaged.problem.clone(),
            }),
        }
    }

    async fn choose(
        &self,
        input: &Input,
        installation: &Installation,
    ) -> Result<Chosen, CreateError> {
        match self.options.extras {
            Extras::Prune => self.run.choose(input).await,
            Extras::Keep => {
                let present = Present::read(installation, &self.prefix)?;
                let chosen = self.run.choose_besides(input, &present).await?;
                self.with_pip(input, chosen).await
            }
        }
    }

    /// The manifest's win over those that are there; what it does not name stays, unless extras go.
    fn variables(&self, input: &Input) -> Result<IndexMap<String, String>, CreateError> {
        let mut variables = match self.options.extras {
            Extras::Keep => larder_link::state_variables(&self.prefix)?,
            Extras::Prune => IndexMap::new(),
        };
        let named = create::variables(input).iter();
        variables.extend(named.map(|(name, value)| (name.clone(), value.clone())));
        Ok(variables)
    }

    fn link_options(
        &self,
        input: &Input,
        chosen: &Chosen,
        variables: IndexMap<String, String>,
    ) -> Result<LinkOptions, CreateError> {
        let create = &self.options.create;
        let fingerprint = Fingerprint {
            inputs: self.inputs,
            ..fingerprint::of_closure(
                (&chosen.closure, &chosen.pip),
                &variables,
                create.link_scripts,
            )
        };
        let manifest = match input {
            Input::Manifest(input) => Some(&input.manifest),
            Input::Lock { .. } => None,
        };
        Ok(LinkOptions {
            variables,
            fingerprint: Some(fingerprint),
            held: self.held.clone(),
            ..self.run.link_options_for(&self.prefix, manifest)
        })
    }

    fn gatherer(&self) -> Gatherer<'_> {
        Gatherer {
            settings: self.run.settings,
            store: &self.run.store,
            network: &self.run.network,
            reporter: self.run.reporter,
        }
    }

    /// Fetches, unpacks and moves; again with more packages where those that stay have paths in common
    /// with those that change, and after something of the store or the trees was damaged.
    async fn apply(
        &self,
        (installation, closure): (&Installation, &Closure),
        besides: &Besides,
        (options, report): (LinkOptions, &mut UpdateReport),
    ) -> Result<Updated, CreateError> {
        let options = larder_link::UpdateOptions {
            frozen: match self.options.override_frozen {
                true => FrozenPolicy::Override,
                false => FrozenPolicy::Respect,
            },
            changed: match self.mending.is_strict {
                true => ChangedPolicy::Discard,
                false => ChangedPolicy::Save,
            },
            also_remove: besides.remove.clone(),
            ..larder_link::UpdateOptions::new(LinkOptions {
                addition: besides.addition(),
                ..options
            })
        };
        let mut relink = self.mending.relink.clone();
        let mut rounds = 0;
        loop {
            let difference = larder_link::difference(installation, closure, &relink)?;
            let link = coming(&difference, self.run.subdir)?;
            let gatherer = self.gatherer();
            let summary = gatherer.fetch(&gatherer.plan(&link)?).await?;
            report.fetched(&summary, rounds == 0);
            rounds += 1;
            match self.attempt(&difference, (&link, &summary.objects), &options) {
                Ok(Attempt::Done(updated)) => return Ok(updated),
                Ok(Attempt::Relink(names)) => relink.extend(names),
                Err(CreateError::Materialize(error))
                    if error.is_mended_by_fetching() && rounds <= closure.packages().len() =>
                {
                    let text = format!("{error}: it is fetched anew");
                    self.run.reporter.warn("store::damaged", text);
                }
                Err(error) => return Err(error.explained_by(besides.addition.as_deref())),
            }
        }
    }

    fn attempt(
        &self,
        difference: &Difference<'_>,
        (link, objects): (&Closure, &BTreeMap<String, Object>),
        options: &larder_link::UpdateOptions,
    ) -> Result<Attempt, CreateError> {
        let stored = materialize::stored(link, objects);
        let planter = self.run.planter();
        planter.plant(&self.prefix, &stored, |packages, root| {
            let mut options = options.clone();
            options.link.bytecode = self.run.bytecodes(root);
            match larder_link::plan_update(difference, packages, &options.link)? {
                Planned::Relink(names) => Ok(Planted {
                    value: Attempt::Relink(names),
                    touched: Vec::new(),
                }),
                Planned::Ready(plan) => {
                    let updated =
                        larder_link::update(difference, &plan, &options, self.run.reporter)?;
                    Ok(Planted {
                        touched: updated.touched.clone(),
                        value: Attempt::Done(updated),
                    })
                }
            }
        })
    }

    /// What the environment needs now, for the store, and the environment for the registry.
    fn record(&self, chosen: &Chosen) {
        self.run.register(&self.prefix);
        let wheels = crate::pip::needed(&chosen.pip.packages);
        let needed = crate::store::of_closure(&chosen.closure).chain(wheels);
        let kind = larder_store::RootKind::Prefix;
        crate::store::record(
            &self.run.store,
            kind,
            &self.prefix,
            needed,
            self.run.reporter,
        );
    }
}

/// What came of one round.
enum Attempt {
    Done(Updated),
    Relink(BTreeSet<String>),
}

fn coming(difference: &Difference<'_>, subdir: Subdir) -> Result<Closure, CreateError> {
    let packages: Vec<LockedPackage> = difference.link.iter().copied().cloned().collect();
    Ok(Closure::new(subdir, packages).map_err(crate::ChooseError::from)?)
}
