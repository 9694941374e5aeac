//! [`Bytecodes::compile`]: compiles many packages at once on several interpreters.

use std::{path::Path, time::Instant};

use larder_digest::Sha256;
use larder_event::{Event, Phase, Reporter, elapsed_milliseconds};
use larder_fs::{Dir, PathError};
use larder_unpack::RelPath;

use crate::{
    Bytecode, BytecodeKey, Bytecodes, CompileError, index_file::sha256, queue::CompileQueue,
};

/// The directory of the sources and the Python that compiles them.
#[derive(Debug, Clone, Copy)]
pub struct CompileEnvironment<'a> {
    /// The directory that [`PythonSource::place`] is relative to.
    pub root: &'a Dir,
    /// Absolute path of the interpreter.
    pub program: &'a Path,
    /// Number of interpreters that run at the same time.
    pub threads: usize,
}

/// A package to compile.
#[derive(Debug, Clone)]
pub struct PackageToCompile<'a> {
    /// Key of the bytecode.
    pub key: BytecodeKey,
    /// `name-version-build`.
    pub dist: String,
    /// All sources of the package, sorted by path.
    pub sources: Vec<PythonSource<'a>>,
    /// Whether Python compares the bytecode with its source at each import. Set for sources that may change after they
    /// were compiled.
    pub is_checked: bool,
}

/// A source of a package.
#[derive(Debug, Clone)]
pub struct PythonSource<'a> {
    /// Path in the package.
    pub path: &'a RelPath,
    /// Path relative to [`CompileEnvironment::root`].
    pub place: String,
    /// Digest in the package's list of files. A file with another digest is not compiled.
    pub sha256: Option<Sha256>,
    /// Size in bytes. Decides the order of work.
    pub size: u64,
}

/// The result of compiling packages.
#[derive(Debug)]
pub struct CompileOutcome {
    /// The bytecode of each package, in the order given; `None` if it was not compiled.
    pub packages: Vec<Option<Bytecode>>,
    /// The first error. Packages that were not finished before it are `None`.
    pub problem: Option<CompileError>,
}

impl Bytecodes {
    /// Compiles the sources of `packages` and keeps the result. Sources that do not compile are recorded, so that they
    /// are not tried again.
    ///
    /// Emits the phase [`Phase::Compile`] and an [`Event::Compiled`] for each package.
    pub fn compile(
        &self,
        packages: &[PackageToCompile<'_>],
        place: CompileEnvironment<'_>,
        reporter: &dyn Reporter,
    ) -> CompileOutcome {
        let begun = Instant::now();
        reporter.event(&Event::PhaseStarted {
            phase: Phase::Compile,
            total: packages.len() as u64,
            bytes: 0,
        });
        let queue = CompileQueue::new(self, packages, place, reporter);
        let problem = queue.compile_all();
        reporter.event(&Event::PhaseFinished {
            phase: Phase::Compile,
            milliseconds: elapsed_milliseconds(begun),
        });
        CompileOutcome {
            packages: queue.finish(),
            problem,
        }
    }
}

/// Reads a source; `None` if its digest is not the one in the package's list of files.
pub(crate) fn read_if_shipped(
    root: &Dir,
    source: &PythonSource<'_>,
) -> Result<Option<Vec<u8>>, PathError> {
    let bytes = root.read(&source.place)?;
    let is_shipped = source
        .sha256
        .is_none_or(|expected| sha256(&bytes) == expected);
    Ok(is_shipped.then_some(bytes))
}
