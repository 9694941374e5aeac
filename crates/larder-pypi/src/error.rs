//! Why uv or pip could not do something.

use std::{io, path::PathBuf, process::ExitStatus};

/// Why a tool gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// It could not be started.
    #[error("cannot run `{tool}`")]
    Start {
        /// The tool and where it is.
        tool: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It ended with another status than 0.
    #[error("{tool} could not {what} ({status})")]
    Failed {
        /// The tool.
        tool: String,
        /// What it was to do.
        what: String,
        /// As the system reports it.
        status: ExitStatus,
        /// The last lines that it printed, without credentials: the reporter has been told them as they came.
        output: String,
    },
    /// What it wrote cannot be understood.
    #[error("cannot understand what {tool} answered: {problem}")]
    Answer {
        /// The tool.
        tool: String,
        /// What is wrong.
        problem: String,
    },
    /// It chose what a lock cannot hold.
    #[error("`{package}` cannot be locked: {problem}")]
    Unlockable {
        /// The distribution.
        package: String,
        /// Why.
        problem: String,
    },
    /// A line that must not stand in a file for a tool.
    #[error("`{}` {problem}, so it is not passed on to uv or pip", line.escape_debug())]
    Refused {
        /// The line.
        line: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A file for it cannot be written, or one of its files cannot be read.
    #[error("cannot {operation} `{}`", path.display())]
    File {
        /// `write` or `read`.
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl ToolError {
    pub(crate) fn file(
        operation: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File {
            operation,
            path,
            source,
        }
    }
}
