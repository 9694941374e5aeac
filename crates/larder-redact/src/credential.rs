//! What opens a channel, and how it is taken out of a channel's URL.
//!
//! A secret is separated from its URL as early as possible; nothing prints it, its `Debug` included.

use std::fmt;

use percent_encoding::percent_decode_str;
use url::Url;

use crate::split_tokens;

#[cfg(test)]
mod tests;

/// What opens a channel.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// HTTP basic authentication.
    Basic {
        /// May be empty.
        user: String,
        /// May be empty.
        password: String,
    },
    /// `Authorization: Bearer ...`.
    Bearer(String),
    /// A token in the path, `/t/TOKEN/`.
    Token {
        /// As it stands in the path, percent-encoded.
        token: String,
        /// How many segments of the channel's clean path stand before it: 0 for
        /// `https://host/t/TOKEN/ch`, 2 for `https://host/api/repo/t/TOKEN/ch`.
        after: usize,
    },
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Basic { .. } => "Basic(..)",
            Self::Bearer(_) => "Bearer(..)",
            Self::Token { .. } => "Token(..)",
        })
    }
}

/// Takes user, password and every `/t/TOKEN/` out of a URL: what is left may be written down.
///
/// A token is recognised at any depth, as conda does it, and remembers its depth. Local URLs
/// (`file:`) have directories called `t` and no tokens. Query and fragment stay: see
/// [`clean`](crate::clean).
pub fn split_credentials(url: &Url) -> (Url, Vec<Credential>) {
    let mut clean = url.clone();
    let mut credentials = Vec::new();
    if !url.username().is_empty() || url.password().is_some() {
        credentials.push(Credential::Basic {
            user: decoded(url.username()),
            password: decoded(url.password().unwrap_or_default()),
        });
        // Both fail only for URLs without a host, which have no user either.
        let _ = clean.set_username("");
        let _ = clean.set_password(None);
    }
    if url.scheme() == "file" || url.cannot_be_a_base() {
        return (clean, credentials);
    }
    let (path, tokens) = split_tokens(url.path());
    if !tokens.is_empty() {
        clean.set_path(&path);
    }
    let token = |found: crate::PathToken| Credential::Token {
        token: found.token,
        after: found.after,
    };
    credentials.extend(tokens.into_iter().map(token));
    (clean, credentials)
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
