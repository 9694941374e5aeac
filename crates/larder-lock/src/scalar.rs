//! Text as a YAML scalar on one line that every reader, of YAML 1.1 or 1.2, takes for that text.

use std::{borrow::Cow, fmt::Write as _};

/// Words that some reader takes for a boolean, null or number.
const WORDS: [&str; 13] = [
    "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity", "none",
];

/// `text` as a YAML scalar: plain where that is safe for every reader, else in quotes.
pub fn scalar(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        Cow::Borrowed(text)
    } else if text.chars().all(is_printable) {
        Cow::Owned(format!("'{}'", text.replace('\'', "''")))
    } else {
        Cow::Owned(escaped(text))
    }
}

fn is_printable(character: char) -> bool {
    matches!(character, ' '..='~') || (!character.is_ascii() && character.is_alphanumeric())
}

fn is_plain(text: &str) -> bool {
    match text.trim_start_matches('_').as_bytes() {
        [first, ..] if first.is_ascii_alphabetic() => is_plain_word(text),
        [first, ..] if first.is_ascii_digit() => is_plain_after_digit(text),
        _ => false,
    }
}

fn is_plain_word(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._+/@=~!*<>:%-".contains(&byte);
    text.bytes().all(allowed)
        && !text.ends_with(':')
        && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// Digests and versions such as `2025.10.5`, but nothing that could be a number, date or time.
fn is_plain_after_digit(text: &str) -> bool {
    let bytes = text.as_bytes();
    if !bytes
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'.')
    {
        return false;
    }
    let version = text.bytes().filter(|byte| *byte == b'.').count() >= 2
        && text
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    let radix = matches!(bytes, [b'0', b'x' | b'X' | b'o' | b'O' | b'b' | b'B', ..]);
    let letter = bytes
        .iter()
        .any(|byte| byte.is_ascii_alphabetic() && !byte.eq_ignore_ascii_case(&b'e'));
    version || (letter && !radix)
}

fn escaped(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 8);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            _ if is_printable(character) => quoted.push(character),
            _ => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(character));
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests;
