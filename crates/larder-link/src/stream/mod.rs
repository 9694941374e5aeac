//! [`stream`]: archives straight into a new environment, each file written once, in its final form.
//!
//! No tree is made. Each package is planned for itself when its archive is there, in any order, and
//! its entries go into the staged environment as they are decoded. Two packages with one path are
//! settled at the end, when every package is known: the plan is then the very one that trees would
//! have had, and what it says otherwise than what was written is written anew. Nobody sees the
//! environment before every archive and every digest in it was right.
//!
//! Never fetches; never keeps a whole package in memory, only single files that are rewritten.

use std::{collections::HashMap, path::PathBuf, sync::OnceLock, time::Instant};

use larder_event::{Event, Phase, Reporter, WorkKind, time_work};
use larder_lock::{Completeness, LockedPackage};
use larder_unpack::{Archive, Expected, UnpackError};

use crate::{
    Applied, ApplyError, LinkOptions, LinkPackage, LinkPlan, PlanError,
    apply::{self, Written},
    layout::PythonLayout,
    plan::{self, Planner},
};

mod claims;
mod contents;
mod failure;
mod links;
mod queue;
mod settle;
mod stage;
mod writer;

use failure::Failure;
use stage::{Stage, Staged};

/// Where the archives of a run come from.
pub trait Archives: Sync {
    /// Why an archive is not to be had, and whatever else stops a run.
    type Error: From<UnpackError> + From<PlanError> + From<ApplyError> + Send;

    /// The next package whose archive can be opened, by its index; each is given once. May wait for
    /// one. Nothing once all were given, or where the rest never comes.
    fn next(&self) -> Option<usize>;

    /// Opens a package's archive, its bytes verified. May wait for it. Called again for the few packages
    /// that need a second look.
    ///
    /// # Errors
    /// If it is not to be had.
    fn open(&self, index: usize) -> Result<OpenedArchive, Self::Error>;

    /// A package's archive holds what it lists, with each digest that is in the list.
    fn confirmed(&self, _index: usize) {}
}

/// An archive with what there is to know of it.
#[derive(Debug)]
pub struct OpenedArchive {
    /// The archive.
    pub archive: Archive,
    /// The package that it has to be.
    pub expected: Expected,
    /// Whether the same bytes were once found to hold what they list ([`Archives::confirmed`]): then the
    /// digests that are in the list are not computed again.
    pub is_confirmed: bool,
    /// The archive in the store. Becomes `package_tarball_full_path`.
    pub archive_path: PathBuf,
    /// Where the tree would be, if there were one. Becomes `extracted_package_dir`.
    pub recorded_root: PathBuf,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Streamed {
    /// The environment is there.
    Applied(Applied),
    /// A package has a pre-link script, which runs in an extracted package before anything is linked.
    /// Nothing was changed: make trees and [`apply()`](crate::apply()) them.
    NeedsTrees {
        /// `name-version-build`.
        package: String,
    },
    /// `archives` ended before it had given them all. Nothing was changed.
    Incomplete,
}

/// Makes the environment of `packages`, which `archives` gives by their index.
///
/// Emits the phase [`Phase::Unpack`] with an [`Event::Unpacked`] for each package, then what
/// [`apply()`](crate::apply()) emits.
///
/// # Errors
/// What `archives` fails with, or wraps; what was at the prefix before is there again.
pub fn stream<A: Archives>(
    packages: &[&LockedPackage],
    archives: &A,
    options: &LinkOptions,
    reporter: &dyn Reporter,
) -> Result<Streamed, A::Error> {
    let python = python_layout(packages, archives, options)?;
    let planner = Planner::new(python, options)?;
    let begun = apply::begin(&options.prefix, options, reporter)?;
    let run = Run {
        packages,
        archives,
        options,
        reporter,
    };
    let mut staged = Vec::new();
    let linked = Stage::new(&planner, begun.build.root(), reporter)
        .map_err(A::Error::from)
        .and_then(|stage| run.fill_and_settle(&stage, &mut staged));
    match linked {
        Ok(Linked::Whole(plan, written)) => {
            let applied = apply::complete(begun, &plan, Some(written), (options, reporter))?;
            Ok(Streamed::Applied(applied))
        }
        Ok(Linked::Not(why)) => {
            begun.build.abandon(reporter);
            Ok(why)
        }
        Err(error) => {
            begun.build.abandon(reporter);
            Err(error)
        }
    }
}

/// Files and links of all packages, staged.
enum Linked<'a> {
    Whole(LinkPlan<'a>, Written),
    Not(Streamed),
}

struct Run<'r, A> {
    packages: &'r [&'r LockedPackage],
    archives: &'r A,
    options: &'r LinkOptions,
    reporter: &'r dyn Reporter,
}

