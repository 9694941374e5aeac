//! Which closure an environment gets: that of a lock that still holds, else a fresh solve's.

use std::path::{Path, PathBuf};

use larder_event::Reporter;
use larder_lock::{
    Closure, DuplicatePackage, LockFile, LockedPackage, PipLock, Reason, Selection, Wanted, check,
};
use larder_solve::{How, Solved};
use larder_store::Store;
use rattler_conda_types::{RepoDataRecord, Subdir};
use serde::Serialize;

use crate::{
    Settings, SolvePolicy,
    inputs::ManifestInput,
    lock::{check_against, online},
    network::LazyNetwork,
    pip,
    solving::{Solving, Want, detect},
};

mod added;
mod categories;
mod error;

pub(crate) use added::LockBase;
use categories::help_with_categories;
pub(crate) use categories::{describe_left_out, selection_of_lock};
pub use error::ChooseError;

/// How the closure was come by: the value of `solve` in reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// From a lock, checked.
    Lock,
    /// From a lock, unchecked on request.
    Frozen,
    /// From an earlier solve, proven to be still the answer.
    Memo,
    /// From the solver.
    Solved,
    /// What is installed is what is wanted.
    Installed,
}

impl From<How> for Origin {
    fn from(how: How) -> Self {
        match how {
            How::Memo => Self::Memo,
            How::Solved => Self::Solved,
        }
    }
}

/// A closure and how it was come by.
#[derive(Debug)]
pub(crate) struct Chosen {
    pub(crate) closure: Closure,
    pub(crate) origin: Origin,
    /// Why no earlier solve could be used, where the solver ran.
    pub(crate) why_no_memo: Option<String>,
    /// What a lock has for pip; of a solve nothing is known yet.
    pub(crate) pip: PipLock,
    /// The lock that specs of the command line were added to.
    pub(crate) base: Option<LockBase>,
}

impl Chosen {
    pub(crate) fn known(closure: Closure, origin: Origin) -> Self {
        Self {
            closure,
            origin,
            why_no_memo: None,
            pip: PipLock::default(),
            base: None,
        }
    }

    fn with_pip(self, pip: PipLock) -> Self {
        Self { pip, ..self }
    }
}

/// What to do about the lock beside a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LockUse {
    /// Use it if it satisfies the manifest, stop if it does not.
    #[default]
    Checked,
    /// Use it as it is.
    Frozen,
    /// Do as if it were not there.
    Ignored,
}

/// What choosing needs of a run.
pub(crate) struct Chooser<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) network: &'a LazyNetwork<'a>,
    pub(crate) store: &'a Store,
    pub(crate) policy: &'a SolvePolicy,
    /// The categories that were asked for by name.
    pub(crate) categories: &'a [String],
    /// Add the configuration's packages for new environments, if no lock says what there is.
    pub(crate) with_default_packages: bool,
    pub(crate) reporter: &'a dyn Reporter,
}

