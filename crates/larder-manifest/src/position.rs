//! Where something stands in the user's text, and the lines of that text for messages.
//!
//! Never reads files: the text is handed in once and kept as long as its manifest is being read.

use std::fmt;
use std::sync::Arc;

/// A place in a file, 1-based; prints as `environment.yml:3:5`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Position {
    /// The file as the caller named it; `<command line>` for specs from there.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Line and column, 1-based, of a place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Mark {
    /// The first character.
    pub const START: Self = Self { line: 1, column: 1 };

    /// Counts that do not fit are pinned to the largest one: a message, not an address.
    pub fn new(line: usize, column: usize) -> Self {
        Self {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
        }
    }
}

/// The decoded text of one file.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) file: Arc<str>,
    pub(crate) text: String,
}

impl Source {
    pub(crate) fn position(&self, mark: Mark) -> Position {
        Position {
            file: Arc::clone(&self.file),
            line: mark.line,
            column: mark.column,
        }
    }

    /// The text of a line without its line end.
    pub(crate) fn line(&self, line: u32) -> Option<&str> {
        let index = usize::try_from(line).ok()?.checked_sub(1)?;
        self.text.lines().nth(index)
    }
}
