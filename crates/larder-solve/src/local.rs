//! Local channels under a stand-in address.
//!
//! Of `file://` channels rattler's gateway reads nothing but a plain `repodata.json`, so it is given
//! `http://local.invalid/-/<path>` instead, which the client in front of it answers from disk. The
//! stand-in stays inside: whatever goes to the user goes through [`outward`] or [`shown_text`].
//!
//! The `-` keeps a path that begins with `/t/` from being taken for a token (and masked).

use std::path::PathBuf;

use larder_redact::redact_text;
use rattler_conda_types::{Channel, RepoDataRecord};
use url::Url;

use crate::{Requested, SolveRequest, channels::clean};

/// `.invalid` never resolves (RFC 2606), so that a mistake cannot reach a server.
const HOST: &str = "local.invalid";
const BASE: &str = "http://local.invalid/-/";
/// What an absolute path in an index (`base_url: "/pool"`) makes of a stand-in.
const ROOT: &str = "http://local.invalid/";

/// The stand-in of a local URL; nothing for other URLs and for files of another host.
pub(crate) fn inward(url: &Url) -> Option<Url> {
    if url.scheme() != "file" || url.host_str().is_some() {
        return None;
    }
    let path = url.path().strip_prefix('/')?;
    Url::parse(&format!("{BASE}{path}")).ok()
}

/// The local URL of a stand-in; other URLs as they are.
pub(crate) fn outward(url: &Url) -> Url {
    if !is_stand_in(url) {
        return url.clone();
    }
    Url::parse(&outward_text(url.as_str())).unwrap_or_else(|_| url.clone())
}

/// A text in which every stand-in has become the local URL.
pub(crate) fn outward_text(text: &str) -> String {
    text.replace(BASE, "file:///").replace(ROOT, "file:///")
}

/// A text of the gateway or the solver as the user may see it: no stand-ins, no secrets.
pub(crate) fn shown_text(text: &str) -> String {
    redact_text(&outward_text(text))
}

/// Whether the URL stands for a local one.
pub(crate) fn is_stand_in(url: &Url) -> bool {
    url.host_str() == Some(HOST) && url.scheme() == "http"
}

/// The file of a local URL.
pub(crate) fn path_of(url: &Url) -> Option<PathBuf> {
    if url.scheme() != "file" {
        return None;
    }
    url.to_file_path().ok()
}

/// A record as the user may see it. Only a local channel's record can be at a stand-in: that of
/// another channel would be a way to local files.
pub(crate) fn outward_record(mut record: RepoDataRecord) -> RepoDataRecord {
    let channel = record.channel.as_deref();
    if channel.is_some_and(|channel| channel.starts_with(BASE)) {
        record.url = outward(&record.url);
    }
    record.channel = record.channel.as_deref().map(outward_text);
    record
}

/// The parts of a request that name channels, local ones by their stand-ins.
pub(crate) struct Inward {
    channels: Vec<Channel>,
    specs: Vec<Requested>,
}

impl Inward {
    /// Channels of specs also lose their credentials, as the listed ones have none.
    pub(crate) fn of(request: &SolveRequest<'_>) -> Self {
        let specs = request.specs.iter().cloned().map(|mut wanted| {
            if let Some(channel) = &wanted.spec.channel {
                let clean = with_url(channel, clean(channel.base_url.as_ref()));
                wanted.spec.channel = Some(inward_channel(&clean).into());
            }
            wanted
        });
        Self {
            channels: request.channels.iter().map(inward_channel).collect(),
            specs: specs.collect(),
        }
    }

    /// `request` with these parts.
    pub(crate) fn request<'a>(&'a self, request: &SolveRequest<'a>) -> SolveRequest<'a> {
        SolveRequest {
            channels: &self.channels,
            specs: &self.specs,
            ..request.clone()
        }
    }
}

/// The channel with the stand-in of a local URL.
pub(crate) fn inward_channel(channel: &Channel) -> Channel {
    match inward(channel.base_url.as_ref()) {
        Some(url) => with_url(channel, url),
        None => channel.clone(),
    }
}

fn with_url(channel: &Channel, url: Url) -> Channel {
    Channel {
        base_url: url.into(),
        ..channel.clone()
    }
}
