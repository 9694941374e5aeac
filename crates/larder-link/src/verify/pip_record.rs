//! The lines of a `RECORD` (PEP 376, 627): path, `sha256=` and the digest in URL-safe base64 without
//! padding, size in bytes. Paths with a comma or a quote are quoted as in CSV.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use larder_digest::Sha256;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) path: String,
    pub(super) sha256: Option<Sha256>,
    pub(super) size: Option<u64>,
}

/// All lines that name a path; what else they say counts only if it can be read.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line> + '_ {
    text.lines().filter_map(line)
}

fn line(text: &str) -> Option<Line> {
    let mut fields = text.rsplitn(3, ',');
    let (size, digest, path) = (fields.next()?, fields.next()?, fields.next()?);
    let path = unquoted(path);
    (!path.is_empty()).then(|| Line {
        path,
        sha256: digest.strip_prefix("sha256=").and_then(decoded),
        size: size.trim().parse().ok(),
    })
}

fn unquoted(field: &str) -> String {
    match field
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    {
        Some(inner) => inner.replace("\"\"", "\""),
        None => field.to_owned(),
    }
}

fn decoded(text: &str) -> Option<Sha256> {
    let bytes = URL_SAFE_NO_PAD
        .decode(text.trim().trim_end_matches('='))
        .ok()?;
    Sha256::from_slice(&bytes).ok()
}
