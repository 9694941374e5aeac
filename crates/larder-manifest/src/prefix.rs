//! Where an environment may be made: its name and its prefix (CEP 24).
//!
//! Pure checks of text and paths: never looks at the disk. That the prefix is free is for the
//! caller to check.

use std::path::{Component, Path, PathBuf};

/// A name or prefix that no environment may have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrefixError {
    /// An empty name.
    #[error("the name of the environment is empty")]
    EmptyName,
    /// `base` and `root` are conda's own.
    #[error("`{name}` is reserved for conda's own environment: choose another name")]
    ReservedName {
        /// The name.
        name: String,
    },
    /// A character that CEP 24 forbids, or that cannot be part of a directory's name.
    #[error("the name `{name}` holds `{}`: an environment's name has no `/`, space, `:` or `#`", .character.escape_default())]
    Character {
        /// The name.
        name: String,
        /// The character.
        character: char,
    },
    /// `.` or `..`.
    #[error("`{name}` is not the name of a directory")]
    NoDirectory {
        /// The name.
        name: String,
    },
    /// A relative path where an absolute one is needed.
    #[error("the prefix {} is not an absolute path", .path.display())]
    Relative {
        /// The path.
        path: PathBuf,
    },
    /// A directory that cannot stand in PATH.
    #[error("the prefix {} contains `{separator}`, which separates the directories of PATH: its programs would not be found", .path.display())]
    PathSeparator {
        /// The path.
        path: PathBuf,
        /// The separator of this system.
        separator: char,
    },
    /// A directory of the system or of the user.
    #[error("{} is {what}: an environment needs a directory of its own, like {}", .path.display(), .path.join("env").display())]
    Protected {
        /// The path.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
}

/// What [`validate_prefix_path`] has to know of the machine.
#[derive(Debug, Clone, Default)]
pub struct PrefixRules {
    /// The user's home directory.
    pub home: Option<PathBuf>,
    /// More directories that are not to be used, like `%SystemRoot%`.
    pub protected: Vec<PathBuf>,
}

/// Directories of Unix systems that are never environments themselves.
const SYSTEM: [&str; 24] = [
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/lib64",
    "/media",
    "/mnt",
    "/opt",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/srv",
    "/sys",
    "/tmp",
    "/usr",
    "/var",
    "/Applications",
    "/Library",
    "/System",
    "/Users",
    "/private",
];

/// Directories below which nothing is to be made: system programs and their configuration.
const CLOSED: [&str; 8] = [
    "/bin", "/boot", "/etc", "/lib", "/lib64", "/proc", "/sbin", "/sys",
];

/// Directories of programs that lie below `/usr` and may not be environments themselves.
const PROGRAMS: [&str; 8] = [
    "/usr/bin",
    "/usr/include",
    "/usr/lib",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/local",
    "/usr/sbin",
    "/usr/share",
];

/// Checks the name of an environment.
///
/// # Errors
/// [`PrefixError`] for an empty name, `base`, `root`, and a name with `/`, `\`, space, `:`, `#` or
/// a control character.
pub fn validate_environment_name(name: &str) -> Result<(), PrefixError> {
    if name.is_empty() {
        return Err(PrefixError::EmptyName);
    }
    let name_owned = || name.to_owned();
    if name.eq_ignore_ascii_case("base") || name.eq_ignore_ascii_case("root") {
        return Err(PrefixError::ReservedName { name: name_owned() });
    }
    if matches!(name, "." | "..") {
        return Err(PrefixError::NoDirectory { name: name_owned() });
    }
    let forbidden = |c: &char| matches!(c, '/' | '\\' | ' ' | ':' | '#') || c.is_control();
    match name.chars().find(forbidden) {
        Some(character) => Err(PrefixError::Character {
            name: name_owned(),
            character,
        }),
        None => Ok(()),
    }
}

/// Checks an absolute, expanded prefix: its last component as [`validate_environment_name`] but
/// for the reserved names, and that it is no directory of the system nor the home directory.
/// Spaces in directories above it are fine.
///
/// # Errors
/// [`PrefixError`] with the rule that it breaks.
pub fn validate_prefix_path(path: &Path, rules: &PrefixRules) -> Result<(), PrefixError> {
    let owned = || path.to_owned();
    if !path.has_root() {
        return Err(PrefixError::Relative { path: owned() });
    }
    let separator = if cfg!(windows) { ';' } else { ':' };
    if path.to_string_lossy().contains(separator) {
        return Err(PrefixError::PathSeparator {
            path: owned(),
            separator,
        });
    }
    let clean = lexically_normal(path);
    if let Some(what) = protected(&clean, rules) {
        return Err(PrefixError::Protected { path: clean, what });
    }
    let Some(name) = clean.file_name() else {
        return Err(PrefixError::NoDirectory {
            name: path.display().to_string(),
        });
    };
    // A line break in a directory above would end the `#!` line of every script of the environment.
    if let Some(character) = clean.to_string_lossy().chars().find(|c| c.is_control()) {
        return Err(PrefixError::Character {
            name: clean.display().to_string(),
            character,
        });
    }
    match validate_environment_name(&name.to_string_lossy()) {
        // `-p /opt/base` is not conda's base environment.
        Err(PrefixError::ReservedName { .. }) | Ok(()) => Ok(()),
        Err(error) => Err(error),
    }
}

fn protected(clean: &Path, rules: &PrefixRules) -> Option<&'static str> {
    if clean.parent().is_none() {
        return Some("the root of the file system");
    }
    let home = rules.home.as_deref().map(lexically_normal);
    if home.as_deref() == Some(clean) {
        return Some("the home directory");
    }
    if home.is_some_and(|home| home.starts_with(clean)) {
        return Some("a directory above the home directory");
    }
    let system = SYSTEM
        .iter()
        .chain(&PROGRAMS)
        .any(|known| clean == Path::new(known))
        || CLOSED.iter().any(|known| clean.starts_with(known))
        || ["/usr/bin", "/usr/sbin"]
            .iter()
            .any(|known| clean.starts_with(known))
        || rules
            .protected
            .iter()
            .any(|known| lexically_normal(known) == clean);
    system.then_some("a directory of the system")
}

/// Without `.`, and with `..` taking the component before it.
fn lexically_normal(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}

/// If the path's extension is one of environment files: `yml` or `yaml` (CEP 24).
pub fn is_environment_file(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "yml" || extension == "yaml")
}
