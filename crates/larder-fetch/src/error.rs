//! What can go wrong, for a transfer, for a package and for the whole.
//!
//! Every URL in here is text that went through [`redact`](crate::redact), and errors of the HTTP client
//! are held without theirs. An error knows whether trying later can help ([`FetchError::is_temporary`])
//! and its stable code.

use std::{io, path::PathBuf, time::Duration};

use larder_digest::Checksum;
use larder_store::{IngestError, StoreError};

#[cfg(test)]
mod tests;

/// Why a closure is not in the store.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The store could not be asked.
    #[error("cannot look for {package} in the store")]
    Store {
        /// `name-version-build`.
        package: String,
        /// What the store says.
        #[source]
        source: StoreError,
    },
    /// The network is not to be used and packages are missing; nothing was fetched.
    #[error("offline, but not in the store: {}", listed(missing))]
    Offline {
        /// All of them, by name.
        missing: Vec<Absent>,
    },
    /// Packages could not be fetched. What was fetched beside them is in the store.
    #[error("cannot fetch {}{}", first.package, others_listed(others, *not_started))]
    Packages {
        /// The worst: one that trying later will not mend, if there is any.
        #[source]
        first: Box<PackageFailure>,
        /// The other packages that failed, by name.
        others: Vec<PackageFailure>,
        /// How many were not begun any more.
        not_started: usize,
    },
}

/// A package that is missing while offline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absent {
    /// `name-version-build`.
    pub package: String,
    /// Where it would come from, redacted.
    pub url: String,
}

/// Why one package could not be fetched.
#[derive(Debug, thiserror::Error)]
#[error("{package}: {tries} {} in vain", if *tries == 1 { "try" } else { "tries" })]
pub struct PackageFailure {
    /// `name-version-build`.
    pub package: String,
    /// How often it was tried, all URLs together.
    pub tries: u32,
    /// What went wrong: wrong content if that was seen anywhere, else what came last.
    #[source]
    pub cause: TransferError,
}

/// Why one transfer from one URL failed.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// No response: name not known, connection refused or lost, certificate not trusted, time-out, too
    /// many redirects.
    #[error("no response from {url}")]
    Unreachable {
        /// Which URL, redacted.
        url: String,
        /// What the HTTP client says.
        #[source]
        source: reqwest_middleware::Error,
    },
    /// A response that brings no archive.
    #[error("{url} answered {status}{}", advice(*status))]
    Status {
        /// Which URL, redacted.
        url: String,
        /// The HTTP status.
        status: u16,
        /// How long the server wants us to wait.
        retry_after: Option<Duration>,
    },
    /// The body ended too early.
    #[error("the body of {url} ended after {received} bytes{}", wanted(*expected))]
    ShortBody {
        /// Which URL, redacted.
        url: String,
        /// How many bytes came.
        received: u64,
        /// How many there should be, if that is known.
        expected: Option<u64>,
        /// How it ended, where it did not end properly.
        #[source]
        source: Option<reqwest::Error>,
    },
    /// The body is longer than the record, the server or the options allow; it was not read to its end.
    #[error(
        "the body of {url} is too long: expected at most {expected} bytes, found {} or more",
        found
    )]
    LongBody {
        /// Which URL, redacted.
        url: String,
        /// The bound in bytes.
        expected: u64,
        /// How many bytes came or were announced.
        found: u64,
    },
    /// The body is complete and has another digest.
    #[error("{url} has the wrong content: expected {expected}, found {found} ({size} bytes)")]
    HashMismatch {
        /// Which URL, redacted.
        url: String,
        /// What the record says.
        expected: Checksum,
        /// What the bytes have.
        found: Checksum,
        /// How many bytes came.
        size: u64,
    },
    /// A `file://` URL that cannot be read.
    #[error("cannot read {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A place that is no URL broke off.
    #[error("{place} broke off")]
    Broken {
        /// Which place and object, without credentials.
        place: String,
        /// How.
        #[source]
        source: io::Error,
    },
    /// Nobody who was asked has it, and there is no URL for it.
    #[error("nobody who was asked has it")]
    Nowhere,
    /// A URL that is neither http, https nor a local file.
    #[error("cannot fetch from {url}: packages are fetched by `https`, `http` and `file`")]
    Unsupported {
        /// Which URL, redacted.
        url: String,
    },
    /// The store would not begin to take the archive.
    #[error("the store cannot take the archive from {url}")]
    Store {
        /// Which URL, redacted.
        url: String,
        /// What the store says.
        #[source]
        source: StoreError,
    },
    /// The store could not write the archive.
    #[error("the store could not write the archive from {url}")]
    Write {
        /// Which URL, redacted.
        url: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The store could not finish the archive.
    #[error("the store could not finish the archive from {url}")]
    Ingest {
        /// Which URL, redacted.
        url: String,
        /// What the store says.
        #[source]
        source: IngestError,
    },
}

