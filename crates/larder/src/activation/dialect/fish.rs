//! fish.

use std::path::Path;

use super::{Dialect, bytes, escaped, is_identifier, line};

pub(super) struct Fish;

impl Dialect for Fish {
    fn quoted(&self, word: &[u8]) -> Option<Vec<u8>> {
        Some(quoted(word))
    }

    fn set(&self, name: &str, value: &[u8]) -> Option<Vec<u8>> {
        let text = || line(&[b"set -gx ", name.as_bytes(), b" ", &quoted(value), b"\n"]);
        is_identifier(name).then(text)
    }

    fn unset(&self, name: &str) -> Option<Vec<u8>> {
        is_identifier(name).then(|| line(&[b"set -eg ", name.as_bytes(), b"\n"]))
    }

    fn run(&self, script: &Path) -> Option<Vec<u8>> {
        Some(line(&[b"source ", &quoted(bytes(script)), b"\n"]))
    }

    /// fish asks a function for its prompt: it is wrapped once, unless conda has done so.
    fn prompt(&self, _old: &str, new: &str) -> Vec<u8> {
        if new.is_empty() {
            return Vec::new();
        }
        include_bytes!("prompt.fish").to_vec()
    }
}

fn quoted(value: &[u8]) -> Vec<u8> {
    let value = escaped(value, |byte| match byte {
        b'\'' => Some(b"\\'".as_slice()),
        b'\\' => Some(b"\\\\".as_slice()),
        _ => None,
    });
    line(&[b"'", &value, b"'"])
}
