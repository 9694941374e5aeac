//! Files of all packages into the environment, on a few threads.
//!
//! A directory is the unit of work: one thread opens it once and links everything in it by name, so no
//! path is walked per file and no two threads wait for one directory. Files that are rewritten come
//! first, the largest first, each by itself. One thread makes the directories meanwhile. Each file of a tree is examined just before it is used, so
//! that nothing damaged gets into an environment.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use larder_digest::Sha256;
use larder_event::Reporter;
use larder_fs::{Dir, LinkFile, LinkMethod, LinkMode, Linker, PathError};
use larder_unpack::{Condition, Damage, PathEntry};

use crate::{
    ApplyError, LinkOptions, LinkPlan,
    bytecode::{Added, Pycs},
    clobber::parent_of,
    parallel,
    plan::{Action, PathRef, PlannedPath},
};

use super::{
    directories::Directories,
    tasks::{Task, tasks},
};

/// What is known only after linking.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// Digest and size in the environment of every file that was rewritten or generated.
    pub(crate) changed: HashMap<PathRef, (Sha256, u64)>,
    /// For each package, whether any of its files is a hard link.
    pub(crate) hard_linked: Vec<bool>,
    /// For each package, whether somebody touched files of its tree without changing their bytes.
    pub(crate) touched: Vec<bool>,
    /// Files that were copied because that is what they want.
    pub(crate) copied: Vec<PathRef>,
    /// Whether other files than those were written: copied for want of links, or from archives.
    pub(crate) has_others: bool,
    /// Bytes written rather than linked.
    pub(crate) bytes: u64,
    /// The directories that bytecode was linked from.
    pub(crate) pyc_roots: Vec<PathBuf>,
    /// For each package its bytecode; empty if none was wanted.
    pub(crate) pycs: Pycs,
}

impl Written {
    /// Bytecode, beside files.
    pub(crate) fn take(&mut self, added: Added) {
        self.has_others |= added.has_copies;
        self.pycs = added.pycs;
        self.pyc_roots = added.roots;
    }
}

/// Makes all directories below `root` and everything in them.
pub(super) fn link(
    plan: &LinkPlan<'_>,
    options: &LinkOptions,
    root: &Path,
    reporter: &dyn Reporter,
) -> Result<Written, ApplyError> {
    let place_error = |source| ApplyError::Place {
        prefix: options.prefix.clone(),
        source,
    };
    let directories = Directories::new(plan);
    let tasks = tasks(plan, directories.order());
    let worker = Worker {
        plan,
        options,
        reporter,
        root: Dir::open(root).map_err(place_error)?,
        directories: &directories,
        linker: Linker::new(options.link_mode),
        copier: Linker::new(match options.link_mode {
            LinkMode::Reflink => LinkMode::Reflink,
            _ => LinkMode::Copy,
        }),
        changed: Mutex::default(),
        hard_linked: flags(plan),
        touched: flags(plan),
        copied: Mutex::default(),
        has_others: AtomicBool::new(false),
        bytes: AtomicU64::new(0),
    };
    let make = || directories.make(&worker.root).map_err(place_error);
    parallel::beside(options.threads, make, &tasks.files, |task| worker.run(task))?;
    parallel::for_each(options.threads, &tasks.links, |task| worker.run(task))?;
    if let Some(method) = worker.linker.fallback() {
        reporter.note(format!(
            "no hard links from the trees to `{}`: {}",
            options.prefix.display(),
            match method {
                LinkMethod::Reflink => "its files are reflinks",
                LinkMethod::Hardlink | LinkMethod::Copy => "its files are copies",
            }
        ));
    }
    Ok(worker.finish())
}

/// What is wrong with a file of the tree `root`, if anything.
pub(super) fn check(root: &Path, path: &PlannedPath<'_>) -> Result<Option<Damage>, PathError> {
    let Some(entry) = path.entry else {
        return Ok(None);
    };
    match Dir::open(root.join(parent_of(entry.path.as_str()))) {
        Ok(directory) => match larder_unpack::examine(&directory, entry, path.stamp)? {
            Condition::Damaged(damage) => Ok(Some(damage)),
            Condition::Same | Condition::Touched(_) => Ok(None),
        },
        Err(error) => larder_unpack::unusable(&entry.path, error).map(Some),
    }
}

