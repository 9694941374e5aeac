//! Why a manifest could not be read: the reason, the place, and the source line with a caret.
//!
//! Never holds more of the user's text than the one line that it shows, and never shows credentials.

use std::fmt;

use larder_redact::redact_text;

use crate::position::{Mark, Position, Source};
use crate::selector::SelectorError;
use crate::spec::SpecError;

/// Bytes of a line or of a message's first line that are shown: a hostile file can have megabytes in one.
const LONGEST_SHOWN: usize = 1000;

/// A manifest that cannot be read. Prints several lines:
///
/// ```text
/// environment.yml:7:5: `npm` is not a section that larder knows
///   7 |   - npm:
///     |     ^^^
///   expected a package spec like `numpy >=1.26`, or `pip:`
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ManifestError {
    details: Box<Details>,
}

#[derive(Debug, Clone, PartialEq)]
struct Details {
    kind: ManifestErrorKind,
    position: Position,
    /// Without credentials, and where the carets stand below it.
    line: Option<String>,
    before: usize,
    width: usize,
}

/// What is wrong with a manifest.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestErrorKind {
    /// Bytes that are no text.
    #[error("the file is not text: found {found}")]
    NotText {
        /// The first thing that does not fit.
        found: String,
    },
    /// Nothing but white space and comments.
    #[error("the file is empty")]
    Empty,
    /// A line left by a merge.
    #[error("the file has an unresolved merge conflict: found `{marker}`")]
    ConflictMarker {
        /// The marker.
        marker: String,
    },
    /// A jinja tag where YAML was expected.
    #[error("found the template tag `{tag}`, but larder reads plain YAML")]
    Template {
        /// The tag as written.
        tag: String,
    },
    /// A tab in the indentation.
    #[error("the indentation holds a tab")]
    Tab,
    /// No YAML for another reason.
    #[error("this is not YAML: {problem}")]
    Syntax {
        /// What the YAML parser says.
        problem: String,
        /// What to do, if that can be guessed.
        hint: Option<String>,
    },
    /// More than any file that a person writes, as it is or with its aliases expanded.
    #[error("the file is too large: {problem}")]
    TooLarge {
        /// Which bound it exceeds.
        problem: String,
    },
    /// A second `---`.
    #[error("the file holds more than one YAML document")]
    MultipleDocuments,
    /// A key that a mapping has twice.
    #[error("`{key}` is given twice, first in line {first}")]
    DuplicateKey {
        /// The key.
        key: String,
        /// Line of the first one.
        first: u32,
    },
    /// The document is a list or a plain text.
    #[error("the file holds {found} where an environment was expected")]
    NotAMapping {
        /// What it is.
        found: String,
        /// What to do, if that can be guessed.
        hint: Option<String>,
    },
    /// CEP 24 demands `dependencies`.
    #[error("`dependencies` is missing")]
    MissingDependencies {
        /// A key that may have been meant.
        similar: Option<String>,
    },
    /// A value of the wrong type.
    #[error("{what} is {found}")]
    WrongType {
        /// What has the wrong type, like `` `channels` ``.
        what: String,
        /// The type it has.
        found: String,
        /// What was expected, and a suggestion.
        expected: String,
    },
    /// A sub-section of `dependencies` for an installer that larder does not have.
    #[error("`{name}` is not a section that larder knows")]
    UnknownSection {
        /// The key.
        name: String,
        /// What may have been meant.
        hint: Option<String>,
    },
    /// A package spec that cannot be read.
    #[error("`{text}` is not a package spec: {source}")]
    Spec {
        /// The spec as written.
        text: String,
        /// Why.
        #[source]
        source: SpecError,
        /// What to do, if the place in the file explains it.
        hint: Option<String>,
    },
    /// A selector that cannot be evaluated.
    #[error("the selector `{expression}` cannot be evaluated: {source}")]
    Selector {
        /// The expression as written.
        expression: String,
        /// Why.
        #[source]
        source: SelectorError,
    },
    /// An entry of `platforms` that is no target.
    #[error("`{text}` is not a platform to install for")]
    Platform {
        /// The entry as written.
        text: String,
        /// A subdir that may have been meant.
        similar: Option<String>,
    },
    /// An empty channel name.
    #[error("a channel has an empty name")]
    EmptyChannel,
    /// A key of `variables` that no shell can set.
    #[error("`{name}` is not the name of an environment variable")]
    VariableName {
        /// The key.
        name: String,
    },
}

