//! `http://HOST/DIR/` and `https://`: what a web server has, to be read.
//!
//! Credentials are the caller's, sent as a header. Nothing can be listed, so only whole names are found, and no use is noted. Names of more than 200 bytes
//! in a component are cut by the directory backend and cannot be read by HTTP from its directory.

use larder_redact::Credential;
use opendal::{Operator, services::Http};
use url::Url;

use super::{Cloud, Means, Nature};
use crate::{
    RemoteError,
    address::{refused, without_secrets},
};

/// The remote of such a URL.
pub(crate) fn open(
    url: &Url,
    credential: Option<&Credential>,
    means: &Means,
) -> Result<Cloud, RemoteError> {
    without_secrets(url)?;
    if url.query().is_some() {
        return Err(refused(
            url,
            "it has options; expected https://HOST/DIR/".into(),
        ));
    }
    let shown = url.as_str().trim_end_matches('/');
    let (origin, path) = shown.split_at(shown.len() - url.path().trim_end_matches('/').len());
    let root = percent_encoding::percent_decode_str(path);
    let root = root.decode_utf8();
    let root = root.map_err(|_| refused(url, "its path is no text".into()))?;
    let builder = Http::default().endpoint(origin).root(&root);
    let builder = match credential {
        Some(Credential::Basic { user, password }) => builder.username(user).password(password),
        Some(Credential::Bearer(token)) => builder.token(token),
        // Part of the path of a channel.
        Some(Credential::Token { .. }) | None => builder,
    };
    let operator = Operator::new(builder);
    let operator = operator.map_err(|error| refused(url, error.message().to_owned()))?;
    Ok(Cloud::new(operator, (shown, Nature::ReadOnly), means))
}