/// One flag for each package.
fn flags(plan: &LinkPlan<'_>) -> Vec<AtomicBool> {
    let flag = |_| AtomicBool::new(false);
    plan.packages.iter().map(flag).collect()
}

fn unflag(flags: Vec<AtomicBool>) -> Vec<bool> {
    flags.into_iter().map(AtomicBool::into_inner).collect()
}

pub(super) struct Worker<'w, 'a> {
    pub(super) plan: &'w LinkPlan<'a>,
    pub(super) options: &'w LinkOptions,
    reporter: &'w dyn Reporter,
    pub(super) root: Dir,
    directories: &'w Directories<'w>,
    linker: Linker,
    copier: Linker,
    pub(super) changed: Mutex<HashMap<PathRef, (Sha256, u64)>>,
    hard_linked: Vec<AtomicBool>,
    touched: Vec<AtomicBool>,
    copied: Mutex<Vec<PathRef>>,
    has_others: AtomicBool,
    pub(super) bytes: AtomicU64,
}

/// Why a file was not linked.
pub(super) enum Trouble {
    Path(PathError),
    Damage(Damage),
}

impl From<PathError> for Trouble {
    fn from(error: PathError) -> Self {
        Self::Path(error)
    }
}

impl From<Damage> for Trouble {
    fn from(damage: Damage) -> Self {
        Self::Damage(damage)
    }
}

/// A directory of a package's tree, kept open for the files that follow.
struct Source<'p> {
    package: usize,
    path: &'p str,
    dir: Dir,
}

