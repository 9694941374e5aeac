//! Files of all packages into the environment, on a few threads.
//!
//! A directory is the unit of work: one thread opens it once and links everything in it by name, so no
//! path is walked per file and no two threads wait for one directory. Files that are rewritten come
//! first, the largest first, each by itself.

use std::{
    collections::HashMap,
    io::{self, Write as _},
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use larder_digest::{Hasher, Sha256};
use larder_event::Reporter;
use larder_fs::{Dir, LinkFile, LinkMethod, LinkMode, Linker, PathContext as _, PathError};

use crate::{
    ApplyError, LinkOptions, LinkPlan,
    clobber::parent_of,
    codesign, parallel,
    plan::{Action, PathRef, PlannedPath},
    rewritten::rewritten,
};

/// What is known only after linking.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// Digest and size in the environment of every file that was rewritten or generated.
    pub(crate) changed: HashMap<PathRef, (Sha256, u64)>,
    /// For each package, whether any of its files is a hard link.
    pub(crate) hard_linked: Vec<bool>,
    /// Bytes written rather than linked.
    pub(crate) bytes: u64,
}

enum Task<'p> {
    Rewrite(PathRef),
    Directory { path: &'p str, files: Vec<PathRef> },
}

/// Links everything but directories below `root`, where all directories are.
pub(super) fn link(
    plan: &LinkPlan<'_>,
    options: &LinkOptions,
    root: &Path,
    reporter: &dyn Reporter,
) -> Result<Written, ApplyError> {
    let worker = Worker {
        plan,
        options,
        reporter,
        root: Dir::open(root).map_err(|source| ApplyError::Place {
            prefix: options.prefix.clone(),
            source,
        })?,
        linker: Linker::new(options.link_mode),
        copier: Linker::new(match options.link_mode {
            LinkMode::Reflink => LinkMode::Reflink,
            _ => LinkMode::Copy,
        }),
        changed: Mutex::default(),
        hard_linked: plan
            .packages
            .iter()
            .map(|_| AtomicBool::new(false))
            .collect(),
        bytes: AtomicU64::new(0),
    };
    parallel::for_each(options.threads, &tasks(plan), |task| worker.run(task))?;
    Ok(worker.finish())
}

fn tasks<'p>(plan: &'p LinkPlan<'_>) -> Vec<Task<'p>> {
    let mut rewrites: Vec<(u64, PathRef)> = Vec::new();
    let mut index_of: HashMap<&str, usize> = HashMap::with_capacity(plan.directories.len());
    let mut directories: Vec<(&str, Vec<PathRef>)> = Vec::new();
    for (package, planned) in plan.packages.iter().enumerate() {
        for (path, planned_path) in planned.paths.iter().enumerate() {
            let at = PathRef { package, path };
            match planned_path.action {
                _ if planned_path.lost_to.is_some() => {}
                Action::Directory => {}
                Action::RewriteText { .. } | Action::RewriteBinary { .. } => {
                    rewrites.push((planned_path.entry.map_or(0, |entry| entry.size), at));
                }
                _ => {
                    let directory = parent_of(&planned_path.path);
                    let index = *index_of.entry(directory).or_insert_with(|| {
                        directories.push((directory, Vec::new()));
                        directories.len() - 1
                    });
                    directories[index].1.push(at);
                }
            }
        }
    }
    rewrites.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
    directories.sort_by_key(|(_, files)| std::cmp::Reverse(files.len()));
    let rewrites = rewrites.into_iter().map(|(_, at)| Task::Rewrite(at));
    let directories = directories
        .into_iter()
        .map(|(path, files)| Task::Directory { path, files });
    rewrites.chain(directories).collect()
}

