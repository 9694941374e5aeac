//! The formats of locks by the names that users give them, and one door for reading all of them.
//!
//! Never looks at a file's name to tell what is in it, and never reads a file.

use std::{fmt, path::Path, str::FromStr};

use rattler_conda_types::Subdir;

use crate::{
    LockError, LockFile, LockKind, detect, explicit, kind::top_level, pixi, read, write::OUR_KEYS,
};

/// A format that locks are read from and written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LockFormat {
    /// `conda-lock.yml` (CEP 37): what larder writes by itself.
    CondaLock,
    /// rattler's lock: `pixi.lock` of any version.
    Pixi,
    /// A list of URLs after `@EXPLICIT` (CEP 23), one for each platform.
    Explicit,
}

/// A name that is none of a format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no lock format: expected conda-lock, pixi or explicit")]
pub struct UnknownFormat {
    /// What was asked for.
    pub name: String,
}

/// What a lock's text leaves to the machine and the user that read it.
#[derive(Clone, Copy)]
pub struct ParseContext<'a> {
    /// The platform of an `@EXPLICIT` list without a line `# platform:`.
    pub subdir: Subdir,
    /// What relative paths in an `@EXPLICIT` list are relative to (CEP 23). Absolute.
    pub working_directory: &'a Path,
    /// The value of an environment variable, by its name, or the home directory, by `~`. Only asked
    /// for what stands in an `@EXPLICIT` list.
    pub lookup: &'a dyn Fn(&str) -> Option<String>,
    /// The environment of a `pixi.lock`: without it `default`, or the only one.
    pub environment: Option<&'a str>,
}

impl LockFormat {
    /// The format of `text`, by its content; `None` if it is no lock.
    pub fn detect(text: &str) -> Option<Self> {
        match detect(text)? {
            // Versions 2 and 3 of pixi's lock look like a conda-lock.yml, whose only version is 1.
            // What larder sealed is none of pixi's, whatever it says now: another number in it must not turn the
            // checks of the seal off.
            LockKind::CondaLock
                if matches!(version(text), Some("2" | "3")) && !text.contains(OUR_KEYS) =>
            {
                Some(Self::Pixi)
            }
            kind => Some(kind.into()),
        }
    }

    /// What a lock of this format is called where nobody says otherwise.
    pub fn default_file_name(self) -> &'static str {
        match self {
            Self::CondaLock => crate::DEFAULT_FILE_NAME,
            Self::Pixi => "pixi.lock",
            Self::Explicit => "explicit.txt",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::CondaLock => "conda-lock",
            Self::Pixi => "pixi",
            Self::Explicit => "explicit",
        }
    }
}

fn version(text: &str) -> Option<&str> {
    let (_, _, value) = top_level(text).find(|(_, key, _)| *key == "version")?;
    let value = value.split(" #").next().unwrap_or_default();
    Some(value.trim().trim_matches(['"', '\'']))
}

impl From<LockKind> for LockFormat {
    fn from(kind: LockKind) -> Self {
        match kind {
            LockKind::CondaLock => Self::CondaLock,
            LockKind::Pixi => Self::Pixi,
            LockKind::Explicit => Self::Explicit,
        }
    }
}

impl fmt::Display for LockFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for LockFormat {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        [Self::CondaLock, Self::Pixi, Self::Explicit]
            .into_iter()
            .find(|format| format.name() == name)
            .ok_or_else(|| UnknownFormat {
                name: name.to_owned(),
            })
    }
}

impl LockFile {
    /// The environments of a lock that has several (pixi.lock), sorted; empty for other formats, which
    /// have one without a name.
    ///
    /// # Errors
    /// [`LockError`] if it cannot be read.
    pub fn environment_names(file_name: &str, text: &str) -> Result<Vec<String>, LockError> {
        match LockFormat::detect(text) {
            Some(LockFormat::Pixi) => pixi::environment_names(file_name, text),
            _ => Ok(Vec::new()),
        }
    }

    /// Reads a lock of whatever format it is, by its content. `file_name` only serves the messages.
    ///
    /// # Errors
    /// [`LockError`] with the line where there is one: for what the format forbids, for credentials,
    /// and for what larder could not install exactly (packages that have to be built, for example).
    pub fn parse_any(
        file_name: &str,
        text: &str,
        context: &ParseContext<'_>,
    ) -> Result<Self, LockError> {
        read::check_conflict(file_name, text)?;
        let format = LockFormat::detect(text);
        if let (Some(wanted), Some(LockFormat::CondaLock | LockFormat::Explicit)) =
            (context.environment, format)
        {
            return Err(LockError::NoEnvironment {
                file: file_name.to_owned(),
                wanted: Some(wanted.to_owned()),
                available: Vec::new(),
            });
        }
        match format {
            Some(LockFormat::CondaLock) => Self::parse(file_name, text),
            Some(LockFormat::Pixi) => pixi::read(file_name, text, context.environment),
            Some(LockFormat::Explicit) => explicit::read(file_name, text, context),
            None => Err(read::not_a_lock(file_name, text)),
        }
    }
}

#[cfg(test)]
mod tests;
