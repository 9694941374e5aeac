//! What opens a channel, and how it is taken out of a channel's URL.
//!
//! A secret is separated from its URL as early as possible and from then on lives only in
//! [`NetworkOptions`](crate::NetworkOptions); nothing prints it, its `Debug` included.

use std::fmt;

use percent_encoding::percent_decode_str;
use url::Url;

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
    /// An Anaconda token, sent as `/t/TOKEN/` in front of the path.
    Token(String),
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Basic { .. } => "Basic(..)",
            Self::Bearer(_) => "Bearer(..)",
            Self::Token(_) => "Token(..)",
        })
    }
}

/// Takes user, password and `/t/TOKEN/` out of a channel's URL: what is left may be written down, the
/// credentials go into [`NetworkOptions::credentials`](crate::NetworkOptions::credentials) with it.
///
/// A token is recognised at any depth, as conda does it, and is sent in front of the whole path.
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
    if let Some((path, token)) = split_token(url) {
        clean.set_path(&path);
        credentials.push(Credential::Token(token));
    }
    (clean, credentials)
}

fn split_token(url: &Url) -> Option<(String, String)> {
    if url.scheme() == "file" {
        return None;
    }
    let mut segments: Vec<&str> = url.path_segments()?.collect();
    let at = segments
        .windows(2)
        .position(|pair| pair[0] == "t" && !pair[1].is_empty())?;
    let token = segments[at + 1].to_owned();
    segments.drain(at..at + 2);
    Some((format!("/{}", segments.join("/")), token))
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
