//! A plan as lines: what a reader of it sees.

use std::fmt;

use crate::{Clobber, LinkPackage};

use super::{Action, LinkPlan, PathRef, PlannedPath};

/// How a path arrives in the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum How {
    /// By the link mode: hard link, reflink or copy.
    Link,
    /// Copied (or reflinked) whatever the link mode: `no_link`, or the package's scripts may change it.
    Copy,
    /// Copied with the prefix in place of the placeholder.
    RewrittenText,
    /// The same, keeping the length of each string.
    RewrittenBinary,
    /// Made by larder: entry points.
    Generated,
    /// A symbolic link as shipped.
    Symlink,
    /// A directory as shipped.
    Directory,
}

/// One line of a plan.
#[derive(Debug, Clone, Copy)]
pub struct PlanLine<'p> {
    /// In the environment, relative, with `/`.
    pub path: &'p str,
    /// How it arrives.
    pub how: How,
    /// The package that ships it.
    pub package: LinkPackage<'p>,
    /// In the package's tree, relative; nothing for what is generated.
    pub from: Option<&'p str>,
    /// Whether a later package ships the same path, so that this one does not arrive.
    pub is_lost: bool,
}

impl LinkPlan<'_> {
    /// Every path of every package, packages in topological order.
    pub fn lines(&self) -> impl Iterator<Item = PlanLine<'_>> {
        self.packages.iter().flat_map(|planned| {
            planned.paths.iter().map(|path| PlanLine {
                path: &path.path,
                how: path.how(),
                package: planned.package,
                from: path.entry.map(|entry| entry.path.as_str()),
                is_lost: path.lost_to.is_some(),
            })
        })
    }

    /// Paths that several packages ship with different content.
    pub fn clobbers(&self) -> &[Clobber] {
        &self.clobbers
    }

    /// The packages, dependencies first.
    pub fn packages(&self) -> impl ExactSizeIterator<Item = LinkPackage<'_>> {
        self.packages.iter().map(|planned| planned.package)
    }

    pub(crate) fn path(&self, at: PathRef) -> &PlannedPath<'_> {
        &self.packages[at.package].paths[at.path]
    }
}

impl PlannedPath<'_> {
    pub(crate) fn how(&self) -> How {
        match self.action {
            Action::Link => How::Link,
            Action::Copy => How::Copy,
            Action::RewriteText { .. } => How::RewrittenText,
            Action::RewriteBinary { .. } => How::RewrittenBinary,
            Action::Symlink { .. } => How::Symlink,
            Action::Directory => How::Directory,
            Action::Generate { .. } => How::Generated,
        }
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Link => "link",
            Self::Copy => "copy",
            Self::RewrittenText => "rewritten text",
            Self::RewrittenBinary => "rewritten binary",
            Self::Generated => "generated",
            Self::Symlink => "symlink",
            Self::Directory => "directory",
        })
    }
}

impl fmt::Display for LinkPlan<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.lines().filter(|line| !line.is_lost) {
            writeln!(
                f,
                "{:<16}  {}  ({})",
                line.how,
                line.path,
                line.package.dist()
            )?;
        }
        Ok(())
    }
}