struct Worker<'w, 'a> {
    plan: &'w LinkPlan<'a>,
    options: &'w LinkOptions,
    reporter: &'w dyn Reporter,
    root: Dir,
    linker: Linker,
    copier: Linker,
    changed: Mutex<HashMap<PathRef, (Sha256, u64)>>,
    hard_linked: Vec<AtomicBool>,
    bytes: AtomicU64,
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
            hard_linked: self
                .hard_linked
                .into_iter()
                .map(AtomicBool::into_inner)
                .collect(),
            bytes: self.bytes.into_inner(),
        }
    }

    fn run(&self, task: &Task<'_>) -> Result<(), ApplyError> {
        match task {
            Task::Rewrite(at) => self.rewrite(*at),
            Task::Directory { path, files } => self.directory(path, files),
        }
    }

    fn failed(&self, at: PathRef) -> impl FnOnce(PathError) -> ApplyError {
        let package = self.plan.packages[at.package].package.dist();
        move |source| ApplyError::File { package, source }
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
    ) -> Result<(), PathError> {
        let planned = self.plan.path(at);
        let name = file_name(&planned.path);
        match &planned.action {
            Action::Symlink { target: text } => {
                self.replacing(target, name, planned, || target.symlink(text, name))
            }
            Action::Generate { content, .. } => self.write(at, target, content.bytes(), true),
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
    ) -> Result<(), PathError> {
        let planned = self.plan.path(at);
        let Some(entry) = planned.entry else {
            return Ok(());
        };
        let from = self.source(at.package, entry.path.as_str(), source)?;
        let name = file_name(&planned.path);
        let file = LinkFile {
            from: &from.dir,
            name: Path::new(entry.path.file_name()),
            to: target,
            to_name: Path::new(name),
        };
        let method = self.replacing(target, name, planned, || linker.link(file))?;
        match method {
            LinkMethod::Hardlink => self.hard_linked[at.package].store(true, Ordering::Relaxed),
            LinkMethod::Copy => drop(self.bytes.fetch_add(entry.size, Ordering::Relaxed)),
            LinkMethod::Reflink => {}
        }
        Ok(())
    }

    /// The open directory of the tree that holds `path`; the last one if it is the same.
    fn source<'s, 'o>(
        &'s self,
        package: usize,
        path: &'s str,
        open: &'o mut Option<Source<'s>>,
    ) -> Result<&'o Source<'s>, PathError> {
        let parent = parent_of(path);
        let same = |source: &Source<'_>| source.package == package && source.path == parent;
        let source = match open.take() {
            Some(source) if same(&source) => source,
            _ => Source {
                package,
                path: parent,
                dir: self.open_source(package, parent)?,
            },
        };
        Ok(open.insert(source))
    }

    fn open_source(&self, package: usize, directory: &str) -> Result<Dir, PathError> {
        Dir::open(
            self.plan.packages[package]
                .package
                .tree_root
                .join(directory),
        )
    }

    fn rewrite(&self, at: PathRef) -> Result<(), ApplyError> {
        let planned = self.plan.path(at);
        let Some(entry) = planned.entry else {
            return Ok(());
        };
        let path = entry.path.as_str();
        let bytes = self
            .open_source(at.package, parent_of(path))
            .and_then(|directory| directory.read(file_name(path)))
            .map_err(self.failed(at))?;
        let bytes = self.rewritten(at, bytes)?;
        self.write(at, &self.root, &bytes, entry.executable)
            .map_err(self.failed(at))?;
        let is_binary = matches!(planned.action, Action::RewriteBinary { .. });
        if is_binary && codesign::is_needed(self.options.subdir, entry.executable, &bytes) {
            self.sign(at).map_err(self.failed(at))?;
        }
        Ok(())
    }

    fn rewritten(&self, at: PathRef, bytes: Vec<u8>) -> Result<Vec<u8>, ApplyError> {
        let package = self.plan.packages[at.package].package;
        let place = (self.plan.prefix.as_str(), self.options.subdir);
        rewritten(bytes, self.plan.path(at), place)
            .map_err(|too_long| too_long.of(package, self.plan.path(at)))
    }

    /// Writes a new file: at its whole path below the root, or by its name in its directory.
    fn write(
        &self,
        at: PathRef,
        directory: &Dir,
        bytes: &[u8],
        executable: bool,
    ) -> Result<(), PathError> {
        let planned = self.plan.path(at);
        let path: &str = &planned.path;
        let is_root = std::ptr::eq(directory, &self.root);
        let name = if is_root { path } else { file_name(path) };
        let mut file = self.replacing(directory, name, planned, || {
            directory.create_file(name, executable)
        })?;
        file.write_all(bytes)
            .at("write file", directory.path().join(name))?;
        self.note_content(at, bytes);
        Ok(())
    }

    fn note_content(&self, at: PathRef, bytes: &[u8]) {
        let mut hasher = Hasher::sha256();
        hasher.update(bytes);
        let content = (hasher.finish().sha256, bytes.len() as u64);
        self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.changed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(at, content);
    }

    fn sign(&self, at: PathRef) -> Result<(), PathError> {
        let path: &str = &self.plan.path(at).path;
        codesign::sign(&self.root.path().join(path))?;
        let signed = self.root.read(path)?;
        self.note_content(at, &signed);
        Ok(())
    }

    /// Makes something at a name; if the name is taken, in place of what is there. The plan has each
    /// path once, so that is something a pre-link script left, or a path that differs in letter case
    /// only, on a file system that does not tell them apart.
    fn replacing<T>(
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

fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}
