//! What can go wrong between a store and a remote. URLs are without credentials.

use std::{io, time::Duration};

use larder_remote::RemoteError;

/// Why something of a remote was not found, read, or put there.
#[derive(Debug, thiserror::Error)]
pub enum ShareError {
    /// The remote failed, or has not what was asked for.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The remote takes longer than anybody should wait.
    #[error("{remote} did not {operation} `{object}` within {} seconds", limit.as_secs())]
    Slow {
        /// The remote's URL.
        remote: String,
        /// The object's name.
        object: String,
        /// A verb.
        operation: &'static str,
        /// How long was waited.
        limit: Duration,
    },
    /// Bytes broke off.
    #[error("`{object}` of {remote} broke off")]
    Broken {
        /// The remote's URL.
        remote: String,
        /// The object's name.
        object: String,
        /// How.
        #[source]
        source: io::Error,
    },
    /// What is there is not what its name says.
    #[error("`{object}` of {remote} is damaged: {problem}")]
    Damaged {
        /// The remote's URL.
        remote: String,
        /// The object's name.
        object: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The URL asks for a layout that there is not.
    #[error("`{url}` is no store remote: {problem}")]
    Url {
        /// As given, without credentials.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl ShareError {
    /// Whether the remote simply has not what was asked for.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Remote(error) if error.is_not_found())
    }

    /// Whether there is no such remote; the first push may make it.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Remote(RemoteError::Missing { .. }))
    }

    /// Whether the remote does not let us. Read-only credentials are an ordinary case.
    pub fn is_forbidden(&self) -> bool {
        matches!(
            self,
            Self::Remote(RemoteError::Forbidden { .. } | RemoteError::Unsupported { .. })
        )
    }

    /// Whether what is there is damaged; asking for something else may work all the same.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. })
    }
}
