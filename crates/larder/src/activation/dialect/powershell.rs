//! PowerShell.

use std::path::Path;

use super::{Dialect, bytes, is_identifier};

pub(super) struct PowerShell;

impl Dialect for PowerShell {
    fn quoted(&self, word: &[u8]) -> Option<Vec<u8>> {
        let word = std::str::from_utf8(word).ok()?;
        Some(quoted(word).into_bytes())
    }

    fn set(&self, name: &str, value: &[u8]) -> Option<Vec<u8>> {
        let value = std::str::from_utf8(value).ok()?;
        let text = || format!("${{Env:{name}}} = {}\n", quoted(value)).into_bytes();
        is_identifier(name).then(text)
    }

    fn unset(&self, name: &str) -> Option<Vec<u8>> {
        let text =
            || format!("Remove-Item -LiteralPath Env:{name} -ErrorAction SilentlyContinue\n");
        is_identifier(name).then(|| text().into_bytes())
    }

    fn run(&self, script: &Path) -> Option<Vec<u8>> {
        let script = std::str::from_utf8(bytes(script)).ok()?;
        Some(format!(". {}\n", quoted(script)).into_bytes())
    }

    /// The function that makes the prompt is wrapped once.
    fn prompt(&self, _old: &str, new: &str) -> Vec<u8> {
        if new.is_empty() {
            return Vec::new();
        }
        include_bytes!("prompt.ps1").to_vec()
    }
}

/// In single quotes. PowerShell takes typographic ones for the same.
fn quoted(text: &str) -> String {
    const QUOTES: [char; 5] = ['\'', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'];
    let mut quoted = String::from("'");
    for character in text.chars() {
        quoted.push(character);
        if QUOTES.contains(&character) {
            quoted.push(character);
        }
    }
    quoted + "'"
}
