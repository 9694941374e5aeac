//! The brackets of a spec: `[key=value, key='value']`, checked and cleaned.
//!
//! rattler reads the values; this module finds where the brackets are and refuses what rattler
//! would read as something else.

use rattler_conda_types::ParseMatchSpecError;

use super::SpecError;

/// The keys in a spec's brackets.
#[derive(Debug, Default)]
pub(super) struct Brackets {
    /// The pairs for rattler: without the version, and without the `name` key, which CEP 29 has ignored.
    pub(super) pairs: Vec<String>,
    /// The value of `version`, without quotes.
    pub(super) version: Option<String>,
}

impl Brackets {
    /// The brackets for rattler; `None` if there is nothing in them.
    pub(super) fn text(&self) -> Option<String> {
        (!self.pairs.is_empty()).then(|| format!("[{}]", self.pairs.join(",")))
    }
}

/// Splits a spec into its positional part and its brackets.
pub(super) fn split(text: &str) -> Result<(&str, Brackets), SpecError> {
    let Some(open) = text.find('[') else {
        return Ok((without_comment(text), Brackets::default()));
    };
    let positional = &text[..open];
    if positional.contains('#') {
        return Ok((without_comment(positional), Brackets::default()));
    }
    let (inside, behind) = inside(&text[open + 1..])?;
    let behind = behind.trim_start();
    if behind.starts_with("::") {
        return Err(SpecError::ChannelSubdir {
            channel: positional.trim().to_owned(),
            subdir: inside.trim().to_owned(),
        });
    }
    if !behind.is_empty() && !behind.starts_with('#') {
        return Err(SpecError::BehindBrackets {
            rest: behind.to_owned(),
        });
    }
    Ok((positional, pairs(positional, inside)?))
}

fn without_comment(text: &str) -> &str {
    text.split_once('#')
        .map_or(text, |(before, _)| before)
        .trim_end()
}

/// What stands up to the closing bracket, and what behind it.
fn inside(text: &str) -> Result<(&str, &str), SpecError> {
    let end = top_level(text, ']').first().copied();
    let end = end.ok_or(SpecError::OpenBrackets)?;
    Ok((&text[..end], &text[end + 1..]))
}

/// Places of `wanted` outside quotes and inner brackets.
fn top_level(text: &str, wanted: char) -> Vec<usize> {
    let mut places = Vec::new();
    let mut quote = None;
    let mut depth = 0_usize;
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        if escaped {
            escaped = false;
            continue;
        }
        match (quote, character) {
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, _) if character == wanted && depth == 0 => places.push(at),
            (None, '\'' | '"') => quote = Some(character),
            (None, '[') => depth += 1,
            (None, ']') => depth = depth.saturating_sub(1),
            (None, _) => {}
        }
    }
    places
}

/// Checks the pairs and writes down again what rattler is to read.
fn pairs(positional: &str, inside: &str) -> Result<Brackets, SpecError> {
    let parts = split_commas(inside);
    // As conda: a comma too many separates nothing.
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        return Err(SpecError::EmptyBrackets);
    }
    let words: Vec<&&str> = parts.iter().filter(|part| !part.contains('=')).collect();
    if let Some(word) = words.first() {
        return Err(SpecError::BareWord {
            name: positional.trim().to_owned(),
            word: (**word).to_owned(),
            words: words.iter().map(|word| (**word).to_owned()).collect(),
        });
    }
    let mut keys: Vec<&str> = Vec::new();
    let mut kept: Vec<String> = Vec::new();
    let mut version = None;
    for part in parts {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let (key, value) = (key.trim(), value.trim());
        check_value(key, value)?;
        if keys.contains(&key) {
            return Err(SpecError::TwiceTheKey {
                key: key.to_owned(),
            });
        }
        keys.push(key);
        match key {
            "name" => {}
            "version" => version = Some(unquoted(value).to_owned()),
            // As in conda, any number.
            "build_number" if unquoted(value) == "*" => {}
            // rattler reads and ignores it.
            "namespace" => return Err(unknown_key(key)),
            _ => kept.push(part.to_owned()),
        }
    }
    Ok(Brackets {
        pairs: kept,
        version,
    })
}

fn unknown_key(key: &str) -> SpecError {
    let reason = ParseMatchSpecError::InvalidBracketKey(key.to_owned());
    SpecError::Parse {
        hint: super::error::hint("", &reason),
        reason: Box::new(reason),
    }
}

fn unquoted(value: &str) -> &str {
    ['\'', '"']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value)
}

fn split_commas(inside: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for at in top_level(inside, ',') {
        parts.push(inside[start..at].trim());
        start = at + 1;
    }
    parts.push(inside[start..].trim());
    parts
}

fn check_value(key: &str, value: &str) -> Result<(), SpecError> {
    let enclosed = value.starts_with(['\'', '"', '[']);
    if !enclosed && value.contains(char::is_whitespace) {
        return Err(SpecError::UnquotedSpace {
            key: key.to_owned(),
            value: value.to_owned(),
        });
    }
    Ok(())
}