impl FetchError {
    /// Whether the same call may succeed later, with nothing changed here: the network's fault alone.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Store { .. } | Self::Offline { .. } => false,
            Self::Packages { first, others, .. } => std::iter::once(&**first)
                .chain(others)
                .all(|failure| failure.cause.is_temporary()),
        }
    }

    /// Whether a source gave other bytes than the record promises.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Packages { first, .. } if first.cause.is_wrong_content())
    }

    /// The stable code, such as `fetch::hash-mismatch`; that of the worst package.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store { .. } => "fetch::store",
            Self::Offline { .. } => "fetch::offline",
            Self::Packages { first, .. } => first.cause.code(),
        }
    }
}

impl TransferError {
    /// Whether the same URL may answer better later.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unreachable { source, .. } => {
                !(source.is_redirect() || source.is_builder() || source.is_middleware())
            }
            Self::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500..=599),
            Self::ShortBody { .. } | Self::Broken { .. } => true,
            _ => false,
        }
    }

    /// Whether the URL gave other bytes than the record promises.
    pub fn is_wrong_content(&self) -> bool {
        matches!(self, Self::HashMismatch { .. } | Self::LongBody { .. })
    }

    /// Whether the store is at fault, so that no other URL can help.
    pub(crate) fn is_ours(&self) -> bool {
        matches!(
            self,
            Self::Store { .. } | Self::Write { .. } | Self::Ingest { .. }
        )
    }

    /// The stable code, such as `fetch::hash-mismatch`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "fetch::unreachable",
            Self::Status { status, .. } => match status {
                401 | 403 | 407 => "fetch::unauthorized",
                404 | 410 => "fetch::not-found",
                _ => "fetch::status",
            },
            Self::ShortBody { .. } | Self::Broken { .. } => "fetch::short-body",
            Self::Nowhere => "fetch::not-found",
            Self::LongBody { .. } => "fetch::long-body",
            Self::HashMismatch { .. } => "fetch::hash-mismatch",
            Self::File { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "fetch::not-found"
            }
            Self::File { .. } => "fetch::unreadable",
            Self::Unsupported { .. } => "fetch::unsupported-url",
            Self::Store { .. } | Self::Write { .. } | Self::Ingest { .. } => "fetch::store",
        }
    }
}

fn advice(status: u16) -> &'static str {
    match status {
        401 | 403 => {
            " (access refused): give credentials for it in netrc, an auth file or the channel's URL"
        }
        404 | 410 => " (not found): the channel may have removed the package; lock again",
        407 => " (the proxy wants credentials): put them into the proxy's URL",
        408 | 425 | 429 | 500..=599 => " (a temporary failure of the server)",
        _ => " (expected 200)",
    }
}

fn wanted(expected: Option<u64>) -> String {
    expected.map_or_else(String::new, |expected| format!(", expected {expected}"))
}

fn listed(missing: &[Absent]) -> String {
    let one = |absent: &Absent| format!("{} ({})", absent.package, absent.url);
    missing.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn others_listed(others: &[PackageFailure], not_started: usize) -> String {
    let mut text = String::new();
    if !others.is_empty() {
        let names: Vec<&str> = others
            .iter()
            .map(|failure| failure.package.as_str())
            .collect();
        text = format!(" and {} more ({})", others.len(), names.join(", "));
    }
    if not_started > 0 {
        text.push_str(&format!("; {not_started} not tried after that"));
    }
    text
}
