//! Why a key cannot be used.

use std::{fmt, path::PathBuf};

use larder_fs::PathError;

/// A key that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// There is none.
    #[error("the key is empty")]
    Empty,
    /// Nothing but separators.
    #[error("the key `{key}` has no segments")]
    NoSegments {
        /// The key.
        key: String,
    },
    /// A key of several lines, each a segment, is the format before restore keys.
    #[error(
        "a key of several lines is the old format, which has no restore keys: write it in one line, with `|` between segments"
    )]
    OldFormat,
    /// Segments that are not as they must be.
    #[error("in the key `{key}`: {}", List(problems))]
    Segments {
        /// The key.
        key: String,
        /// One for each segment that is wrong.
        problems: Vec<SegmentError>,
    },
    /// `${{ }}` holds what is not known here.
    #[error("`${{{{ {expression} }}}}` in the key is not known here")]
    Expression {
        /// What is between the braces.
        expression: String,
    },
    /// Longer than the service takes.
    #[error("the key `{key}` has {length} characters, at most {limit} are allowed")]
    TooLong {
        /// The key.
        key: String,
        /// How many it has.
        length: usize,
        /// How many it may have.
        limit: usize,
    },
    /// GitHub takes no commas.
    #[error("the key `{key}` has a comma, which GitHub does not take")]
    Comma {
        /// The key.
        key: String,
    },
    /// A key is one line.
    #[error("the key {key:?} has a line break or another control character")]
    Lines {
        /// The key.
        key: String,
    },
    /// More than the service looks up at once.
    #[error("there are {count} keys, restore keys included; at most {limit} are allowed")]
    TooMany {
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// More than GitLab hashes for a key.
    #[error("there are {count} files or patterns for a key of GitLab; at most {limit} are allowed")]
    TooManyFiles {
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A file cannot be hashed, or a directory not listed.
    #[error(transparent)]
    Disk(#[from] PathError),
}

/// What is wrong with a segment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SegmentError {
    /// Only white space.
    #[error("a segment is blank")]
    Blank,
    /// `*` or `**`.
    #[error("`{0}` alone is reserved: it would match every entry")]
    Reserved(String),
    /// Starts with a quote that does not make a string.
    #[error("`{0}` starts with a {quote}: only double quotes make a string", quote = if .0.starts_with('`') { "backtick" } else { "single quote" })]
    Quote(String),
    /// Only exclusions.
    #[error("`{0}` has no include rules, only exclusions")]
    NoInclude(String),
    /// A path that is no file.
    #[error("file not found: `{text}` (below {}); double quotes make a string of it", directory.display())]
    NotFound {
        /// The segment.
        text: String,
        /// What it is relative to.
        directory: PathBuf,
    },
    /// A pattern without a match.
    #[error("no matching files for pattern `{text}` (below {}); double quotes make a string of it", directory.display())]
    NoMatch {
        /// The segment.
        text: String,
        /// What it is relative to.
        directory: PathBuf,
    },
}

struct List<'a>(&'a [SegmentError]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.0.iter().enumerate() {
            if number > 0 {
                f.write_str("; ")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}
