//! [`Bytecodes::compile`]: many packages at once, each file by the first interpreter that is free.

use std::{path::Path, time::Instant};

use larder_digest::Sha256;
use larder_event::{Event, Phase, Reporter, milliseconds};
use larder_fs::{Dir, PathError};
use larder_unpack::RelPath;

use crate::{Bytecode, Bytecodes, CompileError, Key, index_file::sha256, queue::Queue};

/// Where sources are, and the Python that compiles them.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The directory that [`Source::place`] is below.
    pub root: &'a Dir,
    /// The interpreter's executable, by its absolute path.
    pub program: &'a Path,
    /// How many interpreters run at once.
    pub threads: usize,
}

/// A package to compile.
#[derive(Debug, Clone)]
pub struct Package<'a> {
    /// What the bytecode is kept under.
    pub key: Key,
    /// `name-version-build`.
    pub dist: String,
    /// All of its sources, in the order of their paths.
    pub sources: Vec<Source<'a>>,
    /// Whether Python shall compare bytecode and source at each import: for sources that may change
    /// after they were compiled.
    pub is_checked: bool,
}

/// A source of a package.
#[derive(Debug, Clone)]
pub struct Source<'a> {
    /// In the package.
    pub path: &'a RelPath,
    /// Below [`Place::root`].
    pub place: String,
    /// As the package lists it. A file that has another one is not compiled.
    pub sha256: Option<Sha256>,
    /// In bytes, for the order of work.
    pub size: u64,
}

/// What came of it.
#[derive(Debug)]
pub struct Compiled {
    /// For each package its bytecode, nothing if it could not be made.
    pub packages: Vec<Option<Bytecode>>,
    /// Why not everything was made.
    pub problem: Option<CompileError>,
}

impl Bytecodes {
    /// Compiles the sources of `packages`, and keeps the result. Files that do not compile are
    /// remembered as such.
    ///
    /// Emits the phase [`Phase::Compile`] and an [`Event::Compiled`] for each package.
    pub fn compile(
        &self,
        packages: &[Package<'_>],
        place: Place<'_>,
        reporter: &dyn Reporter,
    ) -> Compiled {
        let begun = Instant::now();
        reporter.event(&Event::PhaseStarted {
            phase: Phase::Compile,
            total: packages.len() as u64,
            bytes: 0,
        });
        let queue = Queue::new(self, packages, place, reporter);
        let problem = queue.work_off();
        reporter.event(&Event::PhaseFinished {
            phase: Phase::Compile,
            milliseconds: milliseconds(begun),
        });
        Compiled {
            packages: queue.finish(),
            problem,
        }
    }
}

/// The source, if it is what the package ships.
pub(crate) fn read(root: &Dir, source: &Source<'_>) -> Result<Option<Vec<u8>>, PathError> {
    let bytes = root.read(&source.place)?;
    let is_shipped = source
        .sha256
        .is_none_or(|expected| sha256(&bytes) == expected);
    Ok(is_shipped.then_some(bytes))
}
