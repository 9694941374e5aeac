//! Paths that several packages ship. The later package in topological order wins, whatever the number
//! of threads; both records list the path, and both say what is really there (`sha256_in_prefix`).
//!
//! Also where the plan's directories are found, since a directory and a file at one path cannot be.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use foldhash::fast::RandomState;
use larder_unpack::{MAX_STEPS, leads_out};

use crate::{
    PlanError,
    plan::{Action, PathRef, PlannedPackage, PlannedPath},
};

/// A path that two packages ship with different content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clobber {
    /// In the environment.
    pub path: String,
    /// `name-version-build` of the package whose content is there.
    pub winner: String,
    /// `name-version-build` of the package whose content is not.
    pub loser: String,
}

/// What all packages together come to.
pub(crate) struct Settled {
    /// Every directory, parents first.
    pub(crate) directories: Vec<String>,
    pub(crate) clobbers: Vec<Clobber>,
}

/// One sentence for each clobbered path.
pub(crate) fn describe(clobbers: &[Clobber]) -> String {
    let lines: Vec<String> = clobbers.iter().map(Clobber::to_string).collect();
    lines.join("\n  ")
}

impl std::fmt::Display for Clobber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "`{}` is in both {} and {}; that of {} is kept",
            self.path, self.loser, self.winner, self.winner
        )
    }
}

/// A path that is taken by a later one.
struct Loss {
    loser: PathRef,
    winner: PathRef,
}

/// Decides who wins each path, marks the losers, resolves links, and lists the directories.
pub(crate) fn settle(packages: &mut [PlannedPackage<'_>]) -> Result<Settled, PlanError> {
    let table = Table::new(packages)?;
    let directories = table.directories()?;
    let clobbers = table.clobbers();
    let targets = table.link_targets();
    table.check_links()?;
    let Table { losses, .. } = table;
    for Loss { loser, winner } in losses {
        packages[loser.package].paths[loser.path].lost_to = Some(winner);
    }
    for (link, target) in targets {
        packages[link.package].paths[link.path].points_to = Some(target);
    }
    Ok(Settled {
        directories,
        clobbers,
    })
}

/// Who is at each path.
struct Table<'p, 'a> {
    packages: &'p [PlannedPackage<'a>],
    winners: HashMap<&'p str, PathRef, RandomState>,
    losses: Vec<Loss>,
}

