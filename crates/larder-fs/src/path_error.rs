//! I/O errors that name what was tried and on which path.

use std::{
    io,
    path::{Path, PathBuf},
};

/// An operation on a path that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} `{}`", path.display())]
pub struct PathError {
    /// What was tried, as a verb with its object's role, such as `create directory`.
    pub operation: &'static str,
    /// On which path.
    pub path: PathBuf,
    /// Why it failed.
    #[source]
    pub source: io::Error,
}

impl PathError {
    /// What kind of failure the operating system reported.
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }
}

/// Adds operation and path to an I/O result.
pub trait PathContext<T> {
    /// Turns a failure into a [`PathError`].
    ///
    /// # Errors
    /// Whatever the result held, with its path.
    fn at(self, operation: &'static str, path: impl AsRef<Path>) -> Result<T, PathError>;

    /// The same, where the path costs something to put together.
    ///
    /// # Errors
    /// Whatever the result held, with its path.
    fn at_path(
        self,
        operation: &'static str,
        path: impl FnOnce() -> PathBuf,
    ) -> Result<T, PathError>;
}

impl<T, E: Into<io::Error>> PathContext<T> for Result<T, E> {
    fn at(self, operation: &'static str, path: impl AsRef<Path>) -> Result<T, PathError> {
        self.at_path(operation, || path.as_ref().to_owned())
    }

    fn at_path(
        self,
        operation: &'static str,
        path: impl FnOnce() -> PathBuf,
    ) -> Result<T, PathError> {
        self.map_err(|error| PathError {
            operation,
            path: path(),
            source: error.into(),
        })
    }
}
