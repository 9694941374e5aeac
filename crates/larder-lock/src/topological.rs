//! Topological order of a closure: dependencies first, and always the same.
//!
//! A cycle is tolerated: the edge that closes it, seen from the first name in alphabetical order, is
//! ignored. So is python's dependency on pip, so that python comes before every noarch package.

use crate::{Closure, LockedPackage, dependencies};

/// The packages, dependencies before what depends on them.
pub(crate) fn topological(closure: &Closure) -> Vec<&LockedPackage> {
    let packages = closure.packages();
    let dependencies: Vec<Vec<usize>> = packages
        .iter()
        .map(|package| dependencies(closure, package))
        .collect();
    let mut seen = vec![false; packages.len()];
    let mut order = Vec::with_capacity(packages.len());
    for root in 0..packages.len() {
        if std::mem::replace(&mut seen[root], true) {
            continue;
        }
        // With its own stack: a chain of dependencies is as long as a lock likes.
        let mut stack = vec![(root, 0)];
        while let Some((index, next)) = stack.last_mut() {
            let Some(&dependency) = dependencies[*index].get(*next) else {
                order.push(&packages[*index]);
                stack.pop();
                continue;
            };
            *next += 1;
            if !std::mem::replace(&mut seen[dependency], true) {
                stack.push((dependency, 0));
            }
        }
    }
    order
}

/// The packages of the closure that this one depends on, sorted.
fn dependencies(closure: &Closure, package: &LockedPackage) -> Vec<usize> {
    let mut indexes: Vec<usize> = dependencies::to_map(&package.record.package_record.depends)
        .keys()
        .filter(|name| !(package.name() == "python" && *name == "pip"))
        .filter_map(|name| closure.position(name))
        .collect();
    indexes.sort_unstable();
    indexes
}
