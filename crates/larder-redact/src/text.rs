//! Texts as they may be shown: whatever a user or a program wrote, URLs in it or not, well-formed or
//! not.
//!
//! In doubt it masks: a text may lose a word that was no secret, but shows no secret. What it leaves
//! alone on purpose: paths of files (`/usr/t/directory`), and `t/SHORT` outside of URLs.

use crate::is_local_path;

#[cfg(test)]
mod tests;

/// What stands for a secret.
const MASK: &str = "***";

/// How long what follows a bare `t/` is at least, if it is a token: those of all servers are longer.
const TOKEN_LENGTH: usize = 8;

/// Masks by `***`:
/// - user and password of URLs, `//user:password@`, also several in one word, with `/`, `@`, spaces and
///   other odd characters in the password; and `user:password@` where someone forgot the `https://`;
/// - what follows `/t/` in a URL's path, but for `file:`;
/// - what follows `t/` in other text, if it has 8 characters or more and `t` is a whole part of a
///   channel's name: behind the start of a word, `/`, `=`, a quote or an option's letter (`-ct/...`);
/// - queries: those of URLs whole, elsewhere from `?name=` on.
pub fn redact_text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = address_start(rest) {
        let (before, after) = rest.split_at(start);
        let (address, behind) = after.split_at(address_end(after));
        shown.push_str(&bare(before));
        // What goes on with another URL is no path of a file.
        let is_file = before.ends_with("file://") && !address.contains("://");
        shown.push_str(&masked(address, is_file));
        rest = behind;
    }
    shown.push_str(&bare(rest));
    shown
}

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

/// An address (what stands behind `//`) without its secrets.
fn masked(address: &str, is_file: bool) -> String {
    let (mask, rest) = match cautious_userinfo_end(address) {
        Some(at) => (MASK, &address[at..]),
        None => ("", address),
    };
    let (path, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
    let path = if is_file {
        path.to_owned()
    } else {
        masked_tokens(path, 1, |before| before.ends_with('/'))
    };
    format!("{mask}{path}{}", masked_query(query))
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
fn authority(address: &str) -> &str {
    let end = address.find(['/', '?', '#']).unwrap_or(address.len());
    &address[..end]
}

/// What stands behind the host's colon.
fn port(authority: &str) -> Option<&str> {
    let host = match authority.split_once(']') {
        Some((before, behind)) if before.starts_with('[') => behind,
        _ => authority,
    };
    host.split_once(':').map(|(_, port)| port)
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `8080` of `8080,` and `8080:`: what a sentence puts behind an address.
fn without_punctuation(text: &str) -> &str {
    text.trim_end_matches(|c: char| c.is_ascii_punctuation())
}

/// A query, `?` included, up to a quote; what follows that stays.
fn masked_query(query: &str) -> String {
    let end = query.find(is_quote).unwrap_or(query.len());
    match end {
        0 | 1 => query.to_owned(),
        _ => format!("?{MASK}{}", &query[end..]),
    }
}

/// Masks tokens of at least `least` bytes behind each `t/` for which the text before it is a place.
fn masked_tokens(text: &str, least: usize, is_place: impl Fn(&str) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut copied = 0;
    let mut from = 0;
    while let Some(found) = text[from..].find("t/") {
        let at = from + found;
        let start = text.len() - behind_slashes(&text[at + 2..]).len();
        let end = start + token_length(&text[start..]);
        if end - start >= least && is_place(&text[..at]) {
            shown.push_str(&text[copied..start]);
            shown.push_str(MASK);
            copied = end;
            from = end;
        } else {
            from = at + 2;
        }
    }
    shown.push_str(&text[copied..]);
    shown
}

/// Behind further slashes and `t/`, as `split_tokens` has it.
fn behind_slashes(mut text: &str) -> &str {
    while let Some(rest) = text.strip_prefix('/').or_else(|| text.strip_prefix("t/")) {
        text = rest;
    }
    text
}

fn token_length(text: &str) -> usize {
    let is_end = |c: char| {
        c.is_whitespace() || is_quote(c) || matches!(c, '/' | '?' | '#' | ')' | ']' | '\\')
    };
    let end = text.find(is_end).unwrap_or(text.len());
    text[..end].find("::").unwrap_or(end)
}

/// Text that is in no URL.
fn bare(text: &str) -> String {
    let words = text.split_inclusive(char::is_whitespace);
    let text: String = words.map(|word| bare_query(&bare_userinfo(word))).collect();
    masked_tokens(&text, TOKEN_LENGTH, is_part_of_a_name)
}

/// `user:password@host` without a scheme.
fn bare_userinfo(word: &str) -> String {
    let found = word
        .rfind('@')
        .and_then(|at| Some((word[..at].find(':')?, at)));
    let Some((colon, at)) = found else {
        return word.to_owned();
    };
    let start = last_part_start(&word[..colon]);
    if word[colon..].starts_with("::") || is_local_path(&word[start..]) {
        return word.to_owned();
    }
    format!("{}{MASK}{}", &word[..start], &word[at..])
}

/// `name?token=secret` without a scheme.
fn bare_query(word: &str) -> String {
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
    };
    let Some(at) = word.find('?') else {
        return word.to_owned();
    };
    match word[at + 1..].split_once('=') {
        Some((name, _)) if is_name(name) => {
            let end = word.trim_end().len();
            let query = masked_query(&word[at..end]);
            format!("{}{query}{}", &word[..at], &word[end..])
        }
        _ => word.to_owned(),
    }
}

/// Whether a `t` behind this text is a whole part of a channel's name.
fn is_part_of_a_name(before: &str) -> bool {
    let part = &before[last_part_start(before)..];
    let part = match part.as_bytes() {
        [b'-', letter, ..] if letter.is_ascii_alphabetic() => &part[2..],
        _ => part,
    };
    let in_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    !part.ends_with(in_word) && !is_local_path(part)
}

/// Where the last part of a text begins: behind spaces, quotes, brackets and separators.
fn last_part_start(text: &str) -> usize {
    let last = text.char_indices().rev().find(|(_, c)| is_separator(*c));
    last.map_or(0, |(at, c)| at + c.len_utf8())
}

fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || is_quote(c)
        || matches!(c, '=' | ',' | ';' | '(' | ')' | '[' | ']' | '{' | '}' | '|')
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '`' | '<' | '>')
}
