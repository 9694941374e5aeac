#![doc = include_str!("../REMOTES.md")]
#![forbid(unsafe_code)]

use std::{io, ops::Range, time::SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

mod address;
mod cloud;
mod directory;
mod error;
mod file_url;
mod ghac;
mod limits;
mod name;
mod open;
mod patience;
mod patient;
mod retry_after;

pub use directory::Directory;
pub use error::RemoteError;
pub use ghac::Ghac;
pub use limits::{ANSWER_BYTES, LIST_PAGES, LISTED_OBJECTS};
pub use name::{ObjectName, ObjectNameError};
pub use open::{OpenOptions, open};
pub use patience::Patience;
pub use patient::Patient;

/// Bytes on their way to a remote or from it, in pieces. After an error nothing follows.
pub type Body = BoxStream<'static, io::Result<Bytes>>;

/// Which bytes of an object: from the first, to the one before the second.
pub type ByteRange = Range<u64>;

/// What a remote says of an object, by its own clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Its name.
    pub name: ObjectName,
    /// In bytes.
    pub size: u64,
    /// When it was created. What decides which of several is the newest.
    pub created: SystemTime,
    /// When it was created, touched, or read as far as the service notes that, last. What expiry counts by.
    pub used: SystemTime,
}

/// What [`Remote::newest`] looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The object of this name.
    Whole(ObjectName),
    /// The newest whose name starts with this text, which is not empty.
    Prefix(String),
}

impl Wanted {
    /// The name or its beginning.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Whole(name) => name.as_str(),
            Self::Prefix(prefix) => prefix,
        }
    }
}

/// An object being read.
pub struct Download {
    /// The size of the whole object in bytes, whatever range is read.
    pub size: u64,
    /// The bytes asked for: exactly as many, or an error.
    pub body: Body,
}

/// A place that keeps objects under names.
///
/// Errors name the remote and the object; [`RemoteError::is_temporary`] says whether a retry can help.
/// Backends do not retry by themselves unless they say so.
#[async_trait]
pub trait Remote: Send + Sync {
    /// The URL, without credentials, for messages.
    fn url(&self) -> &str;

    /// Looks whether the remote is there at all, as far as that can be told without asking for an object: one
    /// that is made by the first creation may not be.
    ///
    /// # Errors
    /// [`RemoteError::Missing`] if it is not.
    async fn probe(&self) -> Result<(), RemoteError> {
        Ok(())
    }

    /// Creates an object that is there whole or not at all, and only if its name is free: of several
    /// that create one name at once, exactly one succeeds (where the service has conditional creation).
    /// Returns how many bytes it has.
    ///
    /// # Errors
    /// [`RemoteError::Exists`] if the name is taken; [`RemoteError::Body`] if `body` failed. Nothing was
    /// created then.
    async fn create_if_absent(&self, name: &ObjectName, body: Body) -> Result<u64, RemoteError>;

    /// Creates an object or replaces it, in one step for those who read. For the few things that change.
    /// Returns how many bytes it has.
    ///
    /// # Errors
    /// [`RemoteError::Unsupported`] on services whose objects never change.
    async fn replace(&self, name: &ObjectName, body: Body) -> Result<u64, RemoteError>;

    /// Reads an object, or a range of it that must lie within it.
    ///
    /// # Errors
    /// [`RemoteError::NotFound`] if there is none, or if it ends before the range does.
    async fn get(
        &self,
        name: &ObjectName,
        range: Option<ByteRange>,
    ) -> Result<Download, RemoteError>;

    /// What the remote says of an object.
    ///
    /// # Errors
    /// [`RemoteError::NotFound`] if there is none.
    async fn stat(&self, name: &ObjectName) -> Result<ObjectInfo, RemoteError>;

    /// All objects whose names start with this text, the newest first, those of one moment by name. The
    /// text need not end at a `/`.
    ///
    /// # Errors
    /// [`RemoteError::Unsupported`] where the service cannot list. No object is no error.
    async fn list(&self, prefix: &str) -> Result<Vec<ObjectInfo>, RemoteError>;

    /// The object that the first of these finds that finds any. A service with look-ups of its own
    /// decides ([`Remote::has_scopes`]); it can do that where it cannot list.
    ///
    /// # Errors
    /// As those of [`Remote::stat`] and [`Remote::list`]; nothing found is none.
    async fn newest(&self, wanted: &[Wanted]) -> Result<Option<ObjectInfo>, RemoteError> {
        for wanted in wanted {
            let found = match wanted {
                Wanted::Whole(name) => match self.stat(name).await {
                    Err(error) if error.is_not_found() => None,
                    found => Some(found?),
                },
                Wanted::Prefix(prefix) => match self.list(prefix).await {
                    // What cannot be listed has whole names alone.
                    Err(RemoteError::Unsupported { .. }) => None,
                    listed => listed?.into_iter().next(),
                },
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Whether the service itself says which run reads and writes what, and forgets what nobody used:
    /// then names need no scopes, and one name may be there once in each of several.
    fn has_scopes(&self) -> bool {
        false
    }

    /// Says that an object was used now. Never changes when it was created.
    ///
    /// # Errors
    /// [`RemoteError::NotFound`] if there is none. A service that notes uses by itself does nothing.
    async fn touch(&self, name: &ObjectName) -> Result<(), RemoteError>;

    /// Removes an object. One that is not there is no error.
    ///
    /// # Errors
    /// If it is still there.
    async fn delete(&self, name: &ObjectName) -> Result<(), RemoteError>;
}

/// A body of bytes that are all there.
pub fn whole(bytes: impl Into<Bytes>) -> Body {
    let bytes = bytes.into();
    Box::pin(futures::stream::once(async move { Ok(bytes) }))
}

impl Download {
    /// All bytes, in memory: for small objects.
    ///
    /// # Errors
    /// If the body ends with one.
    pub async fn bytes(self) -> io::Result<Vec<u8>> {
        use futures::StreamExt as _;

        let mut body = self.body;
        let mut all = Vec::new();
        while let Some(piece) = body.next().await {
            all.extend_from_slice(&piece?);
        }
        Ok(all)
    }
}
