//! Why a configuration cannot be used.

use larder_config::ConfigError;

use crate::{Explain, Kind};

/// Why a configuration cannot be used. Shows no credentials.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// A file or a variable is wrong by itself.
    #[error(transparent)]
    Source(#[from] ConfigError),
    /// A value makes no sense for its key.
    #[error("{from}: `{key}` is {expected}, found `{found}`")]
    Value {
        /// The file and line, or the variable.
        from: String,
        /// The key.
        key: &'static str,
        /// What it should be.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// Two values that exclude each other, or one that needs another.
    #[error("{from}: `{key}` {problem}")]
    Alone {
        /// The file and line, or the variable.
        from: String,
        /// The key.
        key: &'static str,
        /// What is missing or too much.
        problem: &'static str,
    },
    /// A key that nobody knows.
    #[error("there is no key `{key}`{}", similar.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default())]
    UnknownKey {
        /// As the user wrote it.
        key: String,
        /// The key that is probably meant.
        similar: Option<&'static str>,
    },
}

impl Explain for ConfigurationError {
    fn kind(&self) -> Kind {
        match self {
            Self::Source(ConfigError::Unreadable { .. }) => Kind::World,
            _ => Kind::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Source(error) => error.code(),
            Self::Value { .. } => "config::value",
            Self::Alone { .. } => "config::conflict",
            Self::UnknownKey { .. } => "config::unknown-key",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownKey { .. } => Some("`larder config` shows values and changes none: edit ~/.condarc; `--describe` names every key".into()),
            _ => Some("`larder config --show-sources` shows every file and what it sets".into()),
        }
    }
}
