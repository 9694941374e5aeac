//! Keys: what the user writes becomes the text that an entry is saved under.
//!
//! In Azure's way ([`Style::Azure`]) a key is segments with `|` between them: strings, and paths or
//! patterns, which are replaced by a hash of their files. In GitHub's it is text in which `${{ }}` is
//! replaced. Rules and cases: azure-pipelines-agent's `FingerprintCreator.cs` as CACHE-SEMANTICS.md quotes
//! it. Reads the files it hashes, and nothing else.

use std::path::PathBuf;

use serde::Serialize;

mod classify;
mod error;
mod expressions;
mod files;
mod gitlab;
mod glob;
mod hash;
mod names;
mod rules;
mod segments;

pub use error::{KeyError, SegmentError};
pub use gitlab::files_key;
pub use hash::HashedFile;
pub use segments::split;

/// Whose rules are followed where the services differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Style {
    /// Azure Pipelines, Cache@2: the stricter.
    #[default]
    Azure,
    /// GitHub, actions/cache.
    Github,
    /// GitLab: names match whole or not at all.
    Gitlab,
}

/// What keys are made from besides their text.
pub struct KeyContext<'a> {
    /// Whose rules.
    pub style: Style,
    /// What relative paths are relative to; absolute.
    pub working_directory: PathBuf,
    /// What hashed paths are named relative to (`Pipeline.Workspace`); absolute.
    pub workspace: PathBuf,
    /// The value of an environment variable.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
}

/// A key that was evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Key {
    /// What entries are saved under and looked up by.
    pub fingerprint: String,
    /// What became of each segment.
    pub segments: Vec<Segment>,
    /// What the user should know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// A segment and what it became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Segment {
    /// As it was written, variables replaced.
    pub text: String,
    /// What it is.
    #[serde(flatten)]
    pub kind: SegmentKind,
}

/// What a segment is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SegmentKind {
    /// Stands for itself, quotes included.
    String,
    /// One file.
    File {
        /// What stands for it in the fingerprint.
        hash: String,
    },
    /// Files that a pattern matches.
    Pattern {
        /// What stands for them in the fingerprint.
        hash: String,
        /// Which they are.
        files: Vec<HashedFile>,
    },
}

impl Segment {
    /// What it is in the fingerprint.
    pub fn value(&self) -> &str {
        match &self.kind {
            SegmentKind::String => &self.text,
            SegmentKind::File { hash } | SegmentKind::Pattern { hash, .. } => hash,
        }
    }
}

/// A key and what may stand in for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Keys {
    /// The key.
    pub key: Key,
    /// In the order in which they are tried.
    pub restore_keys: Vec<Key>,
}

/// Bytes of a key as it is written, patterns and expressions included.
pub const KEY_BYTES: usize = 16 << 10;
/// How many restore keys one look-up may have.
pub const RESTORE_KEYS: usize = 100;

/// Evaluates a key and its restore keys. Azure's variable `AZP_CACHING_SALT` goes before each.
///
/// # Errors
/// [`KeyError`]; all segments of a key that match no file are told together.
pub fn evaluate(
    key: &str,
    restore_keys: &[String],
    context: &KeyContext<'_>,
) -> Result<Keys, KeyError> {
    // Patterns and expressions are looked for again from each place where one may begin.
    let mut keys = restore_keys.iter().map(String::as_str).chain([key]);
    if let Some(long) = keys.find(|key| key.len() > KEY_BYTES) {
        return Err(KeyError::TooLong {
            key: long.chars().take(80).chain("...".chars()).collect(),
            length: long.len(),
            limit: KEY_BYTES,
        });
    }
    if restore_keys.len() > RESTORE_KEYS {
        return Err(KeyError::TooMany {
            count: restore_keys.len() + 1,
            limit: RESTORE_KEYS + 1,
        });
    }
    match context.style {
        Style::Azure => segments::evaluate(key, restore_keys, context),
        Style::Github | Style::Gitlab => expressions::evaluate(key, restore_keys, context),
    }
}

#[cfg(test)]
mod tests;
