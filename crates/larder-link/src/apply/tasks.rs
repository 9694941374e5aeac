//! What the threads that link are given, and in which order.

use std::{cmp::Reverse, collections::HashMap};

use crate::{
    LinkPlan,
    clobber::parent_of,
    plan::{Action, PathRef},
};

/// Something that one thread does.
pub(super) enum Task<'p> {
    Rewrite {
        at: PathRef,
        directory: Option<usize>,
    },
    Directory {
        path: &'p str,
        /// Its place in the order of directories; none for the root.
        index: Option<usize>,
        files: Vec<PathRef>,
    },
}

/// Everything but directories.
pub(super) struct Tasks<'p> {
    /// Files to rewrite, the largest first; then what each directory holds, in the order of directories.
    pub(super) files: Vec<Task<'p>>,
    /// Symbolic links, by directory.
    pub(super) links: Vec<Task<'p>>,
}

/// What there is to do in the directories of `order` and in the root.
pub(super) fn tasks<'p>(plan: &'p LinkPlan<'_>, order: &[&'p str]) -> Tasks<'p> {
    let mut places = Places::new(order);
    let mut rewrites: Vec<(u64, PathRef, Option<usize>)> = Vec::new();
    let mut files: Vec<Vec<PathRef>> = vec![Vec::new(); order.len() + 1];
    let mut links: Vec<Vec<PathRef>> = vec![Vec::new(); order.len() + 1];
    for (package, planned) in plan.packages.iter().enumerate() {
        for (path, planned_path) in planned.paths.iter().enumerate() {
            if planned_path.lost_to.is_some() || planned_path.action == Action::Directory {
                continue;
            }
            let at = PathRef { package, path };
            let place = places.of(&planned_path.path);
            match planned_path.action {
                Action::RewriteText { .. } | Action::RewriteBinary { .. } => {
                    let size = planned_path.entry.map_or(0, |entry| entry.size);
                    rewrites.push((size, at, place.checked_sub(1)));
                }
                Action::Symlink { .. } => links[place].push(at),
                _ => files[place].push(at),
            }
        }
    }
    rewrites.sort_by_key(|&(size, ..)| Reverse(size));
    let rewrites = rewrites
        .into_iter()
        .map(|(_, at, directory)| Task::Rewrite { at, directory });
    Tasks {
        files: rewrites.chain(by_directory(files, order)).collect(),
        links: by_directory(links, order).collect(),
    }
}

fn by_directory<'p>(files: Vec<Vec<PathRef>>, order: &[&'p str]) -> impl Iterator<Item = Task<'p>> {
    let not_empty = |(_, files): &(usize, Vec<PathRef>)| !files.is_empty();
    files
        .into_iter()
        .enumerate()
        .filter(not_empty)
        .map(|(place, files)| {
            let index = place.checked_sub(1);
            Task::Directory {
                path: index.map_or("", |index| order[index]),
                index,
                files,
            }
        })
}

/// Where the directories of paths are: 0 for the root, else one more than the index. Packages list a
/// directory's paths together, so the last answer is most often the next one.
struct Places<'p> {
    places: HashMap<&'p str, usize>,
    last: (&'p str, usize),
}

impl<'p> Places<'p> {
    fn new(order: &[&'p str]) -> Self {
        let places = order
            .iter()
            .enumerate()
            .map(|(index, directory)| (*directory, index + 1));
        Self {
            places: places.collect(),
            last: ("", 0),
        }
    }

    fn of(&mut self, path: &'p str) -> usize {
        let parent = parent_of(path);
        if parent != self.last.0 {
            let place = self.places.get(parent).copied().unwrap_or_default();
            self.last = (parent, place);
        }
        self.last.1
    }
}
