//! From packages to moves: looks at what is really at each path that changes, and decides what goes, what
//! comes and what is kept aside. Changes nothing.
//!
//! What a package did not bring is never lost: a file that somebody changed, and one that is in the way
//! of a package, end in `.larder-saved`, and the user is told. Nothing is touched behind a link that
//! stands where a directory should be. Compiled Python goes with its source.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fs, io,
    path::{Path, PathBuf},
};

use larder_fs::{PathContext as _, PathError};

use crate::{
    InstalledKind, InstalledPath, LinkPlan,
    bytecode::Pycs,
    clobber::parent_of,
    plan::Action,
    update::{
        Difference, UpdateError, added,
        changed::is_changed,
        journal::{In, Moves, Out},
        overlap::Overlap,
    },
};

/// What is to be moved below the prefix, apart from `conda-meta`.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub(super) moves: Moves,
    /// Directories that may have become empty, deepest first.
    pub(super) emptied: Vec<String>,
}

/// What a survey needs to know.
pub(super) struct Surveyor<'s, 'a> {
    pub(super) prefix: &'s Path,
    pub(super) difference: &'s Difference<'a>,
    pub(super) plan: &'s LinkPlan<'a>,
    pub(super) overlap: &'s Overlap,
    /// Bytecode that was made for packages of the plan.
    pub(super) pycs: &'s Pycs,
    /// What comes besides packages; none of them has such a path.
    pub(super) added: &'s [String],
    /// Further files that go, which no package owns.
    pub(super) also_remove: &'s [String],
    /// Whether what somebody changed is kept aside.
    pub(super) saves: bool,
    pub(super) threads: usize,
}

/// What is really at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum There {
    Nothing,
    Directory,
    /// A file, a link or something stranger.
    Leaf,
}

struct Work<'s, 'a> {
    of: &'s Surveyor<'s, 'a>,
    outs: Vec<Out>,
    index_of: HashMap<String, usize>,
    parents: HashMap<String, bool>,
}

impl Surveyor<'_, '_> {
    pub(super) fn survey(&self) -> Result<Survey, UpdateError> {
        let mut work = Work {
            of: self,
            outs: Vec::new(),
            index_of: HashMap::new(),
            parents: HashMap::new(),
        };
        work.gone()?;
        work.bytecode()?;
        let directories = work.directories()?;
        let ins = work.ins()?;
        let emptied = work.emptied();
        Ok(Survey {
            moves: Moves {
                outs: work.outs,
                directories,
                ins,
            },
            emptied,
        })
    }

    fn at(&self, path: &str) -> PathBuf {
        self.prefix.join(path)
    }

    fn there(&self, path: &str) -> Result<There, PathError> {
        let path = self.at(path);
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_dir() => Ok(There::Directory),
            Ok(_) => Ok(There::Leaf),
            Err(error) if is_absent(&error) => Ok(There::Nothing),
            Err(error) => Err(error).at("read metadata of", path),
        }
    }

    fn occupied(&self, path: &str, what: &'static str) -> UpdateError {
        let mut lines = self.plan.lines();
        let owner = lines.find(|line| line.path == path || is_below(line.path, path));
        UpdateError::Occupied {
            path: self.at(path),
            what,
            package: owner.map(|line| line.package.dist()).unwrap_or_default(),
        }
    }
}

impl Work<'_, '_> {
    /// Everything that packages which go had brought, and that is still there.
    fn gone(&mut self) -> Result<(), UpdateError> {
        let of = self.of;
        let mut candidates: Vec<(&str, Option<&InstalledPath>)> = Vec::new();
        for package in &of.difference.unlink {
            // A link script may have changed what its own package brought.
            let scripts = package.paths.iter().any(|path| is_post_link(&path.path));
            for path in &package.paths {
                if path.kind != InstalledKind::Directory {
                    let check = (of.saves && !scripts).then_some(path);
                    candidates.push((path.path.as_str(), check));
                }
            }
        }
        let also = of.also_remove.iter().map(|path| (path.as_str(), None));
        candidates.extend(also);
        let mut checks = Vec::new();
        for (path, check) in candidates {
            if of.overlap.shared.contains(path) || self.index_of.contains_key(path) {
                continue;
            }
            if self.is_reachable(path) && of.there(path)? == There::Leaf {
                checks.extend(check.map(|check| (self.outs.len(), check)));
                self.out(path, false);
            }
        }
        for index in is_changed(of.prefix, &checks, of.threads)? {
            self.outs[index].is_saved = true;
        }
        Ok(())
    }

    fn out(&mut self, path: &str, is_saved: bool) {
        self.index_of.insert(path.to_owned(), self.outs.len());
        self.outs.push(Out {
            path: path.to_owned(),
            is_replaced: false,
            is_saved,
        });
    }

    /// Whether all directories above a path are directories of the prefix, not links out of it.
    fn is_reachable(&mut self, path: &str) -> bool {
        let parent = parent_of(path);
        if parent.is_empty() {
            return true;
        }
        if let Some(&known) = self.parents.get(parent) {
            return known;
        }
        let is_directory = matches!(self.of.there(parent), Ok(There::Directory));
        let reachable = is_directory && self.is_reachable(parent);
        self.parents.insert(parent.to_owned(), reachable);
        reachable
    }

    /// What is at a path that comes, not behind a link that goes before it comes.
    fn now(&mut self, path: &str) -> Result<There, UpdateError> {
        if self.is_reachable(path) {
            Ok(self.of.there(path)?)
        } else {
            Ok(There::Nothing)
        }
    }