impl Chooser<'_> {
    /// The closure that a manifest means: from the lock beside it, or from the solver.
    pub(crate) async fn for_manifest(
        &self,
        input: &ManifestInput,
        want: &Want,
        lock_use: LockUse,
    ) -> Result<Chosen, ChooseError> {
        let found = match lock_use {
            LockUse::Ignored => None,
            LockUse::Checked | LockUse::Frozen => input.find_lock(self.settings)?,
        };
        match (found, lock_use) {
            (Some((path, lock)), LockUse::Frozen) => {
                let closure = closure(&lock, &path, want.subdir, &want.selection)?;
                self.note_left_out(&lock, &path, want.subdir, &want.selection);
                let chosen = Chosen::known(with_requests(closure, want)?, Origin::Frozen);
                let pip = lock.pip(want.subdir, &want.selection);
                self.warn_of_passed_on(&pip);
                return Ok(chosen.with_pip(pip));
            }
            (Some((path, lock)), _) if !want.added.is_empty() => {
                return self.with_added_specs(input, &lock, &path, want).await;
            }
            (Some((path, lock)), _) => {
                let checked = self.checked(input, &lock, &path, want).await?;
                let chosen = Chosen::known(checked, Origin::Lock);
                return Ok(chosen.with_pip(lock.pip(want.subdir, &want.selection)));
            }
            (None, LockUse::Frozen) => {
                let default = || self.settings.absolute(crate::inputs::DEFAULT_LOCK);
                let path = input.lock_path().unwrap_or_else(default);
                return Err(ChooseError::NoLock { path });
            }
            (None, _) => self.reporter.note("no lock is used".into()),
        }
        let with_more;
        let want = if self.with_default_packages {
            with_more = want.with_default_packages(self.settings);
            &with_more
        } else {
            want
        };
        let solved = self.recall_or_solve(want, &[]).await?;
        Ok(Chosen {
            why_no_memo: solved.why_no_memo,
            // A memo may have been asked for in other words.
            ..Chosen::known(with_requests(solved.closure, want)?, solved.how.into())
        })
    }

    /// The answer of a solve, or an earlier one that is still true. `preferred` records are preferred over better ones.
    async fn recall_or_solve(
        &self,
        want: &Want,
        preferred: &[RepoDataRecord],
    ) -> Result<Solved, ChooseError> {
        let network = self.network.get()?;
        let solving = Solving::with_memos(
            network,
            self.store,
            self.settings,
            self.policy,
            self.reporter,
        );
        Ok(solving.recall(want, preferred).await?)
    }

    /// The closure of a lock alone. That it is complete and that this machine has what it needs is
    /// checked all the same, unless the lock is to be used as it is.
    pub(crate) fn for_lock(
        &self,
        lock: &LockFile,
        path: &Path,
        subdir: Subdir,
        lock_use: LockUse,
    ) -> Result<Chosen, ChooseError> {
        let selection = selection_of_lock(self.categories);
        self.note_left_out(lock, path, subdir, &selection);
        let found = closure(lock, path, subdir, &selection)?;
        let pip = lock.pip(subdir, &selection);
        self.warn_of_passed_on(&pip);
        if lock_use == LockUse::Frozen {
            return Ok(Chosen::known(found, Origin::Frozen).with_pip(pip));
        }
        let channels: Vec<String> = lock
            .channels()
            .iter()
            .map(|channel| channel.url.clone())
            .collect();
        let virtual_packages = detect(subdir, self.settings, self.reporter);
        let wanted = Wanted {
            subdir,
            channels: &channels,
            specs: &[],
            constraints: &[],
            virtual_packages: &virtual_packages,
            selection: &selection,
        };
        // A lock that is used alone is its own authority for what is asked for, and from where.
        let counts = |reason: &Reason| !reason.needs_manifest();
        let reasons: Vec<_> = check(lock, &wanted)
            .err()
            .into_iter()
            .flatten()
            .filter(counts)
            .collect();
        if reasons.is_empty() {
            Ok(Chosen::known(found, Origin::Lock).with_pip(pip))
        } else {
            Err(ChooseError::Stale {
                path: path.to_owned(),
                subdir,
                help: help_with_categories(lock, subdir, &selection),
                reasons,
            })
        }
    }

    /// Packages of categories that nobody asked for are left out, which who reads a lock alone cannot know.
    fn note_left_out(&self, lock: &LockFile, path: &Path, subdir: Subdir, selection: &Selection) {
        if self.categories.is_empty()
            && let Some(text) = describe_left_out(lock, path, subdir, selection)
        {
            self.reporter.warn("lock::categories", text);
        }
    }

    /// What a lock hands to uv or pip as it is, where no manifest was asked whether it names that.
    fn warn_of_passed_on(&self, pip: &PipLock) {
        if !pip.passed_on().is_empty() {
            let lines = pip.passed_on().join("`, `");
            let text = format!(
                "the lock has lines for pip that no digest stands for, installed as they are: `{lines}`"
            );
            self.reporter.warn("pip::passed-on", text);
        }
    }

    async fn checked(
        &self,
        input: &ManifestInput,
        lock: &LockFile,
        path: &Path,
        want: &Want,
    ) -> Result<Closure, ChooseError> {
        self.note_left_out(lock, path, want.subdir, &want.selection);
        let section = pip::section(input, want.subdir, self.settings)?;
        let mut reasons = check_against(lock, want, section.as_ref(), self.settings);
        // A channel may have packages elsewhere, and an index its files: only they can say so.
        if !reasons.is_empty()
            && reasons.iter().all(Reason::is_settled_by_index)
            && !self.settings.offline
        {
            reasons = self.compare_online(lock, want, section.as_ref()).await?;
        }
        if !reasons.is_empty() {
            let help = help_against(&reasons, input, lock, self.settings);
            let help = format!("{help}; `--no-lock` ignores it, `--frozen` uses it as it is");
            return Err(ChooseError::Stale {
                path: path.to_owned(),
                subdir: want.subdir,
                reasons,
                help: Some(help),
            });
        }
        self.reporter.note(format!(
            "the lock {} satisfies the manifest",
            path.display()
        ));
        Ok(with_requests(
            closure(lock, path, want.subdir, &want.selection)?,
            want,
        )?)
    }

    async fn compare_online(
        &self,
        lock: &LockFile,
        want: &Want,
        section: Option<&larder_pypi::Section>,
    ) -> Result<Vec<Reason>, ChooseError> {
        let Ok(closure) = lock.closure(want.subdir, &want.selection) else {
            return Ok(Vec::new());
        };
        let network = self.network.get()?;
        let (store, policy) = (self.store, self.policy);
        let solving = Solving::new(network, store, self.settings, policy, self.reporter);
        let mut reasons = online::compare_packages(&solving, want, &closure, lock.writer()).await?;
        if let Some(section) = section {
            let locked = lock.pip(want.subdir, &want.selection);
            let found = online::compare_wheels(section, &locked, network, self.settings);
            reasons.extend(found.await?);
        }
        Ok(reasons)
    }
}