impl<'r, A: Archives> Run<'r, A> {
    fn fill_and_settle<'a>(
        &self,
        stage: &Stage<'_>,
        staged: &'a mut Vec<Staged>,
    ) -> Result<Linked<'a>, A::Error>
    where
        'r: 'a,
    {
        match self.fill(stage)? {
            Ok(all) => *staged = all,
            Err(why) => return Ok(Linked::Not(why)),
        }
        let begun = Instant::now();
        self.started(Phase::Link);
        let links: Vec<LinkPackage<'a>> = self
            .packages
            .iter()
            .zip(&*staged)
            .map(|(locked, staged)| staged.link_package(locked))
            .collect();
        let plan = plan::plan(&links, self.options)?;
        let written = settle::settle(&plan, stage, &self.in_order(&plan, staged), self.archives)?;
        apply::tell_of_packages(&plan, self.reporter);
        self.finished(Phase::Link, begun);
        Ok(Linked::Whole(plan, written))
    }

    /// What came of each package of the plan, with its place among all.
    fn in_order<'s>(&self, plan: &LinkPlan<'_>, staged: &'s [Staged]) -> Vec<(usize, &'s Staged)> {
        let names = self.packages.iter().map(|package| package.name());
        let index_of: HashMap<&str, usize> = names.zip(0..).collect();
        plan.packages()
            .map(|package| index_of[package.name()])
            .map(|index| (index, &staged[index]))
            .collect()
    }

    /// Every archive into the stage, on the run's threads; or why that cannot be.
    fn fill(&self, stage: &Stage<'_>) -> Result<Result<Vec<Staged>, Streamed>, A::Error> {
        let begun = Instant::now();
        self.started(Phase::Unpack);
        let needs_tree = OnceLock::new();
        let staged = queue::work_off(self.options.threads, self.archives, |index| {
            let locked = self.packages[index];
            let package = locked.dist();
            let hashing = (WorkKind::Hash, package.as_str());
            let opened = time_work(self.reporter, hashing, || self.archives.open(index))?;
            let staged = time_work(self.reporter, (WorkKind::Unpack, &package), || {
                stage.package(locked, opened)
            });
            let staged = staged.map_err(Failure::wrap::<A::Error>)?;
            match &staged {
                Some(staged) => {
                    self.archives.confirmed(index);
                    self.reporter.event(&Event::Unpacked {
                        package,
                        files: staged.info.paths.len() as u64,
                    });
                }
                None => drop(needs_tree.set(package)),
            }
            Ok(staged)
        })?;
        if let Some(package) = needs_tree.into_inner() {
            return Ok(Err(Streamed::NeedsTrees { package }));
        }
        if staged.len() < self.packages.len() {
            return Ok(Err(Streamed::Incomplete));
        }
        self.finished(Phase::Unpack, begun);
        Ok(Ok(staged))
    }

    fn started(&self, phase: Phase) {
        self.reporter.event(&Event::PhaseStarted {
            phase,
            total: self.packages.len() as u64,
            bytes: 0,
        });
    }

    fn finished(&self, phase: Phase, begun: Instant) {
        self.reporter.event(&Event::PhaseFinished {
            phase,
            milliseconds: begun.elapsed().as_millis() as u64,
        });
    }
}

/// Where python's packages go. Its record says it, or, if that is not all there, its archive.
fn python_layout<A: Archives>(
    packages: &[&LockedPackage],
    archives: &A,
    options: &LinkOptions,
) -> Result<Option<PythonLayout>, A::Error> {
    let Some(index) = packages
        .iter()
        .position(|package| package.name() == "python")
    else {
        return Ok(None);
    };
    let python = packages[index];
    let record = &python.record.package_record;
    let mut path = record.python_site_packages_path.clone();
    if path.is_none() && python.completeness != Completeness::Full {
        let mut opened = archives.open(index)?;
        let info = opened.archive.read_package_info(&opened.expected)?;
        path = info.index.python_site_packages_path;
    }
    Ok(Some(PythonLayout::of(
        python,
        path.as_deref(),
        options.subdir,
    )?))
}
