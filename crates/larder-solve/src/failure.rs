//! Failures of the gateway, told as [`SolveError`].

use std::error::Error;

use rattler_conda_types::Channel;
use rattler_repodata_gateway::{GatewayError, fetch::FetchRepoDataError};
use url::Url;

use crate::{
    GatewayFailure, IndexError, SolveError, SolveRequest,
    channels::{channel_name, channel_text, clean},
    local::{outward, outward_text},
    session::Session,
};

/// Names channel and cause.
pub(crate) async fn solve_error(
    error: GatewayError,
    session: &Session,
    request: &SolveRequest<'_>,
) -> SolveError {
    let error = match index_error(error) {
        Ok(source) => {
            return SolveError::Fetch {
                channel: channel_of(source.url(), request.channels),
                source: Box::new(source),
            };
        }
        Err(error) => error,
    };
    match error {
        GatewayError::ChannelRelationsError(reason) => SolveError::Relations {
            reason: outward_text(&reason),
        },
        GatewayError::SubdirNotFoundError(missing) => SolveError::MissingNoarch {
            channel: channel_name(&missing.channel),
            source: Box::new(GatewayFailure::from(missing.as_ref() as &dyn Error)),
        },
        error => {
            let subdirs = [request.subdir, rattler_conda_types::Subdir::NoArch];
            let channel = match session.culprit(request.channels, subdirs).await {
                Some(channel) => channel_name(channel),
                None => all_names(request.channels),
            };
            SolveError::BadIndex {
                channel,
                source: Box::new(GatewayFailure::from(&error as &dyn Error)),
            }
        }
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

fn all_names(channels: &[Channel]) -> String {
    let names: Vec<String> = channels.iter().map(channel_name).collect();
    names.join("`, `")
}
