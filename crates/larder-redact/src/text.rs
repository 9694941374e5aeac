//! Texts as they may be shown: whatever a user or a program wrote, URLs in it or not, well-formed or
//! not.
//!
//! In doubt it masks: a text may lose a word that was no secret, but shows no secret. Each rule looks at
//! the text as it was written and only adds to what is hidden, so no rule can undo what another found:
//! what [`certain`] hides, which is every secret of a well-formed URL, is hidden whatever stands around
//! it. What is left alone on purpose: paths of files (`/usr/t/directory`), and `t/SHORT` outside of URLs.

mod address;
mod bare;
mod certain;
mod long;
mod masks;
#[cfg(test)]
mod tests;

pub use address::split_userinfo;
use masks::Masks;

/// Masks by `***`:
/// - user and password of URLs, `//user:password@`, also several in one word, with `/`, `@`, spaces and
///   other odd characters in the password; and `user:password@` where someone forgot the `https://`;
/// - what follows `/t/` in a URL's path, but for `file:`;
/// - what follows `t/` in other text, if it has 8 characters or more and `t` is a whole part of a
///   channel's name: behind the start of a word, `/`, `=`, a quote or an option's letter (`-ct/...`);
/// - queries: those of URLs whole, elsewhere from `?name=` on.
pub fn redact_text(text: &str) -> String {
    if text.len() <= LINE_BYTES {
        return redact_line(text);
    }
    long::redact(text)
}

/// Bytes of a line that are looked at: some rules look back at the whole line from each place in it.
pub const LINE_BYTES: usize = 8 << 10;

/// A text that is not long, of one line or several.
fn redact_line(text: &str) -> String {
    let mut masks = Masks::default();
    certain::hide(text, &mut masks);
    let mut rest = 0;
    while let Some(address) = address::next(text, rest) {
        bare::hide(text, rest..address.start, &mut masks);
        rest = address.end;
        address::hide(text, address, &mut masks);
    }
    bare::hide(text, rest..text.len(), &mut masks);
    masks.applied_to(text)
}

fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || is_quote(c)
        || matches!(c, '=' | ',' | ';' | '(' | ')' | '[' | ']' | '{' | '}' | '|')
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '`' | '<' | '>')
}
