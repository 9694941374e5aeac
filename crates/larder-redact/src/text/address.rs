//! What stands behind `//`, well-formed or not: where it ends, and what in it may be a secret.

use std::ops::Range;

use super::{Masks, is_separator};

/// User and password apart from the rest of a URL's text behind `//`, by the rules of URLs; a password
/// with a raw `/` counts where its beginning cannot be a port.
pub fn split_userinfo(address: &str) -> (&str, &str) {
    let authority = authority(address);
    let at = authority.rfind('@').or_else(|| {
        port(authority)
            .filter(|port| !is_number(port))
            .and_then(|_| address.rfind('@'))
    });
    at.map_or(("", address), |at| (&address[..at], &address[at + 1..]))
}

/// The next address at `from` or behind it: what stands behind `//`.
pub(super) fn next(text: &str, from: usize) -> Option<Range<usize>> {
    let start = from + address_start(&text[from..])?;
    Some(start..start + address_end(&text[start..]))
}

pub(super) fn hide(text: &str, part: Range<usize>, masks: &mut Masks) {
    let address = &text[part.clone()];
    // What goes on with another URL is no path of a file.
    let is_file = text[..part.start].ends_with("file://") && !address.contains("://");
    let userinfo = cautious_userinfo_end(address).unwrap_or(0);
    let rest = part.start + userinfo;
    masks.hide(part.start..rest);
    let query = address[userinfo..].find('?').map(|at| rest + at);
    if !is_file {
        let path = rest..query.unwrap_or(part.end);
        masks.hide_tokens(text, path, 1, |before| before.ends_with('/'));
    }
    if let Some(query) = query {
        masks.hide_query(text, query, part.end);
    }
}

/// Where the text behind the next `//` begins.
fn address_start(text: &str) -> Option<usize> {
    let is_start = |at: &usize| {
        let before = &text[..*at];
        before.is_empty() || before.ends_with(':') || before.ends_with(is_separator)
    };
    let mut slashes = text.match_indices("//").map(|(at, _)| at);
    slashes.find(is_start).map(|at| at + 2)
}

/// Where the address at the start of `text` ends: with its word, before another URL in a list, or
/// behind the password if that has spaces.
fn address_end(text: &str) -> usize {
    let word_end = text.find(char::is_whitespace).unwrap_or(text.len());
    let end = list_end(&text[..word_end]);
    let address = &text[..end];
    let is_open = !address.contains('@')
        && port(authority(address)).is_some_and(|port| !is_number(without_punctuation(port)));
    let line = text.lines().next().unwrap_or_default();
    match line.rfind('@').filter(|_| is_open) {
        Some(at) => line[at..]
            .find(char::is_whitespace)
            .map_or(line.len(), |end| at + end),
        None => end,
    }
}

/// Where a list of URLs goes on: at a separator in front of `scheme://`.
fn list_end(word: &str) -> usize {
    let separator = |(at, _): (usize, &str)| {
        let in_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '-');
        let before = word[..at].trim_end_matches(in_scheme);
        let scheme = at - before.len();
        let last = before.chars().next_back().filter(|c| is_separator(*c))?;
        (scheme > 0).then(|| before.len() - last.len_utf8())
    };
    let end = word.match_indices("://").find_map(separator);
    end.unwrap_or(word.len())
}

/// Where user and password end, if there may be any: the last `@`, but that of a path behind a host
/// alone or a user alone (`git@host/package@v1`).
fn cautious_userinfo_end(address: &str) -> Option<usize> {
    let last = address.rfind('@')?;
    let authority = authority(address);
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let behind = &address[authority.len()..];
    // An address with spaces in it goes on because its password does.
    let may_hold_more = address.contains(char::is_whitespace)
        || user.contains(':')
        || port(host).is_some()
        || behind.starts_with(['?', '#']);
    if may_hold_more {
        Some(last)
    } else {
        authority.rfind('@')
    }
}

/// Up to the path.
pub(super) fn authority(address: &str) -> &str {
    let end = address.find(['/', '?', '#']).unwrap_or(address.len());
    &address[..end]
}

/// What stands behind the host's colon.
pub(super) fn port(authority: &str) -> Option<&str> {
    let host = match authority.split_once(']') {
        Some((before, behind)) if before.starts_with('[') => behind,
        _ => authority,
    };
    host.split_once(':').map(|(_, port)| port)
}

pub(super) fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `8080` of `8080,` and `8080:`: what a sentence puts behind an address.
fn without_punctuation(text: &str) -> &str {
    text.trim_end_matches(|c: char| c.is_ascii_punctuation())
}
