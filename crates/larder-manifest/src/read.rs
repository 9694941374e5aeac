//! The text of one file to a [`Manifest`]: keys, types, and who owns which comment.
//!
//! Stops at the first error. Never looks outside the text.

use std::sync::Arc;

use rattler_conda_types::MatchSpec;

mod dependencies;
mod diagnose;
mod keys;
mod selectors;

use crate::error::{ManifestError, ManifestErrorKind};
use crate::expand::Lookup;
use crate::manifest::{Manifest, ManifestWarning, WarningCode};
use crate::position::{Mark, Source};
use crate::spec::{SpecError, parse_spec};
use crate::yaml::{self, Node, Value};
use selectors::Selectors;

/// Reads the decoded text of one file.
pub(crate) fn read(source: &Source, lookup: &dyn Lookup) -> Result<Manifest, ManifestError> {
    diagnose::refuse_leftovers(source)?;
    let document =
        yaml::parse(&source.text).map_err(|error| diagnose::yaml_error(error, source))?;
    let mut reader = Reader {
        source,
        lookup,
        manifest: Manifest::empty(Arc::clone(&source.file)),
        selectors: Selectors::new(document.comments),
        dictionary_selector: None,
    };
    let Some(root) = document.root else {
        return Err(reader.error(ManifestErrorKind::Empty, Mark::START, 1));
    };
    let Value::Mapping(entries) = &root.value else {
        return Err(diagnose::not_a_mapping(&root, source));
    };
    reader.keys(entries)?;
    reader.leftover_selectors();
    Ok(reader.manifest)
}

/// Parses the text of a conda dependency; `end_line` is given for items of a file.
pub(crate) fn dependency_spec(
    text: &str,
    source: &Source,
    mark: Mark,
    end_line: Option<u32>,
) -> Result<MatchSpec, ManifestError> {
    let result = parse_spec(text).and_then(|spec| match spec.name {
        rattler_conda_types::PackageNameMatcher::Exact(_) => Ok(spec),
        _ => Err(SpecError::NamePattern {
            pattern: "*".to_owned(),
        }),
    });
    result.map_err(|error| {
        let hint = end_line
            .filter(|end| *end > mark.line)
            .map(|end| format!("the item goes on to line {end}: is a `-` there indented too far?"));
        let kind = ManifestErrorKind::Spec {
            text: crate::channel::without_credentials(text.trim()),
            source: error,
            hint,
        };
        ManifestError::new(kind, source, mark, text.trim().chars().count())
    })
}

struct Reader<'a> {
    source: &'a Source,
    lookup: &'a dyn Lookup,
    manifest: Manifest,
    selectors: Selectors,
    /// Line of the first `sel(...)`.
    dictionary_selector: Option<u32>,
}

impl Reader<'_> {
    fn error(&self, kind: ManifestErrorKind, mark: Mark, width: usize) -> ManifestError {
        ManifestError::new(kind, self.source, mark, width)
    }

    fn warn(&mut self, code: WarningCode, text: String, mark: Mark) {
        let position = self.source.position(mark);
        self.manifest.warnings.push(ManifestWarning {
            code,
            text,
            position,
        });
    }

    /// `what` is `node`'s type, which is not the one expected.
    fn wrong_type(&self, what: &str, node: &Node, expected: &str) -> ManifestError {
        let kind = ManifestErrorKind::WrongType {
            what: what.to_owned(),
            found: node.type_name().to_owned(),
            expected: expected.to_owned(),
        };
        self.error(kind, self.item_mark(node), node.width())
    }

    /// Where an empty list item stands: the parser places it behind the comment on its line.
    fn item_mark(&self, node: &Node) -> Mark {
        let line = self.source.line(node.start.line).unwrap_or_default();
        let before = line.chars().take_while(|c| c.is_whitespace()).count();
        if node.is_null() && line.trim_start().starts_with('-') {
            let mark = Mark::new(1, before + 1);
            return Mark {
                line: node.start.line,
                ..mark
            };
        }
        node.start
    }

    /// The text of a scalar that is not empty.
    fn text(&self, what: &str, node: &Node, expected: &str) -> Result<String, ManifestError> {
        match node.text() {
            Some(text) => Ok(text.to_owned()),
            None => Err(self.wrong_type(what, node, expected)),
        }
    }

    /// Comments that look like selectors but belong to no line that can have one.
    fn leftover_selectors(&mut self) {
        let leftovers = self.selectors.leftovers();
        for (mark, meaning) in leftovers {
            self.leftover(mark, meaning);
        }
        if let (Some(comment), Some(dictionary)) =
            (self.selectors.first_used(), self.dictionary_selector)
        {
            let text = format!(
                "the file uses comment selectors (line {}) and `sel(...)` (line {dictionary}): use one kind",
                comment.line
            );
            self.warn(WarningCode::MixedSelectors, text, comment);
        }
    }
}
