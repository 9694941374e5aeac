//! The text of a record. Written by hand, because most of it is tens of thousands of paths and digests:
//! the generic serializer takes longer for them than linking the files does.

use std::{borrow::Cow, io::Write as _};

use larder_digest::Sha256;
use serde_json::{Map, Value};

/// How and from where the package was linked.
pub(super) struct Link<'a> {
    pub(super) source: Cow<'a, str>,
    pub(super) r#type: u8,
}

/// One path of `paths_data`. What is none is left out.
pub(super) struct PathLine<'a> {
    pub(super) path: &'a str,
    pub(super) path_type: &'static str,
    pub(super) no_link: bool,
    pub(super) sha256: Option<Sha256>,
    pub(super) sha256_in_prefix: Option<Sha256>,
    pub(super) size_in_bytes: Option<u64>,
    pub(super) file_mode: Option<&'static str>,
    pub(super) prefix_placeholder: Option<&'a str>,
}

/// Enough for most lines, so that the text grows seldom.
const LINE: usize = 400;

/// One compact JSON document: the package, then `files`, `link` and `paths_data`.
pub(super) fn record(
    package: &Map<String, Value>,
    link: &Link<'_>,
    paths: &[PathLine<'_>],
) -> Result<Vec<u8>, serde_json::Error> {
    let mut text = Vec::with_capacity(4096 + paths.len() * LINE);
    serde_json::to_writer(&mut text, package)?;
    text.pop();
    if !package.is_empty() {
        text.push(b',');
    }
    text.extend_from_slice(b"\"files\":[");
    for (index, line) in paths.iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        string(&mut text, line.path)?;
    }
    text.extend_from_slice(b"],\"link\":{\"source\":");
    string(&mut text, &link.source)?;
    text.extend_from_slice(b",\"type\":");
    number(&mut text, link.r#type.into());
    text.extend_from_slice(b"},\"paths_data\":{\"paths\":[");
    for (index, path) in paths.iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        line(&mut text, path)?;
    }
    text.extend_from_slice(b"],\"paths_version\":1}}");
    Ok(text)
}

fn line(text: &mut Vec<u8>, line: &PathLine<'_>) -> Result<(), serde_json::Error> {
    text.extend_from_slice(b"{\"_path\":");
    string(text, line.path)?;
    text.extend_from_slice(b",\"path_type\":");
    string(text, line.path_type)?;
    if line.no_link {
        text.extend_from_slice(b",\"no_link\":true");
    }
    digest(text, b",\"sha256\":\"", line.sha256);
    digest(text, b",\"sha256_in_prefix\":\"", line.sha256_in_prefix);
    if let Some(size) = line.size_in_bytes {
        text.extend_from_slice(b",\"size_in_bytes\":");
        number(text, size);
    }
    if let Some(mode) = line.file_mode {
        text.extend_from_slice(b",\"file_mode\":");
        string(text, mode)?;
    }
    if let Some(placeholder) = line.prefix_placeholder {
        text.extend_from_slice(b",\"prefix_placeholder\":");
        string(text, placeholder)?;
    }
    text.push(b'}');
    Ok(())
}

fn digest(text: &mut Vec<u8>, key: &[u8], digest: Option<Sha256>) {
    if let Some(digest) = digest {
        text.extend_from_slice(key);
        text.extend_from_slice(&digest.to_hex_bytes());
        text.push(b'"');
    }
}

fn string(text: &mut Vec<u8>, value: &str) -> Result<(), serde_json::Error> {
    let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    // All bytes are looked at, which is quicker than to stop at the first.
    if value.bytes().fold(true, |all, byte| all & is_plain(byte)) {
        text.push(b'"');
        text.extend_from_slice(value.as_bytes());
        text.push(b'"');
        return Ok(());
    }
    serde_json::to_writer(text, value)
}

fn number(text: &mut Vec<u8>, value: u64) {
    // Writing to memory does not fail.
    let _ = write!(text, "{value}");
}

#[cfg(test)]
mod tests;
