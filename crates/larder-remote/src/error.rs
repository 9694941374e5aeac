//! Why a remote did not do what it was asked.

use std::{io, time::Duration};

/// A failed operation on a remote. URLs are without credentials.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// There is no such object, or not so much of it.
    #[error("`{object}` is not on {remote}")]
    NotFound {
        /// The remote's URL.
        remote: String,
        /// The object's name.
        object: String,
    },
    /// There is no such remote: nothing was ever put there, or its URL is wrong.
    #[error("{remote} is not there")]
    Missing {
        /// The remote's URL.
        remote: String,
    },
    /// The name is taken.
    #[error("`{object}` is on {remote} already")]
    Exists {
        /// The remote's URL.
        remote: String,
        /// The object's name.
        object: String,
    },
    /// The remote does not let us. Read-only credentials are an ordinary case.
    #[error("{remote} does not allow to {operation} `{object}`")]
    Forbidden {
        /// The remote's URL.
        remote: String,
        /// The object's name, or the prefix that was listed.
        object: String,
        /// A verb: `create`, `read`, `list`, `touch`, `delete`.
        operation: &'static str,
        /// What the service said.
        #[source]
        source: io::Error,
    },
    /// It did not work this time.
    #[error("{remote} cannot {operation} `{object}` at the moment")]
    Temporary {
        /// The remote's URL.
        remote: String,
        /// The object's name, or the prefix that was listed.
        object: String,
        /// A verb, as above.
        operation: &'static str,
        /// How long the service wants to be left alone, if it said so.
        retry_after: Option<Duration>,
        /// What the service said.
        #[source]
        source: io::Error,
    },
    /// It did not work and will not.
    #[error("{remote} cannot {operation} `{object}`")]
    Broken {
        /// The remote's URL.
        remote: String,
        /// The object's name, or the prefix that was listed.
        object: String,
        /// A verb, as above.
        operation: &'static str,
        /// What the service said.
        #[source]
        source: io::Error,
    },
    /// The service has no such operation.
    #[error("{remote} has no way to {operation} objects")]
    Unsupported {
        /// The remote's URL.
        remote: String,
        /// A verb, as above.
        operation: &'static str,
    },
    /// What was to be sent could not be made.
    #[error("`{object}` was not sent to {remote}: its bytes ended with an error")]
    Body {
        /// The remote's URL.
        remote: String,
        /// The object's name.
        object: String,
        /// Why there were no more bytes.
        #[source]
        source: io::Error,
    },
    /// The URL is none of a remote.
    #[error("`{url}` is no remote: {problem}")]
    Url {
        /// As given, without credentials.
        url: String,
        /// What is wrong with it, and how it should look.
        problem: String,
    },
}

impl RemoteError {
    /// Whether the same may work in a while.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Temporary { .. })
    }

    /// Whether the remote was asked for what it never does.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Url { .. } | Self::Unsupported { .. })
    }

    /// Whether there is no such object.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }

    /// Whether the name was taken.
    pub fn is_exists(&self) -> bool {
        matches!(self, Self::Exists { .. })
    }
}
