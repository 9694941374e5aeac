//! Why bytecode was not made. The environment works without.

use std::{io, path::PathBuf};

use larder_fs::PathError;

/// Why not everything was compiled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// The interpreter cannot be started.
    #[error("cannot run `{}`: {source}", program.display())]
    Start {
        /// The interpreter.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The interpreter was started and did not say what a Python of 3.7 or later says.
    #[error("`{}` does not work as a Python interpreter: {output}", program.display())]
    NoAnswer {
        /// The interpreter.
        program: PathBuf,
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
