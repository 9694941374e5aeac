//! [`Dir`]: an open directory, relative to which files are made and linked.
//!
//! Names are resolved against the handle, so a path is not walked again for each file and nobody can
//! swap a parent directory for a link in between. No operation follows a link in its last component.

#[cfg(not(unix))]
mod portable;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
pub use portable::Dir;
#[cfg(unix)]
pub use unix::Dir;
