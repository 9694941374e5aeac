//! Indexes and shards of local channels, straight from their directory.
//!
//! Nothing of them is kept: the disk is the truth. Shards are checked against their digests all the
//! same.

use std::io;

use larder_fs::{Links, read_control_file};
use reqwest::{Response, StatusCode};
use reqwest_middleware::Error;
use url::Url;

use super::{
    bounds::REPODATA,
    check::{CheckedIndex, check_digest, check_index, check_shard, readable, size_limit},
    entry::sha256,
    error::IndexError,
    kind::Kind,
    log::Log,
    response::answer,
};
use crate::local::{outward, path_of};

/// What a server would answer for the file that `url` stands for.
pub(super) fn answer_from_disk(
    url: &Url,
    kind: Option<Kind>,
    log: &Log,
    accepts_flawed: bool,
) -> Result<Response, Error> {
    let shown = outward(url);
    let bytes = read(&shown, kind).map_err(Error::middleware)?;
    if !matches!(kind, Some(Kind::Shard(_))) {
        let digest = bytes.as_deref().map(|bytes| sha256(bytes).to_hex());
        log.note(url, digest.as_deref());
    }
    let (Some(kind), Some(bytes)) = (kind, bytes) else {
        return missing(url, shown, kind);
    };
    if matches!(kind, Kind::Shard(_)) {
        check_digest(&shown, kind, &bytes, 1).map_err(Error::middleware)?;
        check_shard(&shown, kind, &bytes).map_err(Error::middleware)?;
        return answer(url, StatusCode::OK, bytes);
    }
    match check_index(&shown, kind, &bytes).map_err(Error::middleware)? {
        CheckedIndex::OtherVersion => return missing(url, shown, Some(kind)),
        CheckedIndex::Flawed(reason) if !accepts_flawed => {
            return Err(Error::middleware(IndexError::BadRecord {
                url: shown,
                reason,
            }));
        }
        CheckedIndex::Usable | CheckedIndex::Flawed(_) => {}
    }
    answer(url, StatusCode::OK, readable(kind, bytes))
}

fn missing(url: &Url, shown: Url, kind: Option<Kind>) -> Result<Response, Error> {
    match kind {
        Some(Kind::Shard(_)) => Err(Error::middleware(IndexError::ShardGone { url: shown })),
        _ => answer(url, StatusCode::NOT_FOUND, Vec::new()),
    }
}

fn read(url: &Url, kind: Option<Kind>) -> Result<Option<Vec<u8>>, IndexError> {
    let Some(path) = path_of(url) else {
        return Ok(None);
    };
    let limit = kind.map_or(REPODATA, |kind| size_limit(url, kind)).body;
    // A channel's directory may consist of links, such as into a mirror.
    match read_control_file(&path, limit, Links::Follow) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error)
            if matches!(
                error.source.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(source) => Err(IndexError::File {
            url: url.clone(),
            source: Box::new(source),
        }),
    }
}
