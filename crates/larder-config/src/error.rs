//! What is wrong with a configuration, and what is merely worth knowing; each says where.

use std::{fmt, io, path::PathBuf};

use larder_manifest::{Position, yaml::Problem};

use crate::Origin;

/// A configuration that cannot be used. Shows no credentials.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file that is there and cannot be read.
    #[error("cannot read the configuration file {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A file that is no text.
    #[error("{position}: this is no text: there is {found}")]
    NotText {
        /// Where.
        position: Position,
        /// What is there instead.
        found: String,
    },
    /// A file that is no YAML.
    #[error("{position}: this is not valid YAML: {problem}")]
    Yaml {
        /// Where.
        position: Position,
        /// Why.
        problem: Problem,
    },
    /// A file that holds something else than keys.
    #[error("{position}: expected keys with values, found {found}")]
    NotAMapping {
        /// Where.
        position: Position,
        /// What is there instead, with an article.
        found: &'static str,
    },
    /// One key under two names in one source.
    #[error("{origin}: `{key}` is the same key as the one at {first}: keep one, `{preferred}`")]
    Twins {
        /// The second.
        origin: Origin,
        /// As it is written there.
        key: String,
        /// The first.
        first: Origin,
        /// The key's own name.
        preferred: &'static str,
    },
    /// A value of another type.
    #[error("{origin}: `{key}` is {expected}, found {found}")]
    Type {
        /// Where.
        origin: Origin,
        /// The key.
        key: &'static str,
        /// What it should be, with an article.
        expected: &'static str,
        /// What is there.
        found: String,
    },
}

impl ConfigError {
    /// Stable and greppable.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "config::unreadable",
            Self::NotText { .. } | Self::Yaml { .. } | Self::NotAMapping { .. } => "config::syntax",
            Self::Twins { .. } => "config::twins",
            Self::Type { .. } => "config::type",
        }
    }
}

/// Something that has no effect and was perhaps meant to have one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigWarning {
    /// A key that nobody knows.
    Unknown {
        /// Where.
        position: Position,
        /// The key.
        key: String,
        /// The key that is probably meant.
        similar: Option<String>,
    },
    /// A key that conda would follow and larder does not.
    NotHonoured {
        /// Where it is set.
        origin: Origin,
        /// The key.
        key: &'static str,
        /// Why, or what does it instead.
        why: &'static str,
    },
    /// A setting of one channel that has no effect.
    ChannelSetting {
        /// Where it is set.
        origin: Origin,
        /// The setting, without credentials.
        setting: String,
        /// Why, or what does it instead.
        why: &'static str,
    },
}

impl ConfigWarning {
    /// Stable and greppable.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "config::unknown-key",
            Self::NotHonoured { .. } | Self::ChannelSetting { .. } => "config::not-honoured",
        }
    }
}

impl fmt::Display for ConfigWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown {
                position,
                key,
                similar: Some(similar),
            } => write!(
                f,
                "{position}: nobody knows the key `{key}`; did you mean `{similar}`?"
            ),
            Self::Unknown { position, key, .. } => {
                write!(
                    f,
                    "{position}: neither conda nor larder knows the key `{key}`"
                )
            }
            Self::NotHonoured { origin, key, why } => {
                write!(f, "{origin}: larder does not honour `{key}`: {why}")
            }
            Self::ChannelSetting {
                origin,
                setting,
                why,
            } => write!(
                f,
                "{origin}: larder does not honour `{setting}` of `channel_settings`: {why}"
            ),
        }
    }
}
