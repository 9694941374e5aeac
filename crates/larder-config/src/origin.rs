//! Where a value came from.

use std::fmt;

use larder_manifest::Position;

/// Where a value came from; prints as `/home/me/.condarc:3:5` or `CONDA_CHANNELS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A file.
    File(Position),
    /// An environment variable.
    Variable(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(position) => position.fmt(f),
            Self::Variable(name) => f.write_str(name),
        }
    }
}