impl<'p, 'a> Table<'p, 'a> {
    fn new(packages: &'p [PlannedPackage<'a>]) -> Result<Self, PlanError> {
        let count = packages.iter().map(|package| package.paths.len()).sum();
        let mut table = Self {
            packages,
            winners: HashMap::with_capacity_and_hasher(count, RandomState::default()),
            losses: Vec::new(),
        };
        for (package, planned) in packages.iter().enumerate() {
            for (path, planned_path) in planned.paths.iter().enumerate() {
                table.put(&planned_path.path, PathRef { package, path })?;
            }
        }
        Ok(table)
    }

    fn put(&mut self, path: &'p str, at: PathRef) -> Result<(), PlanError> {
        let earlier = match self.winners.entry(path) {
            Entry::Vacant(entry) => {
                entry.insert(at);
                return Ok(());
            }
            Entry::Occupied(mut entry) => entry.insert(at),
        };
        match (self.is_directory(earlier), self.is_directory(at)) {
            (true, true) => {}
            (true, false) => return Err(self.conflict(path, earlier, at)),
            (false, true) => return Err(self.conflict(path, at, earlier)),
            // A third package takes the path from both: the losses of the first follow the chain.
            (false, false) => self.losses.push(Loss {
                loser: earlier,
                winner: at,
            }),
        }
        Ok(())
    }

    fn path(&self, at: PathRef) -> &'p PlannedPath<'a> {
        &self.packages[at.package].paths[at.path]
    }

    fn is_directory(&self, at: PathRef) -> bool {
        self.path(at).action == Action::Directory
    }

    fn conflict(&self, path: &str, directory: PathRef, file: PathRef) -> PlanError {
        PlanError::Conflict {
            path: path.to_owned(),
            directory_of: self.packages[directory.package].package.dist(),
            file_of: self.packages[file.package].package.dist(),
        }
    }

    /// Parents of all paths and the directories that packages ship. None may be a file or a link: what
    /// is written below a link would land where the link leads.
    fn directories(&self) -> Result<Vec<String>, PlanError> {
        let mut directories: HashSet<&str, RandomState> = HashSet::default();
        // Packages list a directory's paths together.
        let mut last = "";
        for path in self.packages.iter().flat_map(|planned| &planned.paths) {
            if path.action == Action::Directory {
                directories.insert(&path.path);
            }
            let parent = parent_of(&path.path);
            if parent != last {
                last = parent;
                self.add_parents(&path.path, &mut directories)?;
            }
        }
        let mut directories: Vec<String> = directories.into_iter().map(str::to_owned).collect();
        directories.sort_unstable();
        Ok(directories)
    }

    fn add_parents(
        &self,
        path: &'p str,
        directories: &mut HashSet<&'p str, RandomState>,
    ) -> Result<(), PlanError> {
        let mut directory = parent_of(path);
        while !directory.is_empty() && directories.insert(directory) {
            match (self.winners.get(directory), self.winners.get(path)) {
                (Some(&at), Some(&of)) if !self.is_directory(at) => {
                    return Err(self.conflict(directory, of, at));
                }
                _ => directory = parent_of(directory),
            }
        }
        Ok(())
    }

    fn clobbers(&self) -> Vec<Clobber> {
        let differs = |loss: &&Loss| {
            loss.loser.package != loss.winner.package
                && !is_same(self.path(loss.loser), self.path(loss.winner))
        };
        let clobber = |loss: &Loss| Clobber {
            path: self.path(loss.loser).path.to_string(),
            winner: self.packages[loss.winner.package].package.dist(),
            loser: self.packages[loss.loser.package].package.dist(),
        };
        self.losses.iter().filter(differs).map(clobber).collect()
    }

    /// What each link leads to, if that is a file of a package, through a few links at most.
    fn link_targets(&self) -> Vec<(PathRef, PathRef)> {
        let mut targets = Vec::new();
        for (package, planned) in self.packages.iter().enumerate() {
            for (path, planned_path) in planned.paths.iter().enumerate() {
                if let Some(target) = self.follow(planned_path) {
                    targets.push((PathRef { package, path }, target));
                }
            }
        }
        targets
    }

    /// Refuses a link that leads out of the environment through links of other packages. Alone each package
    /// is harmless: `a -> .` of one and `b -> a/x/../../..` of another are not.
    fn check_links(&self) -> Result<(), PlanError> {
        let target_of = self.texts_of_links();
        let mut steps = MAX_STEPS;
        for (&path, &at) in &self.winners {
            if let Action::Symlink { target } = self.path(at).action
                && leads_out(path, &target_of, &mut steps)
            {
                return Err(PlanError::LinkLeadsOut {
                    package: self.packages[at.package].package.dist(),
                    path: path.to_owned(),
                    target: target.escape_debug().to_string(),
                });
            }
        }
        Ok(())
    }

    /// What the link at a path says, if the path is one.
    fn texts_of_links<'s>(&'s self) -> impl Fn(&str) -> Option<&'p str> + use<'s, 'p, 'a> {
        |path| match self.path(*self.winners.get(path)?).action {
            Action::Symlink { target } => Some(target),
            _ => None,
        }
    }

    fn follow(&self, link: &PlannedPath<'_>) -> Option<PathRef> {
        const MAX_LINKS: usize = 8;
        let Action::Symlink { target } = link.action else {
            return None;
        };
        let mut path = resolve(&link.path, target)?;
        for _ in 0..MAX_LINKS {
            let at = *self.winners.get(path.as_str())?;
            match self.path(at).action {
                Action::Symlink { target } => path = resolve(&path, target)?,
                Action::Directory => return None,
                _ => return Some(at),
            }
        }
        None
    }
}

/// The path without its last component; nothing for a path of one component.
pub(crate) fn parent_of(path: &str) -> &str {
    memchr::memrchr(b'/', path.as_bytes()).map_or("", |slash| &path[..slash])
}

/// Where a link leads, as text; nothing if that is outside.
fn resolve(link: &str, target: &str) -> Option<String> {
    if target.starts_with('/') {
        return None;
    }
    let mut components: Vec<&str> = parent_of(link)
        .split('/')
        .filter(|c| !c.is_empty())
        .collect();
    for component in target.split('/') {
        match component {
            "" | "." => {}
            ".." => drop(components.pop()?),
            name => components.push(name),
        }
    }
    Some(components.join("/"))
}

/// Whether two paths arrive with the same bytes.
fn is_same(one: &PlannedPath<'_>, other: &PlannedPath<'_>) -> bool {
    match (one.entry, other.entry) {
        (Some(a), Some(b)) => match (&one.action, &other.action) {
            (Action::Symlink { target }, Action::Symlink { target: other }) => target == other,
            (Action::Symlink { .. }, _) | (_, Action::Symlink { .. }) => false,
            _ => a.sha256.is_some() && a.sha256 == b.sha256 && a.prefix == b.prefix,
        },
        (None, None) => one.action == other.action,
        _ => false,
    }
}
