//! Preprocessing selectors (CEP 24): which lines count on which target.
//!
//! `# [win]` behind a line and `sel(win): pywin32` in the list. Evaluated against the target
//! subdir, never against the machine that larder runs on. As an extension over the CEP, `not` is
//! understood in comments, since conda-build's selectors have it.

mod classify;
mod expression;
mod variables;

use rattler_conda_types::Subdir;

pub(crate) use classify::{CommentMeaning, classify_comment};
use expression::Expression;
pub(crate) use variables::DICTIONARY_VARIABLES;

/// A condition on the target that a line of the manifest has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    text: String,
    kind: SelectorKind,
    expression: Expression,
}

/// The two spellings of CEP 24.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelectorKind {
    /// `# [expression]`, as conda-lock reads it.
    Comment,
    /// `sel(expression): spec`, as micromamba reads it.
    Dictionary,
}

/// Why an expression cannot be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectorError {
    /// A variable of conda-build that is about the build, not the target.
    #[error("`{name}` is a variable of conda-build recipes that an environment file does not have")]
    UnsupportedVariable {
        /// The variable.
        name: String,
    },
    /// A word that is no variable.
    #[error("`{name}` is not a platform that larder knows")]
    UnknownVariable {
        /// The word.
        name: String,
    },
    /// Not an expression.
    #[error("found {found}")]
    Syntax {
        /// What stands where it does not fit.
        found: String,
    },
    /// More than one variable in `sel(...)`.
    #[error("`sel(...)` takes exactly one of `unix`, `linux`, `osx` and `win`")]
    Dictionary,
}

impl SelectorError {
    pub(crate) fn suggestion(&self) -> String {
        match self {
            Self::Dictionary => {
                "write one `- sel(linux): ...` line per platform, or use a comment: `# [linux and x86_64]`"
            }
            Self::UnsupportedVariable { .. } => {
                "expected platforms like `linux`, `osx`, `win`, `unix`, `arm64`; for a condition on another package use `[when=\"python>=3.10\"]`"
            }
            _ => {
                "expected platforms like `linux`, `osx`, `win`, `unix`, `arm64`, joined by `and`, `or`, `not` and parentheses"
            }
        }
        .to_owned()
    }
}

impl Selector {
    /// Parses the expression of a comment selector, without the brackets.
    ///
    /// # Errors
    /// [`SelectorError`] if it is no expression over the variables of CEP 24.
    pub fn parse_comment(text: &str) -> Result<Self, SelectorError> {
        Ok(Self {
            text: text.trim().to_owned(),
            kind: SelectorKind::Comment,
            expression: expression::parse(text)?,
        })
    }

    /// Parses the expression of a dictionary selector, without `sel(` and `)`.
    ///
    /// # Errors
    /// [`SelectorError::Dictionary`] unless it is one of `unix`, `linux`, `osx` and `win`.
    pub fn parse_dictionary(text: &str) -> Result<Self, SelectorError> {
        let name = text.trim();
        if !DICTIONARY_VARIABLES.contains(&name) {
            return Err(SelectorError::Dictionary);
        }
        Ok(Self {
            text: name.to_owned(),
            kind: SelectorKind::Dictionary,
            expression: expression::parse(name)?,
        })
    }

    /// If the line counts for an environment on `subdir`.
    pub fn matches(&self, subdir: Subdir) -> bool {
        self.expression.evaluate(subdir)
    }

    /// The expression as written, without brackets.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How it was written; the outer one if a section and a line both have a selector.
    pub fn kind(&self) -> SelectorKind {
        self.kind
    }

    /// Both conditions at once: of a section and of a line in it.
    pub(crate) fn and(outer: Option<&Self>, inner: Option<Self>) -> Option<Self> {
        match (outer, inner) {
            (None, inner) => inner,
            (Some(outer), None) => Some(outer.clone()),
            (Some(outer), Some(inner)) => Some(Self {
                text: format!("({}) and ({})", outer.text, inner.text),
                kind: outer.kind,
                expression: Expression::And(vec![outer.expression.clone(), inner.expression]),
            }),
        }
    }
}
