//! URLs as they may be shown: in errors, events and logs.
//!
//! One function, used wherever a URL becomes text. It leaves out instead of masking, so that nothing
//! of a secret, not even its length, is seen. Never use its result to fetch.

use std::fmt::Write as _;

use url::Url;

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
    let mut after_t = false;
    for segment in url.path_segments().into_iter().flatten() {
        text.push('/');
        text.push_str(if after_t && !segment.is_empty() {
            TOKEN
        } else {
            segment
        });
        after_t = segment == "t" && !after_t && url.scheme() != "file";
    }
    text
}
