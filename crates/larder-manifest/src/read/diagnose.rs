//! Text that is no environment file: what it is instead, said so that its author understands.
//!
//! Only makes errors; never repairs anything.

use crate::error::{ManifestError, ManifestErrorKind};
use crate::position::{Mark, Source};
use crate::spec::template_tag;
use crate::yaml::{Node, Problem, Value, YamlError};

/// Refuses what may parse as YAML but cannot be meant: lines that a merge left.
pub(super) fn refuse_leftovers(source: &Source) -> Result<(), ManifestError> {
    for (index, line) in source.text.lines().enumerate() {
        let marker = ["<<<<<<<", ">>>>>>>"]
            .into_iter()
            .find(|marker| line.starts_with(marker));
        if let Some(marker) = marker {
            let marker = marker.to_owned();
            let kind = ManifestErrorKind::ConflictMarker { marker };
            return Err(ManifestError::new(kind, source, Mark::new(index + 1, 1), 7));
        }
    }
    Ok(())
}

/// Why the text is no YAML.
pub(super) fn yaml_error((problem, mark): YamlError, source: &Source) -> ManifestError {
    let (kind, mark, width) = match problem {
        Problem::Scan(problem) => return scan_error(problem, mark, source),
        Problem::MultipleDocuments => (ManifestErrorKind::MultipleDocuments, mark, 3),
        Problem::DuplicateKey { key, first } => {
            let width = key.chars().count();
            (ManifestErrorKind::DuplicateKey { key, first }, mark, width)
        }
        Problem::RecursiveAlias => {
            let problem = "an alias that refers to what it is part of".to_owned();
            let hint = None;
            (ManifestErrorKind::Syntax { problem, hint }, mark, 1)
        }
        limit @ (Problem::TooLong { .. }
        | Problem::TooLarge { .. }
        | Problem::TooMuchText { .. }
        | Problem::TooDeep { .. }) => {
            let problem = limit.to_string();
            (ManifestErrorKind::TooLarge { problem }, mark, 1)
        }
    };
    ManifestError::new(kind, source, mark, width)
}

/// The parser's own message is the last resort: the reasons people meet have their own.
fn scan_error(problem: String, mark: Mark, source: &Source) -> ManifestError {
    let line = source.line(mark.line).unwrap_or_default();
    if let Some((mark, tag)) = template(source, mark.line) {
        let width = tag.chars().count();
        return ManifestError::new(ManifestErrorKind::Template { tag }, source, mark, width);
    }
    if let Some(mark) = tab(source, mark.line) {
        return ManifestError::new(ManifestErrorKind::Tab, source, mark, 1);
    }
    let hint = hint(source, mark, line);
    let kind = ManifestErrorKind::Syntax { problem, hint };
    ManifestError::new(kind, source, mark, 1)
}

/// A block tag anywhere, or an expression up to the line of the error.
fn template(source: &Source, last: u32) -> Option<(Mark, String)> {
    let lines = || source.text.lines().enumerate();
    let block = lines().find(|(_, line)| line.trim_start().starts_with("{%"));
    let limit = usize::try_from(last).unwrap_or(usize::MAX);
    let found = block.or_else(|| {
        lines()
            .take(limit)
            .find(|(_, line)| !line.trim_start().starts_with('#') && template_tag(line).is_some())
    });
    let (index, line) = found?;
    let tag = template_tag(line)?;
    let column = line.get(..line.find(tag)?)?.chars().count() + 1;
    Some((Mark::new(index + 1, column), tag.to_owned()))
}

/// A tab in the indentation of the line of the error or the one above it.
fn tab(source: &Source, line: u32) -> Option<Mark> {
    [line, line.saturating_sub(1)]
        .into_iter()
        .find_map(|number| {
            let text = source.line(number)?;
            let indent: String = text
                .chars()
                .take_while(|c| c.is_whitespace() || *c == '-')
                .collect();
            let column = indent.chars().position(|c| c == '\t')? + 1;
            let mark = Mark::new(1, column);
            Some(Mark {
                line: number,
                ..mark
            })
        })
}

/// The mistakes that lists and keys invite.
fn hint(source: &Source, mark: Mark, line: &str) -> Option<String> {
    let trimmed = line.trim_start();
    let above = mark
        .line
        .checked_sub(1)
        .and_then(|above| source.line(above))
        .unwrap_or_default();
    if trimmed.starts_with("- ") {
        let indent = line.len() - trimmed.len();
        let other = neighbours(source, mark.line)
            .into_iter()
            .find(|(_, other)| *other != indent);
        return Some(match other {
            Some((number, other)) => format!(
                "items of one list start in the same column: this one in column {}, the one in line {number} in column {}",
                indent + 1,
                other + 1
            ),
            None => "is the key above it missing its `:`, or is a quote not closed?".to_owned(),
        });
    }
    let key_without_colon = |text: &str| {
        let text = text.trim();
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    };
    if key_without_colon(trimmed) || key_without_colon(above) {
        return Some("is a `:` missing behind a key, or a `-` before an item?".to_owned());
    }
    Some("expected keys like `dependencies:` and below them list items like `  - numpy`".to_owned())
}

/// The list items next to `line`, above and below: number and indentation.
fn neighbours(source: &Source, line: u32) -> Vec<(usize, usize)> {
    let line = usize::try_from(line).unwrap_or(usize::MAX);
    let items: Vec<(usize, usize)> = source
        .text
        .lines()
        .enumerate()
        .filter(|(_, text)| text.trim_start().starts_with("- "))
        .map(|(index, text)| (index + 1, text.len() - text.trim_start().len()))
        .collect();
    let above = items.iter().rev().find(|(number, _)| *number < line);
    let below = items.iter().find(|(number, _)| *number > line);
    above.into_iter().chain(below).copied().collect()
}

/// A document that is a list or a text.
pub(super) fn not_a_mapping(root: &Node, source: &Source) -> ManifestError {
    let hint = match &root.value {
        Value::Sequence { .. } => Some("put the list under `dependencies:`".to_owned()),
        Value::Scalar { text, .. } if is_link(text) => Some(format!(
            "it looks like a symbolic link that was checked out as a text: give larder `{}` instead",
            text.trim()
        )),
        _ => None,
    };
    let kind = ManifestErrorKind::NotAMapping {
        found: root.type_name().to_owned(),
        hint,
    };
    ManifestError::new(kind, source, root.start, root.width())
}

/// Git writes symbolic links as files with the target as text on systems without links.
fn is_link(text: &str) -> bool {
    let text = text.trim();
    !text.contains(char::is_whitespace) && (text.ends_with(".yml") || text.ends_with(".yaml"))
}
