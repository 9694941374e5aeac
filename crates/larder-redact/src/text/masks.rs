//! What of a text is not shown: parts of it, in any order, that may overlap.
//!
//! Only ever grows.

use std::ops::Range;

use super::is_quote;

/// What stands for a secret.
const MASK: &str = "***";

#[derive(Debug, Default)]
pub(super) struct Masks(Vec<Range<usize>>);

impl Masks {
    pub(super) fn hide(&mut self, part: Range<usize>) {
        if !part.is_empty() {
            self.0.push(part);
        }
    }

    /// A query that begins with the `?` at `start`, up to a quote or `end`.
    pub(super) fn hide_query(&mut self, text: &str, start: usize, end: usize) {
        let query = &text[start + 1..end];
        let length = query.find(is_quote).unwrap_or(query.len());
        self.hide(start + 1..start + 1 + length);
    }

    /// Tokens of at least `least` bytes behind each `t/` of a part for which what stands before it in the
    /// part is a place.
    pub(super) fn hide_tokens(
        &mut self,
        text: &str,
        part: Range<usize>,
        least: usize,
        is_place: impl Fn(&str) -> bool,
    ) {
        let (offset, part) = (part.start, &text[part]);
        let mut from = 0;
        while let Some(found) = part[from..].find("t/") {
            let at = from + found;
            let start = part.len() - behind_slashes(&part[at + 2..]).len();
            let length = token_length(&part[start..]);
            from = at + 2;
            if length >= least && is_place(&part[..at]) {
                from = start + length;
                self.hide(offset + start..offset + from);
            }
        }
    }

    /// The text with one mask for each stretch of hidden characters.
    pub(super) fn applied_to(mut self, text: &str) -> String {
        self.0.sort_by_key(|part| part.start);
        let mut shown = String::with_capacity(text.len());
        let mut hidden = None;
        for part in self.0 {
            if hidden.is_none_or(|end| end < part.start) {
                shown.push_str(&text[hidden.unwrap_or(0)..part.start]);
                shown.push_str(MASK);
            }
            hidden = hidden.max(Some(part.end));
        }
        shown.push_str(&text[hidden.unwrap_or(0)..]);
        shown
    }
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
