//! tcsh and csh. What they read comes through backquotes, which make one line of it: each command ends with
//! `;`, and a value with a line end cannot be said.

use std::path::Path;

use super::{Dialect, bytes, escaped, is_identifier, line, plain};

pub(super) struct Tcsh;

impl Dialect for Tcsh {
    fn quoted(&self, word: &[u8]) -> Option<Vec<u8>> {
        Some(quoted(word))
    }

    fn set(&self, name: &str, value: &[u8]) -> Option<Vec<u8>> {
        let text = || line(&[b"setenv ", name.as_bytes(), b" ", &quoted(value), b";\n"]);
        (is_identifier(name) && !value.contains(&b'\n')).then(text)
    }

    fn unset(&self, name: &str) -> Option<Vec<u8>> {
        is_identifier(name).then(|| line(&[b"unsetenv ", name.as_bytes(), b";\n"]))
    }

    fn run(&self, script: &Path) -> Option<Vec<u8>> {
        Some(line(&[b"source ", &quoted(bytes(script)), b";\n"]))
    }

    /// The prompt without environments is kept in a variable of its own.
    fn prompt(&self, _old: &str, new: &str) -> Vec<u8> {
        let keep =
            "if ($?prompt && ! $?__larder_prompt) eval 'set __larder_prompt = \"$prompt:q\"';\n";
        let change = if new.is_empty() {
            "if ($?__larder_prompt) eval 'set prompt = \"$__larder_prompt:q\"; unset __larder_prompt';\n"
                .to_owned()
        } else {
            let new = plain(new, &['\'']).replace('%', "%%");
            format!("if ($?__larder_prompt) eval 'set prompt = \"{new}$__larder_prompt:q\"';\n")
        };
        format!("{keep}{change}").into_bytes()
    }
}

/// In single quotes, in which `!` wants a backslash nevertheless.
fn quoted(value: &[u8]) -> Vec<u8> {
    let value = escaped(value, |byte| match byte {
        b'\'' => Some(b"'\\''".as_slice()),
        b'!' => Some(b"\\!".as_slice()),
        _ => None,
    });
    line(&[b"'", &value, b"'"])
}
