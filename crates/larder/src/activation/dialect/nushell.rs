//! nushell.

use std::path::Path;

use super::Dialect;

pub(super) struct Nushell;

impl Dialect for Nushell {
    fn quoted(&self, word: &[u8]) -> Option<Vec<u8>> {
        let word = std::str::from_utf8(word).ok()?;
        Some(quoted(word).into_bytes())
    }

    fn set(&self, name: &str, value: &[u8]) -> Option<Vec<u8>> {
        let value = std::str::from_utf8(value).ok()?;
        let separator = if cfg!(windows) { ';' } else { ':' };
        // Inside nushell a PATH is a list.
        let value = if name.eq_ignore_ascii_case("PATH") {
            let entries: Vec<_> = value.split(separator).map(quoted).collect();
            format!("[{}]", entries.join(", "))
        } else {
            quoted(value)
        };
        Some(format!("$env.{} = {value}\n", quoted(name)).into_bytes())
    }

    fn unset(&self, name: &str) -> Option<Vec<u8>> {
        Some(format!("hide-env --ignore-errors {}\n", quoted(name)).into_bytes())
    }

    fn run(&self, _script: &Path) -> Option<Vec<u8>> {
        None
    }

    /// `larder init nushell` has the prompt show `CONDA_PROMPT_MODIFIER`.
    fn prompt(&self, _old: &str, _new: &str) -> Vec<u8> {
        Vec::new()
    }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            _ if character.is_control() => {
                quoted.push_str(&format!("\\u{{{:x}}}", u32::from(character)));
            }
            _ => quoted.push(character),
        }
    }
    quoted + "\""
}