impl ManifestErrorKind {
    /// A stable code, listed in the documentation.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotText { .. } => "manifest::not-text",
            Self::Empty => "manifest::empty",
            Self::ConflictMarker { .. } => "manifest::conflict",
            Self::Template { .. } => "manifest::template",
            Self::Tab => "manifest::tab",
            Self::Syntax { .. } => "manifest::syntax",
            Self::TooLarge { .. } => "manifest::too-large",
            Self::MultipleDocuments => "manifest::documents",
            Self::DuplicateKey { .. } => "manifest::duplicate-key",
            Self::NotAMapping { .. } => "manifest::not-a-mapping",
            Self::MissingDependencies { .. } => "manifest::no-dependencies",
            Self::WrongType { .. } => "manifest::type",
            Self::UnknownSection { .. } => "manifest::section",
            Self::Spec { .. } => "manifest::spec",
            Self::Selector { .. } => "manifest::selector",
            Self::Platform { .. } => "manifest::platform",
            Self::EmptyChannel => "manifest::channel",
            Self::VariableName { .. } => "manifest::variable",
        }
    }

    /// What was expected instead, and what to do.
    fn expected(&self) -> Option<String> {
        match self {
            Self::Syntax { hint, .. } => hint.clone(),
            Self::NotAMapping { hint, .. } => Some(hint.clone().unwrap_or_else(|| {
                "expected keys like `channels:` and `dependencies:`".to_owned()
            })),
            Self::MissingDependencies { similar } => Some(missing_dependencies(similar.as_deref())),
            Self::WrongType { expected, .. } => Some(format!("expected {expected}")),
            Self::UnknownSection { hint, .. } => Some(hint.clone().unwrap_or_else(|| {
                "expected a package spec like `numpy >=1.26`, or `pip:`".to_owned()
            })),
            Self::Spec { source, hint, .. } => hint.clone().or_else(|| source.suggestion()),
            Self::Selector { source, .. } => Some(source.suggestion()),
            Self::Platform { similar, .. } => Some(platform(similar.as_deref())),
            _ => self.fixed_expectation().map(str::to_owned),
        }
    }

    fn fixed_expectation(&self) -> Option<&'static str> {
        match self {
            Self::NotText { .. } => Some(
                "expected UTF-8, or UTF-16 with a byte order mark; is this the file that you meant?",
            ),
            Self::Empty => Some("expected at least `dependencies:` with a list of packages"),
            Self::ConflictMarker { .. } => Some(
                "decide which lines stay, and remove the lines with `<<<<<<<`, `=======` and `>>>>>>>`",
            ),
            Self::Template { .. } => Some(
                "render the template first (cookiecutter, jinja2, conda devenv), then give larder the result",
            ),
            Self::Tab => Some("YAML is indented with spaces: replace the tab"),
            Self::MultipleDocuments => {
                Some("one file describes one environment: split it at the `---`")
            }
            Self::TooLarge { .. } => Some(
                "write the packages out instead of using anchors and aliases, or split the file",
            ),
            Self::DuplicateKey { .. } => Some("join both into one"),
            Self::EmptyChannel => Some("expected a name like `conda-forge`, a URL or a path"),
            Self::VariableName { .. } => {
                Some("expected ASCII letters, digits and `_`, not starting with a digit")
            }
            _ => None,
        }
    }
}

fn missing_dependencies(similar: Option<&str>) -> String {
    match similar {
        Some(key) => format!("did you mean `dependencies:` instead of `{key}:`?"),
        None => {
            "expected `dependencies:` with a list of packages, or `dependencies: []`".to_owned()
        }
    }
}

fn platform(similar: Option<&str>) -> String {
    match similar {
        Some(subdir) => format!("did you mean `{subdir}`?"),
        None => "expected one like `linux-64`, `osx-arm64` or `win-64`".to_owned(),
    }
}

impl ManifestError {
    pub(crate) fn new(kind: ManifestErrorKind, source: &Source, mark: Mark, width: usize) -> Self {
        let position = source.position(mark);
        let line = source
            .line(mark.line)
            .filter(|line| line.len() <= LONGEST_SHOWN);
        let before = usize::try_from(position.column).unwrap_or(1) - 1;
        let (before, width) = line.map_or((before, width), |line| shown_place(line, before, width));
        Self {
            details: Box::new(Details {
                kind,
                position,
                line: line.map(redact_text),
                before,
                width,
            }),
        }
    }

    /// What is wrong.
    pub fn kind(&self) -> &ManifestErrorKind {
        &self.details.kind
    }

    /// Where.
    pub fn position(&self) -> &Position {
        &self.details.position
    }

    /// The stable code of [`Self::kind`].
    pub fn code(&self) -> &'static str {
        self.details.kind.code()
    }

    /// The first line of the message without the position.
    pub fn headline(&self) -> String {
        // Masked first: half of an address no longer looks like one with a password.
        shortened(redact_text(&self.details.kind.to_string()))
    }

    /// What was expected instead, and what to do.
    pub fn expected(&self) -> Option<String> {
        let expected = self.details.kind.expected();
        expected.map(|text| redact_text(&text))
    }
}

/// A text of at most [`LONGEST_SHOWN`] bytes, with `...` where it was cut.
fn shortened(mut text: String) -> String {
    if text.len() > LONGEST_SHOWN {
        text.truncate(text.floor_char_boundary(LONGEST_SHOWN));
        text.push_str("...");
    }
    text
}

/// Where the marked part stands in a line whose credentials are masked.
fn shown_place(line: &str, before: usize, width: usize) -> (usize, usize) {
    let length = |text: String| redact_text(&text).chars().count();
    (
        length(line.chars().take(before).collect()),
        length(line.chars().skip(before).take(width).collect()),
    )
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Details {
            position,
            line,
            before,
            width,
            ..
        } = &*self.details;
        write!(f, "{position}: {}", self.headline())?;
        if let Some(line) = line.as_deref().filter(|line| !line.trim().is_empty()) {
            let number = position.line.to_string();
            let gutter = " ".repeat(number.len());
            let indent: String = line.chars().take(*before).map(blank).collect();
            let room = line.chars().count().saturating_sub(*before);
            let carets = "^".repeat((*width).min(room).max(1));
            write!(f, "\n  {number} | {}", line.trim_end())?;
            write!(f, "\n  {gutter} | {indent}{carets}")?;
        }
        match self.expected() {
            Some(expected) => write!(f, "\n  {expected}"),
            None => Ok(()),
        }
    }
}

/// A tab stays a tab so that the caret stands below its character.
fn blank(character: char) -> char {
    if character == '\t' { '\t' } else { ' ' }
}

impl std::error::Error for ManifestError {
    // The message of the source is part of the message of the kind.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        None
    }
}
