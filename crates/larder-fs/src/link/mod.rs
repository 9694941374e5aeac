//! How a file of a tree gets into an environment: reflink, hard link or copy.
//!
//! A [`Linker`] is a small state machine that only moves forward: with [`LinkMode::Auto`] the first
//! method that the file system refuses is not tried again. Shared by all threads of a run.

use std::{
    io,
    path::Path,
    sync::atomic::{AtomicU8, Ordering},
};

use crate::{Dir, PathError, is_unsupported};

#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix::{copy, reflink};
#[cfg(not(unix))]
mod portable;
#[cfg(not(unix))]
use portable::{copy, reflink};

/// What the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LinkMode {
    /// Hard link, else reflink, else copy. Hard links come first because they are by far the cheapest
    /// (4 us against 35 to 60 us a file on ext4, xfs and btrfs).
    #[default]
    Auto,
    /// Hard link; copy a file that has reached its file system's limit of links.
    Hardlink,
    /// Share the blocks but not the inode.
    Reflink,
    /// Copy the bytes.
    Copy,
}

/// What was done with one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkMethod {
    /// Both names are one inode.
    Hardlink,
    /// Two inodes share their blocks.
    Reflink,
    /// Two inodes, twice the bytes.
    Copy,
}

/// One file to link: where it is and where it goes.
#[derive(Debug, Clone, Copy)]
pub struct LinkFile<'a> {
    /// The directory that holds the file.
    pub from: &'a Dir,
    /// Its name there; may have several components.
    pub name: &'a Path,
    /// The directory that gets the file.
    pub to: &'a Dir,
    /// Its name there; may have several components.
    pub to_name: &'a Path,
}

/// Links files by the cheapest method that mode and file systems allow.
#[derive(Debug)]
pub struct Linker {
    mode: LinkMode,
    /// The first method of [`LADDER`] that has not been refused yet.
    rung: AtomicU8,
}

const LADDER: [LinkMethod; 3] = [LinkMethod::Hardlink, LinkMethod::Reflink, LinkMethod::Copy];

impl Linker {
    /// A linker that has tried nothing yet.
    pub fn new(mode: LinkMode) -> Self {
        Self {
            mode,
            rung: AtomicU8::new(0),
        }
    }

    /// The method that is used because a better one was refused.
    pub fn fallback(&self) -> Option<LinkMethod> {
        let rung = usize::from(self.rung.load(Ordering::Relaxed));
        (rung > 0).then(|| LADDER[rung])
    }

    /// Links one file; says how.
    ///
    /// # Errors
    /// If the target name is taken, the source is missing, the disk is full, or the method asked for
    /// is not possible between these two directories (kinds `CrossesDevices`, `Unsupported`).
    pub fn link(&self, file: LinkFile<'_>) -> Result<LinkMethod, PathError> {
        match self.mode {
            LinkMode::Auto => self.climb(file),
            LinkMode::Copy => copy(file).map(|()| LinkMethod::Copy),
            LinkMode::Reflink => reflink(file).map(|()| LinkMethod::Reflink),
            LinkMode::Hardlink => match try_method(LinkMethod::Hardlink, file) {
                Err(error) if has_too_many_links(&error) => copy(file).map(|()| LinkMethod::Copy),
                other => other.map(|()| LinkMethod::Hardlink),
            },
        }
    }

    fn climb(&self, file: LinkFile<'_>) -> Result<LinkMethod, PathError> {
        let mut rung = self.rung.load(Ordering::Relaxed);
        loop {
            let method = LADDER[usize::from(rung)];
            match try_method(method, file) {
                Ok(()) => return Ok(method),
                Err(error) if method == LinkMethod::Hardlink && has_too_many_links(&error) => {
                    return copy(file).map(|()| LinkMethod::Copy);
                }
                Err(error) if usize::from(rung) + 1 < LADDER.len() && is_refusal(&error) => {
                    rung += 1;
                    self.rung.fetch_max(rung, Ordering::Relaxed);
                }
                Err(error) => return Err(error),
            }
        }
    }
}

fn try_method(method: LinkMethod, file: LinkFile<'_>) -> Result<(), PathError> {
    match method {
        LinkMethod::Hardlink => file.from.hard_link(file.name, file.to, file.to_name),
        LinkMethod::Reflink => reflink(file),
        LinkMethod::Copy => copy(file),
    }
}

fn has_too_many_links(error: &PathError) -> bool {
    error.kind() == io::ErrorKind::TooManyLinks
}

/// Whether the file system does not do this at all, rather than not this once.
/// `PermissionDenied` is how `protected_hardlinks` and some network file systems say no.
fn is_refusal(error: &PathError) -> bool {
    is_unsupported(&error.source)
        || matches!(
            error.kind(),
            io::ErrorKind::CrossesDevices
                | io::ErrorKind::PermissionDenied
                | io::ErrorKind::InvalidInput
        )
}
