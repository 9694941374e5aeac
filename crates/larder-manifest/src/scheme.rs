//! The schemes of the URLs that channels and packages are read by, and what to do about any other.

use url::Url;

use crate::edit::nearest;

/// The schemes that larder reads channels and packages by.
pub const CHANNEL_SCHEMES: [&str; 3] = ["https", "http", "file"];

/// Whether channels and packages are read by this scheme.
pub fn is_channel_scheme(scheme: &str) -> bool {
    CHANNEL_SCHEMES.contains(&scheme)
}

/// What to name instead of an address of another scheme: the second half of an error's sentence.
pub(crate) fn advice_for_scheme(scheme: &str) -> String {
    match scheme {
        "oci" => "name the channel's https address instead: \
                  `oci://ghcr.io/channel-mirrors/NAME` is a copy of `https://conda.anaconda.org/NAME`"
            .to_owned(),
        "s3" | "gcs" | "gs" | "azblob" | "abfs" | "hf" => {
            "name the https address that serves the bucket, or copy the channel into a directory and name its path"
                .to_owned()
        }
        _ if scheme.starts_with("git") => {
            "name the channel's https address; a Python package of a repository goes under `pip:`"
                .to_owned()
        }
        // Schemes of their own, though they are spelled almost like `http`.
        "ftp" | "ftps" | "sftp" => advice_to_copy(),
        other => match nearest(other, &CHANNEL_SCHEMES) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => advice_to_copy(),
        },
    }
}

fn advice_to_copy() -> String {
    "name the channel's https address, or copy it into a directory and name its path".to_owned()
}

/// The scheme of `url` if nothing can be read by it.
pub(crate) fn unknown_scheme(url: &Url) -> Option<&str> {
    (!is_channel_scheme(url.scheme())).then(|| url.scheme())
}

/// The scheme in front of `://`, if the text begins with one.
pub(crate) fn leading_scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once("://")?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    is_scheme.then_some(scheme)
}
