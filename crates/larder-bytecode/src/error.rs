//! Why bytecode was not made. The environment works without.

use std::io;

use larder_fs::PathError;

/// Why not everything was compiled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// The interpreter cannot be started.
    #[error("cannot run the environment's `{program}`: {source}")]
    Start {
        /// The interpreter's file name: its directory is another one when the run is over.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// The interpreter was started and did not say what a Python of 3.7 or later says.
    #[error("the environment's `{program}` does not work as a Python interpreter: {output}")]
    NoAnswer {
        /// The interpreter's file name: its directory is another one when the run is over.
        program: String,
        /// What it wrote to its stderr, in short.
        output: String,
    },
    /// Bytecode cannot be kept.
    #[error("cannot keep bytecode of {package}: {source}: {}", source.source)]
    Keep {
        /// `name-version-build`.
        package: String,
        /// Why.
        source: PathError,
    },
}
