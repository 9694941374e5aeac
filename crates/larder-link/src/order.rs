//! Topological order: dependencies first, and whatever the input's order, always the same.
//!
//! Cycles are tolerated: the edge that closes one, seen from the first name in alphabetical order, is
//! ignored. So is python's dependency on pip, as in conda, so that python comes before pip.

use std::collections::HashMap;

use crate::{Installed, LinkPackage};

/// Indexes into `packages`, dependencies before what depends on them.
pub(crate) fn topological(packages: &[LinkPackage<'_>]) -> Vec<usize> {
    among(packages, &[])
}

/// The same where `others` are in the environment as well, which may stand between two of them.
pub(crate) fn among(packages: &[LinkPackage<'_>], others: &[&Installed]) -> Vec<usize> {
    let ours = packages.iter().map(|package| Node {
        name: package.name(),
        depends: package.depends(),
    });
    let nodes: Vec<Node<'_>> = ours.chain(others.iter().map(|other| node(other))).collect();
    let mut order = sorted(&nodes);
    order.retain(|&index| index < packages.len());
    order
}

/// Indexes into `installed`, dependencies before what depends on them.
pub(crate) fn of_installed(installed: &[&Installed]) -> Vec<usize> {
    let nodes: Vec<Node<'_>> = installed.iter().map(|package| node(package)).collect();
    sorted(&nodes)
}

struct Node<'a> {
    name: &'a str,
    depends: &'a [String],
}

fn node(installed: &Installed) -> Node<'_> {
    Node {
        name: &installed.name,
        depends: &installed.depends,
    }
}

fn sorted(nodes: &[Node<'_>]) -> Vec<usize> {
    let mut by_name: Vec<usize> = (0..nodes.len()).collect();
    by_name.sort_by_key(|&index| nodes[index].name);
    let index_of: HashMap<&str, usize> = by_name
        .iter()
        .map(|&index| (nodes[index].name, index))
        .collect();
    let dependencies: Vec<Vec<usize>> = nodes
        .iter()
        .map(|node| dependencies(node, &index_of))
        .collect();
    let mut walk = Walk {
        dependencies: &dependencies,
        seen: vec![false; nodes.len()],
        order: Vec::with_capacity(nodes.len()),
    };
    by_name.into_iter().for_each(|index| walk.visit(index));
    walk.order
}

/// The packages of the environment that this one depends on, by name.
fn dependencies(node: &Node<'_>, index_of: &HashMap<&str, usize>) -> Vec<usize> {
    let mut names: Vec<&str> = node.depends.iter().map(|spec| spec_name(spec)).collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .filter(|name| !(node.name == "python" && *name == "pip"))
        .filter_map(|name| index_of.get(name).copied())
        .collect()
}

/// The package name of a MatchSpec in a record: what is before the first separator.
fn spec_name(spec: &str) -> &str {
    let spec = spec.trim_start();
    let spec = spec.split_once("::").map_or(spec, |(_, rest)| rest);
    let end = spec.find([' ', '=', '<', '>', '!', '~', '[', ';', ',', '|']);
    &spec[..end.unwrap_or(spec.len())]
}

/// Depth-first, with its own stack: a chain of dependencies is as long as a channel likes.
struct Walk<'a> {
    dependencies: &'a [Vec<usize>],
    seen: Vec<bool>,
    order: Vec<usize>,
}

impl Walk<'_> {
    fn visit(&mut self, root: usize) {
        if self.seen[root] {
            return;
        }
        self.seen[root] = true;
        let mut stack = vec![(root, 0)];
        while let Some((index, next)) = stack.last_mut() {
            let Some(&dependency) = self.dependencies[*index].get(*next) else {
                self.order.push(*index);
                stack.pop();
                continue;
            };
            *next += 1;
            if !self.seen[dependency] {
                self.seen[dependency] = true;
                stack.push((dependency, 0));
            }
        }
    }
}
