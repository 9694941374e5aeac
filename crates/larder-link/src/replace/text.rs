//! Replacement in text files: every occurrence, the length changes, and a `#!` line stays one that
//! the system can run.

use rattler_conda_types::Subdir;

use super::{encoding::Encoded, shebang::replace_shebang};

/// Replaces `placeholder` by `prefix` everywhere in `source`. For Windows the prefix is written with
/// forward slashes (CEP 34), which need no escaping in the languages that read such files.
pub(crate) fn replace_text(
    source: &[u8],
    placeholder: &str,
    prefix: &str,
    subdir: Subdir,
) -> Vec<u8> {
    if placeholder.is_empty() {
        return source.to_vec();
    }
    let prefix = if subdir.is_windows() {
        prefix.replace('\\', "/")
    } else {
        prefix.to_owned()
    };
    let mut target = Vec::with_capacity(source.len());
    let line_end = shebang_end(source, subdir);
    if line_end > 0 {
        let old_new = (placeholder.as_bytes(), prefix.as_bytes());
        target.extend(replace_shebang(&source[..line_end], old_new, subdir));
    }
    splice(
        source,
        line_end,
        &Encoded::all(source, placeholder, &prefix),
        &mut target,
    );
    target
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
