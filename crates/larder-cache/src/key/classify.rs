//! Whether a segment is a string or a path, by its text alone, as the agent decides it.

/// Whether `segment`, trimmed and not empty, is a path. Whether there is such a file does not matter.
pub(super) fn is_path(segment: &str, windows: bool) -> bool {
    let is_quoted = segment.len() > 1 && segment.starts_with('"') && segment.ends_with('"');
    if is_quoted || segment.chars().any(|c| is_forbidden(c, windows)) {
        return false;
    }
    let is_separator = |c| c == '/' || (windows && c == '\\');
    let looks_like_one = segment.contains('.') || segment.contains(is_separator);
    looks_like_one && !segment.ends_with('.')
}

/// Characters that no file's name may have. Separators, `:` and those of patterns may stand in a path.
fn is_forbidden(c: char, windows: bool) -> bool {
    c == '\0' || (windows && (c < ' ' || ['"', '<', '>', '|'].contains(&c)))
}

/// Whether a path is written as a pattern.
pub(super) fn is_pattern(segment: &str) -> bool {
    segment.contains(['*', '?', '[', ']'])
}
