//! One line of an `@EXPLICIT` list: the address of an archive and perhaps its hash.
//!
//! Variables are replaced at the time of reading (CEP 23), after credentials have been looked for:
//! what a variable stands for is never repeated in a message.

use std::path::Path;

use url::Url;

use crate::{ParseContext, Problem, address, read::is_hex};

/// What a line names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Artifact {
    /// Without credentials.
    pub(super) url: Url,
    pub(super) md5: Option<String>,
    pub(super) sha256: Option<String>,
    /// Whether variables stood where credentials belong.
    pub(super) credentials: bool,
}

const SUFFIXES: [&str; 2] = [".conda", ".tar.bz2"];
const MD5_DIGITS: usize = 32;
const SHA256_DIGITS: usize = 64;

impl Artifact {
    /// `line` is stripped of white space and no comment.
    pub(super) fn read(line: &str, context: &ParseContext<'_>) -> Result<Self, Problem> {
        let (address, anchor) = match line.rsplit_once('#') {
            Some((address, anchor)) => (address, Some(anchor)),
            None => (line, None),
        };
        let clean = address::clean(address);
        if clean.secret {
            return Err(Problem::Credentials { key: "url" });
        }
        let file_name = address.rsplit(['/', '\\']).next().unwrap_or_default();
        let named = |suffix: &&str| -> bool {
            let stem = file_name.strip_suffix(*suffix);
            stem.is_some_and(|stem| !stem.is_empty() && !stem.contains('#'))
        };
        if !SUFFIXES.iter().any(named) {
            let found = clean.url;
            return Err(Problem::NotAnArtifact { found });
        }
        let (md5, sha256) = hashes(anchor)?;
        let mut credentials = !clean.variables.is_empty();
        let url = if address.contains("://") {
            let expanded = address::clean(&expand(&clean.url, context));
            credentials |= expanded.secret;
            let found = || clean.url.clone();
            let parsed = expanded.url.parse();
            parsed.map_err(|_| Problem::NotAnArtifact { found: found() })?
        } else {
            of_path(address, context)?
        };
        Ok(Self {
            url,
            md5,
            sha256,
            credentials,
        })
    }
}

/// MD5 and SHA-256, of which a line has one at most.
fn hashes(anchor: Option<&str>) -> Result<(Option<String>, Option<String>), Problem> {
    let Some(anchor) = anchor else {
        return Ok((None, None));
    };
    if is_hex(anchor, MD5_DIGITS) {
        return Ok((Some(anchor.to_owned()), None));
    }
    let digits = anchor.strip_prefix("sha256:").unwrap_or(anchor);
    if is_hex(digits, SHA256_DIGITS) {
        return Ok((None, Some(digits.to_owned())));
    }
    let found = anchor.to_owned();
    Err(Problem::Anchor { found })
}

fn of_path(path: &str, context: &ParseContext<'_>) -> Result<Url, Problem> {
    let expanded = expand(&expand_home(path, context), context);
    let absolute = context.working_directory.join(Path::new(&expanded));
    let found = || path.to_owned();
    Url::from_file_path(absolute)
        .ok()
        // Read again, so that `.` and `..` are gone.
        .and_then(|url| url.as_str().parse().ok())
        .ok_or_else(|| Problem::Path { found: found() })
}

/// As `os.path.expanduser`, for the user alone.
fn expand_home(path: &str, context: &ParseContext<'_>) -> String {
    let rest = path.strip_prefix('~');
    let rest = rest.filter(|rest| rest.is_empty() || rest.starts_with(['/', '\\']));
    match (rest, rest.and_then(|_| (context.lookup)("~"))) {
        (Some(rest), Some(home)) => format!("{}{rest}", home.trim_end_matches(['/', '\\'])),
        _ => path.to_owned(),
    }
}

/// As `os.path.expandvars` on POSIX: `$name` and `${name}`; what is not set stays as it is.
fn expand(text: &str, context: &ParseContext<'_>) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('$') {
        let (before, from_dollar) = rest.split_at(start);
        expanded.push_str(before);
        let (name, length) = variable(from_dollar);
        let (reference, after) = from_dollar.split_at(length);
        match name.and_then(|name| (context.lookup)(name)) {
            Some(value) => expanded.push_str(&value),
            None => expanded.push_str(reference),
        }
        rest = after;
    }
    expanded.push_str(rest);
    expanded
}

/// The name of the variable at the start of `text`, and the length of the reference to it.
fn variable(text: &str) -> (Option<&str>, usize) {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if let Some(inner) = text.strip_prefix("${") {
        return match inner.split_once('}') {
            Some((name, _)) if !name.is_empty() => (Some(name), name.len() + "${}".len()),
            _ => (None, 1),
        };
    }
    let after = text.get(1..).unwrap_or_default();
    let length = after.bytes().take_while(|byte| word(*byte)).count();
    let name = after.get(..length).filter(|name| !name.is_empty());
    (name, 1 + length)
}
