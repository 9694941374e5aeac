//! Text that is in no URL.

use std::ops::Range;

use super::{Masks, is_separator};
use crate::is_local_path;

/// How long what follows a bare `t/` is at least, if it is a token: those of all servers are longer.
const TOKEN_LENGTH: usize = 8;

pub(super) fn hide(text: &str, part: Range<usize>, masks: &mut Masks) {
    let mut start = part.start;
    for word in text[part.clone()].split_inclusive(char::is_whitespace) {
        let end = start + word.trim_end().len();
        hide_userinfo(text, start..end, masks);
        hide_query(text, start..end, masks);
        start += word.len();
    }
    masks.hide_tokens(text, part, TOKEN_LENGTH, is_part_of_a_name);
}

/// `user:password@host` without a scheme.
fn hide_userinfo(text: &str, part: Range<usize>, masks: &mut Masks) {
    let word = &text[part.clone()];
    let found = word
        .rfind('@')
        .and_then(|at| Some((word[..at].find(':')?, at)));
    let Some((colon, at)) = found else {
        return;
    };
    let start = last_part_start(&word[..colon]);
    if !word[colon..].starts_with("::") && !is_local_path(&word[start..]) {
        masks.hide(part.start + start..part.start + at);
    }
}

/// `name?token=secret` without a scheme.
fn hide_query(text: &str, part: Range<usize>, masks: &mut Masks) {
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
    };
    let word = &text[part.clone()];
    let Some(at) = word.find('?') else {
        return;
    };
    if let Some((name, _)) = word[at + 1..].split_once('=')
        && is_name(name)
    {
        masks.hide_query(text, part.start + at, part.end);
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
