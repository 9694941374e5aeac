//! Bytes of a file to text: UTF-8 with or without byte order mark, UTF-16 with one.
//!
//! Never guesses other encodings: a file that is none of these is refused with the first byte
//! that does not fit.

use crate::position::Mark;

/// What was found instead of text, and where.
pub type NotText = (String, Mark);

/// Decodes `bytes`.
///
/// # Errors
/// What stands there instead of text, with the place of the first bad byte.
pub fn decode(bytes: &[u8]) -> Result<String, NotText> {
    if let Some(rest) = bytes.strip_prefix(b"\xEF\xBB\xBF") {
        return utf8(rest);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xFF\xFE") {
        return utf16(rest, u16::from_le_bytes);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xFE\xFF") {
        return utf16(rest, u16::from_be_bytes);
    }
    utf8(bytes)
}

fn utf8(bytes: &[u8]) -> Result<String, NotText> {
    match str::from_utf8(bytes) {
        Ok(text) => match text.find('\0') {
            Some(offset) => Err(("a zero byte".to_owned(), mark_at(text, offset))),
            None => Ok(text.to_owned()),
        },
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let text = str::from_utf8(valid).unwrap_or_default();
            if let Some(offset) = text.find('\0') {
                return Err(("a zero byte".to_owned(), mark_at(text, offset)));
            }
            let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
            let found = format!("the byte 0x{byte:02x}, which is not UTF-8");
            Err((found, mark_at(text, text.len())))
        }
    }
}

fn utf16(bytes: &[u8], read: fn([u8; 2]) -> u16) -> Result<String, NotText> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| read(*pair));
    let mut text = String::with_capacity(bytes.len() / 2);
    for unit in char::decode_utf16(units) {
        match unit {
            Ok('\0') => return Err(("a zero character".to_owned(), mark_at(&text, text.len()))),
            Ok(character) => text.push(character),
            Err(_) => {
                return Err((
                    "half a UTF-16 character".to_owned(),
                    mark_at(&text, text.len()),
                ));
            }
        }
    }
    if rest.is_empty() {
        Ok(text)
    } else {
        Err((
            "half a UTF-16 character".to_owned(),
            mark_at(&text, text.len()),
        ))
    }
}

/// Line and column of a byte offset that lies on a character boundary.
fn mark_at(text: &str, offset: usize) -> Mark {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    Mark::new(line, column)
}
