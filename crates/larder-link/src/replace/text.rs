//! Replacement in text files: every occurrence, the length changes, and a `#!` line stays one that
//! the system can run.

use rattler_conda_types::Subdir;

use super::{encoding::Encoded, shebang::replace_shebang};

/// How many times its size a file may become. Files that hold a placeholder hold other text as well.
pub const TEXT_GROWTH: usize = 8;
/// Bytes that any file may grow by: a small one may be little more than a placeholder.
pub const TEXT_GROWTH_FLOOR: usize = 1 << 20;

/// A file that would become much larger than it was shipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GrowsTooMuch {
    /// Bytes that it would have.
    pub(crate) size: usize,
    /// Bytes that it may have.
    pub(crate) limit: usize,
}

/// Replaces `placeholder` by `prefix` everywhere in `source`. For Windows the prefix is written with
/// forward slashes (CEP 34), which need no escaping in the languages that read such files.
///
/// # Errors
/// [`GrowsTooMuch`], before anything is allocated: a package of 60 KB can hold a file of 30 MB in which a
/// placeholder of a few bytes occurs everywhere, which would become gigabytes.
pub(crate) fn replace_text(
    source: &[u8],
    placeholder: &str,
    prefix: &str,
    subdir: Subdir,
) -> Result<Vec<u8>, GrowsTooMuch> {
    if placeholder.is_empty() {
        return Ok(source.to_vec());
    }
    let prefix = if subdir.is_windows() {
        prefix.replace('\\', "/")
    } else {
        prefix.to_owned()
    };
    let encodings = Encoded::all(source, placeholder, &prefix);
    check_growth(source, &encodings)?;
    let mut target = Vec::with_capacity(source.len());
    let line_end = shebang_end(source, subdir);
    if line_end > 0 {
        let old_new = (placeholder.as_bytes(), prefix.as_bytes());
        target.extend(replace_shebang(&source[..line_end], old_new, subdir));
    }
    splice(source, line_end, &encodings, &mut target);
    Ok(target)
}

fn check_growth(source: &[u8], encodings: &[Encoded]) -> Result<(), GrowsTooMuch> {
    let growth: usize = encodings
        .iter()
        .map(|encoded| {
            let more = encoded
                .prefix
                .len()
                .saturating_sub(encoded.placeholder.len());
            encoded.count(source).saturating_mul(more)
        })
        .sum();
    let size = source.len().saturating_add(growth);
    let limit = source.len().saturating_mul(TEXT_GROWTH);
    let limit = limit.max(source.len().saturating_add(TEXT_GROWTH_FLOOR));
    if size > limit {
        return Err(GrowsTooMuch { size, limit });
    }
    Ok(())
}

/// Where the first line ends if it is a `#!` line on a system that reads them, else 0.
fn shebang_end(source: &[u8], subdir: Subdir) -> usize {
    if subdir.is_unix() && source.starts_with(b"#!") {
        memchr::memchr(b'\n', source).unwrap_or(source.len())
    } else {
        0
    }
}

fn splice(source: &[u8], from: usize, encodings: &[Encoded], target: &mut Vec<u8>) {
    let mut occurrences: Vec<(usize, &Encoded)> = Vec::new();
    for encoded in encodings {
        let found = encoded.occurrences(source);
        occurrences.extend(found.into_iter().map(|offset| (offset, encoded)));
    }
    occurrences.sort_by_key(|(offset, _)| *offset);
    let mut copied = from;
    for (offset, encoded) in occurrences {
        // One that overlaps the last is its twin in another encoding; those of the `#!` line are done.
        if offset >= copied {
            target.extend_from_slice(&source[copied..offset]);
            target.extend_from_slice(&encoded.prefix);
            copied = offset + encoded.placeholder.len();
        }
    }
    target.extend_from_slice(&source[copied..]);
}
