//! What the threads that link are given, and in which order.

use std::collections::HashMap;

use crate::{
    LinkPlan,
    clobber::parent_of,
    plan::{Action, PathRef},
};

/// Something that one thread does.
pub(super) enum Task<'p> {
    Rewrite(PathRef),
    Directory { path: &'p str, files: Vec<PathRef> },
}

/// Everything but directories, what takes longest first.
pub(super) fn tasks<'p>(plan: &'p LinkPlan<'_>) -> Vec<Task<'p>> {
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
