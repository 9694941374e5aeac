//! Tokens in paths: `/t/TOKEN/` taken out at any depth and put back where it stood.
//!
//! Works on the text of a path, percent-encoded as it is; knows neither hosts nor schemes.

use std::{fmt, str::Split};

#[cfg(test)]
mod tests;

/// A token that stood in a path.
#[derive(Clone, PartialEq, Eq)]
pub struct PathToken {
    /// The secret, as it stood there.
    pub token: String,
    /// How many segments that are no tokens stood before it.
    pub after: usize,
}

impl fmt::Debug for PathToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PathToken")
            .field("after", &self.after)
            .finish_non_exhaustive()
    }
}

/// The path without its tokens, and the tokens in order.
///
/// A token is whatever follows a segment `t`; of `t/t/X` it is `t/X`, so that the rest never holds a
/// token again. `path` may begin without a slash, as a channel's name does.
pub fn split_tokens(path: &str) -> (String, Vec<PathToken>) {
    let mut kept: Vec<&str> = Vec::new();
    let mut tokens = Vec::new();
    let mut segments = path.split('/');
    while let Some(segment) = segments.next() {
        let token = (segment == "t")
            .then(|| take_token(&mut segments))
            .flatten();
        match token {
            Some(token) => tokens.push(PathToken {
                token,
                after: kept.iter().filter(|segment| !segment.is_empty()).count(),
            }),
            None => kept.push(segment),
        }
    }
    (kept.join("/"), tokens)
}

/// The token at the front of `segments`, if anything is there.
fn take_token(segments: &mut Split<'_, char>) -> Option<String> {
    let mut ahead = segments.clone();
    let mut token = Vec::new();
    for segment in ahead.by_ref().filter(|segment| !segment.is_empty()) {
        token.push(segment);
        if segment != "t" {
            break;
        }
    }
    if token.is_empty() {
        return None;
    }
    *segments = ahead;
    Some(token.join("/"))
}

/// `path` with `/t/TOKEN` behind its first `after` segments, or at its end if it has fewer.
///
/// Of several tokens the last goes back first.
pub fn with_token(path: &str, token: &str, after: usize) -> String {
    let mut segments: Vec<&str> = path.split('/').collect();
    let end = match segments.as_slice() {
        [_, .., ""] => segments.len() - 1,
        _ => segments.len(),
    };
    let mut filled = (0..segments.len()).filter(|&index| !segments[index].is_empty());
    let at = filled.nth(after).unwrap_or(end);
    segments.splice(at..at, ["t", token]);
    segments.join("/")
}

/// Whether a text is the path of a file and no URL and no channel's name: `/x`, `./x`, `..`, `~/x`,
/// `C:\x`, `\\host\x`. Such paths have directories called `t`, and no tokens.
pub fn is_local_path(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes {
        [b'/' | b'\\' | b'~', ..] | [b'.'] | [b'.', b'/' | b'\\', ..] => true,
        [b'.', b'.'] | [b'.', b'.', b'/' | b'\\', ..] => true,
        [drive, b':'] | [drive, b':', b'/' | b'\\', ..] => drive.is_ascii_alphabetic(),
        _ => false,
    }
}