    /// Python's own compilations of sources that go, as far as no package has brought them.
    fn bytecode(&mut self) -> Result<(), UpdateError> {
        let mut sources: HashMap<String, HashSet<String>> = HashMap::new();
        for out in &self.outs {
            if let Some(stem) = out.path.strip_suffix(".py") {
                let (directory, stem) = stem.rsplit_once('/').unwrap_or(("", stem));
                let stems = sources.entry(directory.to_owned()).or_default();
                stems.insert(stem.to_owned());
            }
        }
        let kept: HashSet<&str> = match sources.is_empty() {
            true => HashSet::new(),
            false => kept_bytecode(self.of.difference),
        };
        for (directory, stems) in sources {
            let cache = match directory.as_str() {
                "" => "__pycache__".to_owned(),
                directory => format!("{directory}/__pycache__"),
            };
            for name in names(&self.of.at(&cache)) {
                let path = format!("{cache}/{name}");
                let is_compiled = name.ends_with(".pyc")
                    && name
                        .split('.')
                        .next()
                        .is_some_and(|stem| stems.contains(stem));
                if is_compiled && !kept.contains(&*path) && !self.index_of.contains_key(&path) {
                    self.out(&path, false);
                }
            }
        }
        Ok(())
    }

    /// Directories that have to be made, parents first.
    fn directories(&mut self) -> Result<Vec<String>, UpdateError> {
        let mut missing = Vec::new();
        let of = self.of;
        let compiled = of.pycs.iter().flatten().map(|pyc| parent_of(&pyc.path));
        let added = added::directories(of.added);
        let compiled: BTreeSet<&str> = compiled.chain(added).collect();
        let planned = of.plan.directories.iter().map(String::as_str);
        let compiled = compiled.into_iter().filter(|directory| {
            let mut planned = of.plan.directories.iter();
            !planned.any(|planned| planned == directory)
        });
        for directory in planned.chain(compiled) {
            match self.now(directory)? {
                There::Directory => {}
                There::Leaf if !self.index_of.contains_key(directory) => {
                    return Err(self.of.occupied(directory, "a file or link"));
                }
                _ => missing.push(directory.to_owned()),
            }
        }
        Ok(missing)
    }

    /// What comes, and what is in its way.
    fn ins(&mut self) -> Result<Vec<In>, UpdateError> {
        let of = self.of;
        let mut ins = Vec::new();
        let mut directories = Vec::new();
        let planned = of.plan.packages.iter().flat_map(|package| &package.paths);
        let planned = planned
            .filter(|planned| planned.action != Action::Directory && planned.lost_to.is_none())
            .map(|planned| &*planned.path);
        let compiled = of.pycs.iter().flatten().map(|pyc| &*pyc.path);
        let added = of.added.iter().map(String::as_str);
        for path in planned.chain(compiled).chain(added) {
            if of.overlap.shared.contains(path) {
                continue;
            }
            let mut replaces = self.index_of.get(path).copied();
            if replaces.is_none() {
                match self.now(path)? {
                    There::Nothing => {}
                    There::Leaf => {
                        replaces = Some(self.outs.len());
                        self.out(path, of.saves && !path.ends_with(".pyc"));
                    }
                    There::Directory => {
                        self.check_only_outs_below(path)?;
                        directories.push(path.to_owned());
                    }
                }
            }
            if let Some(index) = replaces {
                self.outs[index].is_replaced = true;
            }
            ins.push(In {
                path: path.to_owned(),
                replaces,
            });
        }
        // After the files in them.
        directories.iter().for_each(|path| self.out(path, false));
        Ok(ins)
    }

    fn check_only_outs_below(&self, directory: &str) -> Result<(), UpdateError> {
        for name in names(&self.of.at(directory)) {
            let path = format!("{directory}/{name}");
            match self.of.there(&path)? {
                There::Directory => self.check_only_outs_below(&path)?,
                There::Leaf if !self.index_of.contains_key(&path) => {
                    let what = "a directory with files that no package owns";
                    return Err(self.of.occupied(directory, what));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn emptied(&self) -> Vec<String> {
        let planned: HashSet<&str> = self
            .of
            .plan
            .directories
            .iter()
            .map(String::as_str)
            .collect();
        let mut emptied: BTreeSet<&str> = BTreeSet::new();
        let unlinked = self.of.difference.unlink.iter();
        let owned = unlinked.flat_map(|package| &package.paths);
        let owned = owned.filter(|path| path.kind == InstalledKind::Directory);
        emptied.extend(owned.map(|path| path.path.as_str()));
        for out in self.outs.iter().filter(|out| !out.is_replaced) {
            let mut parent = parent_of(&out.path);
            while !parent.is_empty() && emptied.insert(parent) {
                parent = parent_of(parent);
            }
        }
        let goes = |directory: &&str| {
            !planned.contains(*directory) && !self.of.overlap.directories.contains(*directory)
        };
        let goes = emptied.into_iter().rev().filter(goes);
        goes.map(str::to_owned).collect()
    }
}

fn kept_bytecode<'d>(difference: &'d Difference<'_>) -> HashSet<&'d str> {
    let paths = difference
        .keep
        .iter()
        .flat_map(|kept| &kept.installed.paths);
    let bytecode = paths.filter(|path| path.kind == InstalledKind::Bytecode);
    bytecode.map(|path| path.path.as_str()).collect()
}

/// Names in a directory; of one that cannot be listed, none.
fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn is_below(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory)
        .is_some_and(|rest| rest.starts_with('/'))
}

fn is_post_link(path: &larder_unpack::RelPath) -> bool {
    let name = path.file_name();
    name.starts_with('.') && (name.ends_with("-post-link.sh") || name.ends_with("-post-link.bat"))
}
