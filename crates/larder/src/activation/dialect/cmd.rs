//! Windows' cmd, as a batch file.

use std::path::Path;

use super::{Dialect, bytes, is_identifier, plain};

pub(super) struct Cmd;

impl Dialect for Cmd {
    fn quoted(&self, word: &[u8]) -> Option<Vec<u8>> {
        let word = std::str::from_utf8(word).ok()?;
        Some(format!("\"{}\"", word.replace('%', "%%")).into_bytes())
    }

    /// A line ends a command whatever is around it, so a value with one cannot be said.
    fn set(&self, name: &str, value: &[u8]) -> Option<Vec<u8>> {
        let value = std::str::from_utf8(value).ok()?;
        let can_be_said = is_identifier(name) && !value.contains(['\n', '\r', '\u{1a}']);
        can_be_said.then(|| format!("@SET \"{name}={}\"\r\n", inside_quotes(value)).into_bytes())
    }

    fn unset(&self, name: &str) -> Option<Vec<u8>> {
        is_identifier(name).then(|| format!("@SET \"{name}=\"\r\n").into_bytes())
    }

    fn run(&self, script: &Path) -> Option<Vec<u8>> {
        let script = std::str::from_utf8(bytes(script)).ok()?;
        // CALL reads its line twice.
        let script = script.replace('%', "%%%%");
        Some(format!("@CALL \"{script}\"\r\n").into_bytes())
    }

    /// The prompt is a variable; the one without environments is kept in another.
    fn prompt(&self, _old: &str, new: &str) -> Vec<u8> {
        let keep = "@IF NOT DEFINED __LARDER_PROMPT @SET \"__LARDER_PROMPT=%PROMPT%\"\r\n";
        let change = if new.is_empty() {
            "@SET \"PROMPT=%__LARDER_PROMPT%\"\r\n@SET \"__LARDER_PROMPT=\"\r\n".to_owned()
        } else {
            let new = inside_quotes(&plain(new, &[]));
            format!("@SET \"PROMPT={new}%__LARDER_PROMPT%\"\r\n")
        };
        format!("{keep}{change}").into_bytes()
    }

    /// Batch files are read in the console's code page, which is as it was afterwards.
    fn framed(&self, text: Vec<u8>) -> Vec<u8> {
        if text.is_ascii() {
            return text;
        }
        let before = "@FOR /F \"tokens=2 delims=:.\" %%A IN ('CHCP') DO @SET \"__LARDER_CODE_PAGE=%%A\"\r\n@CHCP 65001 > NUL\r\n";
        let after = "@CHCP %__LARDER_CODE_PAGE% > NUL\r\n@SET \"__LARDER_CODE_PAGE=\"\r\n";
        [before.as_bytes(), &text, after.as_bytes()].concat()
    }
}

/// A quote in the value ends the quoting that keeps `&` and the like from meaning something: from there
/// on they get a caret. `SET` takes everything up to the line's last quote.
fn inside_quotes(value: &str) -> String {
    let mut text = String::new();
    let mut is_quoted = true;
    for character in value.chars() {
        match character {
            '"' => is_quoted = !is_quoted,
            '%' => text.push('%'),
            '&' | '|' | '<' | '>' | '^' | '(' | ')' if !is_quoted => text.push('^'),
            _ => {}
        }
        text.push(character);
    }
    text
}
