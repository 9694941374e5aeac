//! What is a secret by the grammar of URLs alone: behind each `://`, whatever stands before it and
//! behind the word.
//!
//! Knows no context, so that no context can mislead it.

use super::{
    Masks,
    address::{authority, is_number, port},
};

pub(super) fn hide(text: &str, masks: &mut Masks) {
    for (at, mark) in text.match_indices("://") {
        let start = at + mark.len();
        let word = &text[start..];
        let word = &word[..word.find(char::is_whitespace).unwrap_or(word.len())];
        let end = start + word.len();
        let authority = authority(word);
        let userinfo = authority.rfind('@');
        if userinfo.is_none() && port(authority).is_some_and(|port| !is_number(port)) {
            // A password that nobody encoded goes on behind it, and where it ends is a guess.
            continue;
        }
        masks.hide(start..start + userinfo.unwrap_or(0));
        let query = word.find('?').map_or(end, |query| start + query);
        if !text[..at].ends_with("file") {
            let path = start + authority.len()..query;
            masks.hide_tokens(text, path, 1, |before| before.ends_with('/'));
        }
        if query < end {
            masks.hide_query(text, query, end);
        }
    }
}
