//! xonsh: Python, with a dictionary of variables.

use std::{fmt::Write as _, path::Path};

use super::Dialect;

pub(super) struct Xonsh;

impl Dialect for Xonsh {
    fn quoted(&self, word: &[u8]) -> Option<Vec<u8>> {
        Some(quoted(word).into_bytes())
    }

    fn set(&self, name: &str, value: &[u8]) -> Option<Vec<u8>> {
        let (name, value) = (quoted(name.as_bytes()), quoted(value));
        Some(format!("${{...}}[{name}] = {value}\n").into_bytes())
    }

    fn unset(&self, name: &str) -> Option<Vec<u8>> {
        let name = quoted(name.as_bytes());
        Some(format!("${{...}}.pop({name}, None)\n").into_bytes())
    }

    fn run(&self, _script: &Path) -> Option<Vec<u8>> {
        None
    }

    /// xonsh's own prompt shows `CONDA_DEFAULT_ENV`.
    fn prompt(&self, _old: &str, _new: &str) -> Vec<u8> {
        Vec::new()
    }
}

/// A string of Python's; bytes that are no text as `os.fsdecode` has them.
fn quoted(value: &[u8]) -> String {
    let mut text = String::from("'");
    for chunk in value.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\'' | '\\' => {
                    text.push('\\');
                    text.push(character);
                }
                _ if character.is_control() => {
                    let _ = write!(text, "\\x{:02x}", u32::from(character));
                }
                _ => text.push(character),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\udc{byte:02x}");
        }
    }
    text + "'"
}
