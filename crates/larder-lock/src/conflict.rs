//! A text with the markers that git leaves where it could not merge, taken apart into its two sides.
//!
//! Knows nothing of locks, and never merges: what both sides mean is for their readers.

/// The two sides, `ours` and `theirs`, of a text with git's conflict markers (with or without the
/// common ancestor, `merge.conflictStyle` `merge`, `diff3` or `zdiff3`), byte for byte.
///
/// `None` if there are no markers, or if they do not pair up: then somebody has edited the text, and
/// what is left cannot be told apart safely.
pub fn split_conflict(text: &str) -> Option<(String, String)> {
    let mut ours = String::with_capacity(text.len());
    let mut theirs = String::with_capacity(text.len());
    let mut part = Part::Both;
    let mut found = false;
    for line in text.split_inclusive('\n') {
        let next = match (marker(line), part) {
            (None, _) => {
                if matches!(part, Part::Both | Part::Ours) {
                    ours.push_str(line);
                }
                if matches!(part, Part::Both | Part::Theirs) {
                    theirs.push_str(line);
                }
                continue;
            }
            (Some('<'), Part::Both) => Part::Ours,
            (Some('|'), Part::Ours) => Part::Ancestor,
            (Some('='), Part::Ours | Part::Ancestor) => Part::Theirs,
            (Some('>'), Part::Theirs) => Part::Both,
            _ => return None,
        };
        found = true;
        part = next;
    }
    (found && part == Part::Both).then_some((ours, theirs))
}

/// Where in a conflict a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Both,
    Ours,
    Ancestor,
    Theirs,
}

const MARKER_LENGTH: usize = 7;

/// The character of the marker that `line` is: seven of it, then a label or the end. Conflicts inside
/// the common ancestor have longer markers and belong to it.
fn marker(line: &str) -> Option<char> {
    let line = line.trim_end_matches(['\n', '\r']);
    let first = line.chars().next()?;
    let label = line.trim_start_matches(first);
    let length = line.len() - label.len();
    let closed = match first {
        '=' => label.is_empty(),
        '<' | '|' | '>' => label.is_empty() || label.starts_with(' '),
        _ => false,
    };
    (closed && length == MARKER_LENGTH).then_some(first)
}

#[cfg(test)]
mod tests;
