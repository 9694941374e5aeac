//! Failures of the gateway, told as [`SolveError`].

use std::{error::Error, io, path::PathBuf};

use rattler_conda_types::{Channel, Subdir};
use rattler_repodata_gateway::{GatewayError, fetch::FetchRepoDataError};
use serde::de::IgnoredAny;
use url::Url;

use crate::{
    GatewayFailure, IndexError, SolveError, SolveRequest,
    channels::{channel_name, channel_text, clean},
    local::{outward, path_of, shown_text},
    session::Session,
};

/// Names channel and cause.
pub(crate) async fn solve_error(
    error: GatewayError,
    session: &Session,
    request: &SolveRequest<'_>,
) -> SolveError {
    let error = match index_error(error) {
        // All else in the channel can be used: it is tried again without the record.
        Ok(source @ IndexError::BadRecord { .. }) => {
            return SolveError::BadIndex {
                channel: channel_of(source.url(), request.channels),
                source: Box::new(GatewayFailure::from(&source as &(dyn Error + 'static))),
            };
        }
        Ok(source) => return fetch_error(source, request),
        Err(error) => error,
    };
    match error {
        GatewayError::ChannelRelationsError(reason) => SolveError::Relations {
            reason: shown_text(&reason),
        },
        GatewayError::SubdirNotFoundError(missing) => SolveError::MissingNoarch {
            channel: channel_name(&missing.channel),
            source: Box::new(GatewayFailure::from(
                missing.as_ref() as &(dyn Error + 'static)
            )),
        },
        error => {
            let subdirs = [request.subdir, Subdir::NoArch];
            let culprit = session.culprit(request.channels, subdirs).await;
            let failure = GatewayFailure::from(&error as &(dyn Error + 'static));
            let failure = failure.or_io_kind(io_kind(&error));
            let file = culprit.and_then(|channel| broken_file(channel, subdirs));
            SolveError::BadIndex {
                channel: culprit.map_or_else(|| all_names(request.channels), channel_name),
                source: Box::new(match file {
                    Some(file) => failure.in_file(&file),
                    None => failure,
                }),
            }
        }
    }
}

/// Names the channel.
pub(crate) fn fetch_error(source: IndexError, request: &SolveRequest<'_>) -> SolveError {
    SolveError::Fetch {
        channel: channel_of(source.url(), request.channels),
        source: Box::new(source),
    }
}

/// Finds our own client's error under the gateway's.
fn index_error(error: GatewayError) -> Result<IndexError, GatewayError> {
    match error {
        GatewayError::ReqwestMiddlewareError(error) => error
            .downcast()
            .map_err(GatewayError::ReqwestMiddlewareError),
        GatewayError::FetchRepoDataError(FetchRepoDataError::HttpError(
            reqwest_middleware::Error::Middleware(error),
        )) => error.downcast().map_err(|error| {
            let error = reqwest_middleware::Error::Middleware(error);
            GatewayError::FetchRepoDataError(FetchRepoDataError::HttpError(error))
        }),
        error => Err(error),
    }
}

/// What the operating system reported, where the gateway's error does not pass it on as its source.
fn io_kind(error: &GatewayError) -> Option<io::ErrorKind> {
    match error {
        GatewayError::IoError(_, error)
        | GatewayError::FetchRepoDataError(FetchRepoDataError::IoError(error)) => {
            Some(error.kind())
        }
        _ => None,
    }
}

/// The listed channel under which a URL lies, else what is above its subdir.
fn channel_of(url: &Url, channels: &[Channel]) -> String {
    let listed = channels
        .iter()
        .filter(|channel| {
            let base = outward(channel.base_url.as_ref());
            url.as_str().starts_with(base.as_str())
        })
        .max_by_key(|channel| channel.base_url.as_str().len());
    if let Some(channel) = listed {
        return channel_name(channel);
    }
    let mut base = clean(url);
    if let Ok(mut segments) = base.path_segments_mut() {
        segments.pop().pop();
    }
    channel_text(base.as_str())
}

/// The local index that is no JSON, if the channel is local and has one.
fn broken_file(channel: &Channel, subdirs: [Subdir; 2]) -> Option<PathBuf> {
    let is_broken = |path: &PathBuf| {
        let Ok(bytes) = std::fs::read(path) else {
            return false;
        };
        let bytes = match path.extension() {
            Some(extension) if extension == "zst" => zstd::decode_all(bytes.as_slice()).ok(),
            _ => Some(bytes),
        };
        let parsed = bytes.map(|bytes| serde_json::from_slice::<IgnoredAny>(&bytes).is_ok());
        parsed != Some(true)
    };
    let directories = subdirs.map(|subdir| path_of(&outward(&channel.platform_url(subdir))));
    let files = directories.into_iter().flatten().flat_map(|directory| {
        ["repodata.json.zst", "repodata.json"].map(|name| directory.join(name))
    });
    files.into_iter().find(is_broken)
}

fn all_names(channels: &[Channel]) -> String {
    let names: Vec<String> = channels.iter().map(channel_name).collect();
    names.join("`, `")
}
