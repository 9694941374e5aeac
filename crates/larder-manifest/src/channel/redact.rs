//! Texts of the user without what must not be printed.
//!
//! Works on any text with URLs in it, well-formed or not.

/// Replaces user names and passwords of URLs (`://user:password@`), and the tokens of conda
/// servers (`/t/TOKEN/`), by `***`.
pub fn without_credentials(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        result.push_str(before);
        result.push_str("://");
        let end = after
            .find(|c: char| c.is_whitespace())
            .unwrap_or(after.len());
        let (url, behind) = after.split_at(end);
        result.push_str(&masked(url));
        rest = behind;
    }
    result.push_str(rest);
    result
}

/// The part of a URL behind `://`.
fn masked(url: &str) -> String {
    let host_end = url.find('/').unwrap_or(url.len());
    let (authority, path) = url.split_at(host_end);
    let authority = match authority.rsplit_once('@') {
        Some((_, host)) => format!("***@{host}"),
        None => authority.to_owned(),
    };
    let path = match path.split_once("/t/") {
        Some((before, after)) => {
            let token_end = after.find('/').unwrap_or(after.len());
            format!("{before}/t/***{}", &after[token_end..])
        }
        None => path.to_owned(),
    };
    authority + &path
}
