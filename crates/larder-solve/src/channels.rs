//! Channels as the gateway, errors and closures name them.
//!
//! Nothing here sends a request.

use larder_lock::spec_channel_urls;
use rattler_conda_types::Channel;
use url::Url;

use crate::local::outward;

/// The base URL without trailing slash and without credentials: how errors and closures name a channel.
pub(crate) fn channel_name(channel: &Channel) -> String {
    clean(channel.base_url.url().as_ref())
        .as_str()
        .trim_end_matches('/')
        .to_owned()
}

/// Whether the channel of a spec stands for several channels (see [`larder_lock::spec_channel`]).
pub(crate) fn is_channel_group(channel: &Channel) -> bool {
    spec_channel_urls(channel).len() > 1
}

/// The channels that a spec with this channel takes records from, as [`channel_name`] names them.
pub(crate) fn accepted_channel_names(channel: &Channel) -> Vec<String> {
    match is_channel_group(channel) {
        true => spec_channel_urls(channel),
        // Not `spec_channel_urls`: a local channel is known by its stand-in here.
        false => vec![channel_name(channel)],
    }
}

/// The channel of a record: the given URL without trailing slash and credentials.
pub(crate) fn channel_text(url: &str) -> String {
    match Url::parse(url) {
        Ok(url) => clean(&url).as_str().trim_end_matches('/').to_owned(),
        Err(_) => url.trim_end_matches('/').to_owned(),
    }
}

/// A URL without user, password, query, fragment and `/t/<token>/` at any
/// depth; a local one instead of its
/// stand-in.
pub(crate) fn clean(url: &Url) -> Url {
    larder_redact::clean(&outward(url))
}

/// The short form that people use: `conda-forge` for `https://conda.anaconda.org/conda-forge`.
pub(crate) fn short_name(channel: &Channel) -> String {
    let name = channel_name(channel);
    match name.strip_prefix("https://conda.anaconda.org/") {
        Some(short) => short.to_owned(),
        None => name,
    }
}
