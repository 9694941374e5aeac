//! [`CompileError`]. Environments work without bytecode, so callers report it as a warning.

use std::io;

use larder_fs::PathError;

/// Why packages were not compiled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// The interpreter cannot be started.
    #[error("cannot run the environment's `{program}`: {source}")]
    Start {
        /// File name of the interpreter. Its directory is a staging directory, which is renamed at the end of the run.
        program: String,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The interpreter started, but did not answer as Python 3.7 or later does.
    #[error("the environment's `{program}` does not work as a Python interpreter: {output}")]
    NoAnswer {
        /// File name of the interpreter.
        program: String,
        /// Last line of its stderr.
        output: String,
    },
    /// The bytecode cannot be written.
    #[error("cannot keep bytecode of {package}: {source}: {}", source.source)]
    Keep {
        /// `name-version-build`.
        package: String,
        /// The failed operation.
        source: PathError,
    },
}
