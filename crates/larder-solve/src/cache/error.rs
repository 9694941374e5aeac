//! Why an index could not be had.
//!
//! Each variant names the URL, without credentials.

use std::time::Duration;

use larder_digest::Sha256;
use larder_fs::PathError;
use larder_redact::redact;
use reqwest::StatusCode;
use url::Url;

use crate::local::path_of;

/// Why an index could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// Requests are forbidden and the cache does not have it.
    #[error(
        "`{}` is not in the repodata cache, and requests are switched off (offline)",
        redact(url)
    )]
    Offline {
        /// What was asked for.
        url: Url,
    },
    /// Requests are forbidden, and what the cache has did not come to this machine from the channel.
    #[error(
        "`{}` is in the repodata cache, but this machine has not fetched it: it may come from a restored cache, and cannot be compared with the channel while requests are switched off (offline): solve once with a network, or use a lock",
        redact(url)
    )]
    NotRecorded {
        /// What was asked for.
        url: Url,
    },
    /// It is larger than an index can be.
    #[error(
        "`{}` is too large{}: expected at most {limit} bytes",
        named(url),
        if *unpacked { " when it is unpacked" } else { "" }
    )]
    TooLarge {
        /// What was asked for.
        url: Url,
        /// The most bytes.
        limit: u64,
        /// Whether that is its size unpacked.
        unpacked: bool,
    },
    /// It says that files are where they cannot be.
    #[error("the `{field}` of `{}` is `{text}`: {reason}", named(url))]
    BadAddress {
        /// The index.
        url: Url,
        /// The field in `info`.
        field: &'static str,
        /// What it is.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It has a record that cannot be read.
    #[error("`{}` has a record that cannot be read: {reason}", named(url))]
    BadRecord {
        /// The index or shard.
        url: Url,
        /// What is wrong with it.
        reason: String,
    },
    /// A server that is reached by https sent the request elsewhere.
    #[error(
        "`{}` redirects to `{}`: an address by https is not left for another scheme",
        redact(url),
        redact(target)
    )]
    Redirected {
        /// What was asked for.
        url: Url,
        /// Where the answer came from.
        target: Url,
    },
    /// The server wants other credentials, or none would do.
    #[error(
        "`{}` answered {status}: the channel wants credentials that it accepts",
        redact(url)
    )]
    Denied {
        /// What was asked for.
        url: Url,
        /// 401, 403 or 407.
        status: StatusCode,
    },
    /// The server refused for another reason.
    #[error("`{}` answered {status} (tries: {tries})", redact(url))]
    Status {
        /// What was asked for.
        url: Url,
        /// What the server answered.
        status: StatusCode,
        /// How often it was tried.
        tries: u32,
        /// How long to wait, as the server wishes.
        retry_after: Option<Duration>,
    },
    /// No answer.
    #[error("no answer from `{}` (tries: {tries})", redact(url))]
    Unreachable {
        /// What was asked for.
        url: Url,
        /// How often it was tried.
        tries: u32,
        /// What happened.
        #[source]
        source: reqwest_middleware::Error,
    },
    /// The answer ended early.
    #[error("the answer of `{}` ended early (tries: {tries})", redact(url))]
    Cut {
        /// What was asked for.
        url: Url,
        /// How often it was tried.
        tries: u32,
        /// What happened.
        #[source]
        source: reqwest::Error,
    },
    /// The bytes are whole, but no zstd: the server's file is truncated or something else.
    #[error(
        "`{}` is damaged{}: expected zstd data, found {found} bytes that do not decode",
        named(url),
        on_the_server(url)
    )]
    Damaged {
        /// What was asked for.
        url: Url,
        /// How many bytes came.
        found: usize,
        /// What the decoder says.
        #[source]
        source: std::io::Error,
    },
    /// A shard index that is none (CEP 16).
    #[error("shard index `{}` is unusable: {reason}", named(url))]
    BadShardIndex {
        /// What was asked for.
        url: Url,
        /// What is wrong with it.
        reason: String,
    },
    /// A shard is not the one that its index names (CEP 16).
    #[error(
        "shard `{}` has the wrong content: expected sha256 {expected}, found {found} (tries: {tries})",
        named(url)
    )]
    Mismatch {
        /// What was asked for.
        url: Url,
        /// The digest in the index.
        expected: Box<Sha256>,
        /// The digest of what came.
        found: Box<Sha256>,
        /// How often it was tried.
        tries: u32,
    },
    /// The server has dropped a shard that its index names.
    #[error(
        "shard `{}` is gone, though the channel's index names it: try again in a few minutes",
        named(url)
    )]
    ShardGone {
        /// What was asked for.
        url: Url,
    },
    /// A file of a local channel is there and cannot be read.
    #[error("cannot read the local channel's `{}`", named(url))]
    File {
        /// The file, as a URL.
        url: Url,
        /// Why not.
        #[source]
        source: Box<PathError>,
    },
    /// The cache cannot be read or written.
    #[error("cannot use the repodata cache for `{}`", redact(url))]
    Disk {
        /// What was to be read or kept.
        url: Url,
        /// Why not.
        #[source]
        source: Box<PathError>,
    },
}

impl IndexError {
    /// What was asked for, without credentials.
    pub fn url(&self) -> &Url {
        match self {
            Self::Offline { url }
            | Self::NotRecorded { url }
            | Self::TooLarge { url, .. }
            | Self::BadAddress { url, .. }
            | Self::BadRecord { url, .. }
            | Self::Redirected { url, .. }
            | Self::Denied { url, .. }
            | Self::Status { url, .. }
            | Self::Unreachable { url, .. }
            | Self::Cut { url, .. }
            | Self::Damaged { url, .. }
            | Self::Mismatch { url, .. }
            | Self::BadShardIndex { url, .. }
            | Self::ShardGone { url }
            | Self::File { url, .. }
            | Self::Disk { url, .. } => url,
        }
    }

    /// How long the server wishes to be left alone.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether the channel's own content is wrong: another try does not help.
    pub fn is_bad_content(&self) -> bool {
        matches!(
            self,
            Self::TooLarge { .. } | Self::BadAddress { .. } | Self::BadRecord { .. }
        )
    }

    /// Whether another try, later, may end otherwise.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Cut { .. } | Self::Mismatch { .. } => true,
            Self::Status { status, .. } => is_temporary(*status),
            _ => false,
        }
    }
}

/// Statuses after which another try may end otherwise.
pub(super) fn is_temporary(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429) || (status.is_server_error() && status != 501)
}

/// The path of a local URL, else the URL without secrets.
fn named(url: &Url) -> String {
    path_of(url).map_or_else(|| redact(url), |path| path.display().to_string())
}

fn on_the_server(url: &Url) -> &'static str {
    match path_of(url) {
        Some(_) => "",
        None => " on the server",
    }
}