impl Worker<'_, '_> {
    fn finish(self) -> Written {
        Written {
            changed: self
                .changed
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner),
            hard_linked: unflag(self.hard_linked),
            touched: unflag(self.touched),
            copied: self
                .copied
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner),
            has_others: self.has_others.into_inner(),
            bytes: self.bytes.into_inner(),
            pyc_roots: Vec::new(),
            pycs: Pycs::new(),
        }
    }

    fn run(&self, task: &Task<'_>) -> Result<(), ApplyError> {
        let (Task::Rewrite {
            directory: index, ..
        }
        | Task::Directory { index, .. }) = task;
        if !index.is_none_or(|index| self.directories.wait(index)) {
            // The thread that makes directories has failed, and says why.
            return Ok(());
        }
        match task {
            Task::Rewrite { at, .. } => self.rewrite(*at),
            Task::Directory { path, files, .. } => self.directory(path, files),
        }
    }

    pub(super) fn failed<E: Into<Trouble>>(&self, at: PathRef) -> impl FnOnce(E) -> ApplyError {
        move |trouble| {
            let package = self.plan.packages[at.package].package.dist();
            match trouble.into() {
                Trouble::Path(source) => ApplyError::File { package, source },
                Trouble::Damage(source) => ApplyError::Tree { package, source },
            }
        }
    }

    fn directory(&self, path: &str, files: &[PathRef]) -> Result<(), ApplyError> {
        let Some(&first) = files.first() else {
            return Ok(());
        };
        let opened;
        let target = if path.is_empty() {
            &self.root
        } else {
            opened = self.root.open_dir(path).map_err(self.failed(first))?;
            &opened
        };
        let mut source = None;
        for &at in files {
            self.file(at, target, &mut source)
                .map_err(self.failed(at))?;
        }
        Ok(())
    }

    fn file<'s>(
        &'s self,
        at: PathRef,
        target: &Dir,
        source: &mut Option<Source<'s>>,
    ) -> Result<(), Trouble> {
        let planned = self.plan.path(at);
        let name = file_name(&planned.path);
        match &planned.action {
            Action::Symlink { target: text } => {
                Ok(self.replacing(target, name, planned, || target.symlink(text, name))?)
            }
            Action::Generate { content, .. } => {
                Ok(self.write(at, target, content.bytes(), true)?)
            }
            Action::Copy => self.link_file(&self.copier, at, target, source),
            _ => self.link_file(&self.linker, at, target, source),
        }
    }

    fn link_file<'s>(
        &'s self,
        linker: &Linker,
        at: PathRef,
        target: &Dir,
        source: &mut Option<Source<'s>>,
    ) -> Result<(), Trouble> {
        let planned = self.plan.path(at);
        let Some(entry) = planned.entry else {
            return Ok(());
        };
        let from = self.source(at.package, entry, source)?;
        self.examine(at, entry, &from.dir)?;
        let name = file_name(&planned.path);
        let file = LinkFile {
            from: &from.dir,
            name: Path::new(file_name(entry.path.as_str())),
            to: target,
            to_name: Path::new(name),
        };
        let method = match self.replacing(target, name, planned, || linker.link(file)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Another process that makes the tree again takes it away at any moment.
                self.examine(at, entry, &from.dir)?;
                return Err(error.into());
            }
            method => method?,
        };
        match method {
            LinkMethod::Hardlink => self.hard_linked[at.package].store(true, Ordering::Relaxed),
            LinkMethod::Copy => drop(self.bytes.fetch_add(entry.size, Ordering::Relaxed)),
            LinkMethod::Reflink => {}
        }
        self.note_copy(at, method);
        Ok(())
    }

    fn note_copy(&self, at: PathRef, method: LinkMethod) {
        let is_wanted = self.plan.path(at).action == Action::Copy;
        match method {
            LinkMethod::Hardlink => {}
            LinkMethod::Copy if is_wanted => {
                let mut copied = self.copied.lock().unwrap_or_else(PoisonError::into_inner);
                copied.push(at);
            }
            _ => self.has_others.store(true, Ordering::Relaxed),
        }
    }

    /// Compares a file of a tree with its stamp, or else its digest.
    pub(super) fn examine(
        &self,
        at: PathRef,
        entry: &PathEntry,
        directory: &Dir,
    ) -> Result<(), Trouble> {
        match larder_unpack::examine(directory, entry, self.plan.path(at).stamp)? {
            Condition::Same => {}
            Condition::Touched(_) => self.touched[at.package].store(true, Ordering::Relaxed),
            Condition::Damaged(damage) => return Err(damage.into()),
        }
        Ok(())
    }

    /// The open directory of the tree that holds a path; the last one if it is the same.
    fn source<'s, 'o>(
        &'s self,
        package: usize,
        entry: &'s PathEntry,
        open: &'o mut Option<Source<'s>>,
    ) -> Result<&'o Source<'s>, Trouble> {
        let parent = parent_of(entry.path.as_str());
        let same = |source: &Source<'_>| source.package == package && source.path == parent;
        let source = match open.take() {
            Some(source) if same(&source) => source,
            _ => Source {
                package,
                path: parent,
                dir: self.open_source(package, entry)?,
            },
        };
        Ok(open.insert(source))
    }

    /// Opens the directory of the tree that holds a path.
    pub(super) fn open_source(&self, package: usize, entry: &PathEntry) -> Result<Dir, Trouble> {
        let directory = parent_of(entry.path.as_str());
        let root = self.plan.packages[package].package.tree_root;
        Dir::open(root.join(directory)).map_err(|error| {
            match larder_unpack::unusable(&entry.path, error) {
                Ok(damage) => Trouble::Damage(damage),
                Err(error) => Trouble::Path(error),
            }
        })
    }

    /// Makes something at a name; if the name is taken, in place of what is there. The plan has each
    /// path once, so that is something a pre-link script left, or a path that differs in letter case
    /// only, on a file system that does not tell them apart.
    pub(super) fn replacing<T>(
        &self,
        directory: &Dir,
        name: &str,
        planned: &PlannedPath<'_>,
        make: impl Fn() -> Result<T, PathError>,
    ) -> Result<T, PathError> {
        match make() {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                directory.remove_file(name)?;
                let text = format!("`{}` took the place of a file that was there", planned.path);
                self.reporter.warn("link::replaced-file", text);
                make()
            }
            other => other,
        }
    }
}

pub(super) fn file_name(path: &str) -> &str {
    memchr::memrchr(b'/', path.as_bytes()).map_or(path, |slash| &path[slash + 1..])
}
