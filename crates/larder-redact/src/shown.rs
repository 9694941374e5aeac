//! URLs as they may be shown: in errors, events, logs and records.
//!
//! Leaves out instead of masking, so that nothing of a secret, not even its length, is seen. Never use
//! the results to fetch.

use std::fmt::Write as _;

use url::Url;

use crate::{split_credentials, split_tokens, with_token};

#[cfg(test)]
mod tests;

/// What stands for a token in a path.
const TOKEN: &str = "<TOKEN>";

/// The text of `url` without anything that can be a secret: no user, password, query or fragment, and
/// `/t/<TOKEN>/` for a token in the path.
pub fn redact(url: &Url) -> String {
    let mut text = format!("{}:", url.scheme());
    if url.cannot_be_a_base() {
        text.push_str("...");
        return text;
    }
    text.push_str("//");
    text.push_str(url.host_str().unwrap_or_default());
    if let Some(port) = url.port() {
        // Writing to a `String` cannot fail.
        let _ = write!(text, ":{port}");
    }
    if url.scheme() == "file" {
        return text + url.path();
    }
    let (path, tokens) = split_tokens(url.path());
    let masked = |path: String, token: &crate::PathToken| with_token(&path, TOKEN, token.after);
    text + &tokens.iter().rev().fold(path, masked)
}

/// `url` as records, locks and caches name it: without user, password, tokens, query and fragment.
pub fn clean(url: &Url) -> Url {
    let (mut url, _) = split_credentials(url);
    url.set_query(None);
    url.set_fragment(None);
    url
}