/// The command, or the line of the manifest, that mends a stale lock.
fn help_against(
    reasons: &[Reason],
    input: &ManifestInput,
    lock: &LockFile,
    settings: &Settings,
) -> String {
    let files: String = named_files(&input.files, settings);
    let missing = reasons.iter().find_map(|reason| match reason {
        Reason::PlatformNotLocked { subdir, .. } => Some(*subdir),
        _ => None,
    });
    let Some(missing) = missing else {
        return format!("`larder lock{files}` mends it");
    };
    let listed = input.manifest.platforms.as_deref().unwrap_or_default();
    match listed {
        // `larder lock` keeps to the platforms that are locked, so it has to be told.
        [] => {
            let mut platforms: Vec<Subdir> = lock.platforms().to_vec();
            platforms.push(missing);
            let options = platforms
                .iter()
                .map(|subdir| format!(" --platform {subdir}"));
            format!(
                "`larder lock{files}{}` adds it",
                options.collect::<String>()
            )
        }
        listed if listed.contains(&missing) => format!("`larder lock{files}` adds it"),
        _ => format!(
            "add `{missing}` to `platforms:` of the manifest, then `larder lock{files}` locks it"
        ),
    }
}

/// ` -f FILE` for each manifest, but for the default one.
fn named_files(files: &[PathBuf], settings: &Settings) -> String {
    let directory = &settings.working_directory;
    let is_default = |file: &PathBuf| {
        ["environment.yml", "environment.yaml"]
            .iter()
            .any(|name| *file == directory.join(name))
    };
    if let [only] = files
        && is_default(only)
    {
        return String::new();
    }
    let named = files.iter().map(|file| {
        let file = file.strip_prefix(directory).unwrap_or(file);
        format!(" -f {}", file.display())
    });
    named.collect()
}

fn closure(
    lock: &LockFile,
    path: &Path,
    subdir: Subdir,
    selection: &Selection,
) -> Result<Closure, ChooseError> {
    lock.closure(subdir, selection)
        .map_err(|source| ChooseError::Unusable {
            path: path.to_owned(),
            subdir,
            source,
        })
}

/// The manifest says who asked for what; the lock may have been made from other words.
fn with_requests(closure: Closure, want: &Want) -> Result<Closure, DuplicatePackage> {
    let mut texts = want.texts_by_name();
    let packages = closure.packages().iter().map(|package| {
        let requested_specs = texts.remove(package.name()).unwrap_or_default();
        LockedPackage {
            requested_specs,
            ..package.clone()
        }
    });
    Closure::new(closure.subdir(), packages.collect())
}

fn listed(reasons: &[Reason]) -> String {
    reasons
        .iter()
        .map(|reason| format!("\n  - {reason}"))
        .collect()
}
