//! Indexes and shards of local channels, straight from their directory.
//!
//! Nothing of them is kept: the disk is the truth. Shards are checked against their digests all the
//! same.

use std::{fs, io};

use larder_fs::PathContext as _;
use reqwest::{Response, StatusCode};
use reqwest_middleware::Error;
use url::Url;

use super::{
    client::{check, check_shard, readable},
    entry::sha256,
    error::IndexError,
    kind::Kind,
    log::Log,
    response::answer,
    shard_index::Verdict,
};
use crate::local::{outward, path_of};

/// What a server would answer for the file that `url` stands for.
pub(super) fn answer_from_disk(
    url: &Url,
    kind: Option<Kind>,
    log: &Log,
) -> Result<Response, Error> {
    let shown = outward(url);
    let bytes = read(&shown).map_err(Error::middleware)?;
    if !matches!(kind, Some(Kind::Shard(_))) {
        let digest = bytes.as_deref().map(|bytes| sha256(bytes).to_hex());
        log.note(url, digest.as_deref());
    }
    let (Some(kind), Some(bytes)) = (kind, bytes) else {
        return missing(url, shown, kind);
    };
    if matches!(kind, Kind::Shard(_)) {
        check_shard(&shown, kind, &bytes, 1).map_err(Error::middleware)?;
    } else if check(&shown, &bytes)? == Verdict::OtherVersion {
        return missing(url, shown, Some(kind));
    }
    answer(url, StatusCode::OK, readable(kind, bytes))
}

fn missing(url: &Url, shown: Url, kind: Option<Kind>) -> Result<Response, Error> {
    match kind {
        Some(Kind::Shard(_)) => Err(Error::middleware(IndexError::ShardGone { url: shown })),
        _ => answer(url, StatusCode::NOT_FOUND, Vec::new()),
    }
}

fn read(url: &Url) -> Result<Option<Vec<u8>>, IndexError> {
    let Some(path) = path_of(url) else {
        return Ok(None);
    };
    match fs::read(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error)
            .at("read", &path)
            .map_err(|source| IndexError::File {
                url: url.clone(),
                source: Box::new(source),
            }),
    }
}
