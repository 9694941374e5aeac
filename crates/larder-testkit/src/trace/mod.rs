//! Runs a program call by call: lists every file-system call that changes something below a directory,
//! in one order over all threads and child processes, and kills the program before the Nth of them, or
//! lets that one fail.
//!
//! Linux on x86-64 only, by ptrace; elsewhere, and where a container forbids it, [`Tracer::new`] says
//! why there is none. Calls that only read are neither counted nor touched.

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod calls;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod session;
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
#[path = "unsupported.rs"]
mod session;

use std::{
    fmt,
    path::{Path, PathBuf},
    process::Command,
};

use crate::sandbox::Run;

/// A file-system call that changes something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// The system call, without the endings of its variants: `open`, `rename`, `write`...
    pub name: &'static str,
    /// What it changes, relative to the directory that is watched; of a rename or link the new name.
    pub path: String,
}

impl fmt::Display for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.name, self.path)
    }
}

/// What happens to the program when it is about to make a certain call.
pub struct Disturb<'a> {
    /// Says of each call, in order, whether it is the one. Not asked again after it was.
    pub before: &'a mut dyn FnMut(&Call) -> bool,
    /// What happens then.
    pub action: Action,
}

/// What happens instead of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// All processes of the program get SIGKILL.
    Kill,
    /// The call is not made and gives this error.
    FailOnce(Errno),
    /// Neither this call nor any later one is made, and each gives this error. A full disk lets things
    /// be removed.
    FailFromHere(Errno),
}

/// The errors that a call can be made to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errno {
    /// No space left on the device.
    NoSpace,
    /// Input/output error.
    Io,
    /// Permission denied.
    Access,
    /// The file system is read-only.
    ReadOnly,
}

/// What a traced program did.
#[derive(Debug, Clone)]
pub struct Traced {
    /// How it ended and what it said.
    pub run: Run,
    /// Its calls; after a kill perhaps some that other threads did not come to make.
    pub calls: Vec<Call>,
    /// The number of the call that was disturbed.
    pub disturbed: Option<usize>,
}

/// Watches programs.
#[derive(Debug, Clone)]
pub struct Tracer {
    watched: PathBuf,
}

impl Tracer {
    /// A tracer that watches everything.
    ///
    /// # Errors
    /// Why there is no tracing here: another system, or a container that forbids it.
    pub fn new() -> Result<Self, String> {
        session::is_allowed()?;
        Ok(Self {
            watched: PathBuf::from("/"),
        })
    }

    /// A tracer that watches what is below a directory (absolute, without links).
    #[must_use]
    pub fn watching(&self, directory: &Path) -> Self {
        Self {
            watched: directory.to_owned(),
        }
    }

    /// Runs a command to its end, however it comes. Its standard input is empty.
    pub fn run(&self, command: &Command, disturb: Option<Disturb<'_>>) -> Traced {
        session::run(command, &self.watched, disturb)
    }
}
