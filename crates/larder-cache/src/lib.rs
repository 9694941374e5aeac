//! The pipeline cache (`larder cache`): any directories under a key, as Azure's Cache@2 and
//! actions/cache define it, kept on a [`Remote`].
//!
//! Knows neither conda nor the store. Never prints, never reads the environment or the home: callers
//! give variables, directories and the time.
#![forbid(unsafe_code)]

pub mod archive;
pub mod key;
pub mod remote;

pub use remote::{Body, ByteRange, Download, ObjectInfo, ObjectName, Remote, RemoteError};
