//! The names of CEP 26: packages, versions, builds, extensions, file names, subdirs, labels; and
//! the names of environment variables.
//!
//! Pure validators: whatever comes out of here is safe as one path component. Never normalizes.

use rattler_conda_types::Subdir;

use crate::edit::nearest;

/// A name that breaks a rule of CEP 26.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not {what}: {problem}")]
pub struct NameError {
    /// The name.
    pub name: String,
    /// What it should have been, with an article.
    pub what: &'static str,
    /// The rule.
    pub problem: NameProblem,
}

/// The rule that a name breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameProblem {
    /// Nothing.
    #[error("it is empty")]
    Empty,
    /// Too long.
    #[error("it has {length} characters, {limit} are allowed")]
    TooLong {
        /// Its length.
        length: usize,
        /// The limit.
        limit: usize,
    },
    /// A character that may not occur (there).
    #[error("`{}` may not occur {place}", .character.escape_default())]
    Character {
        /// The character.
        character: char,
        /// Where: `in it`, `at its start`, `behind another separator`.
        place: &'static str,
    },
    /// The parts that the kind of name consists of are not there.
    #[error("expected {expected}")]
    Form {
        /// The parts.
        expected: &'static str,
    },
    /// A valid name that larder has no target for.
    #[error("larder does not know this subdir{}", .similar.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default())]
    UnknownSubdir {
        /// The nearest one.
        similar: Option<&'static str>,
    },
}

/// The parts of an artifact's file name (CEP 26).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    /// Package name.
    pub name: String,
    /// Version as written.
    pub version: String,
    /// Build string.
    pub build: String,
    /// `conda` or `tar.bz2`.
    pub extension: &'static str,
}

/// The rule for a kind of name: what it is called, how long it may be.
struct Rule {
    what: &'static str,
    limit: usize,
}

impl Rule {
    fn error(&self, name: &str, problem: NameProblem) -> NameError {
        NameError {
            name: name.chars().take(256).collect(),
            what: self.what,
            problem,
        }
    }

    fn character(&self, name: &str, character: char, place: &'static str) -> NameError {
        self.error(name, NameProblem::Character { character, place })
    }

    /// Length, and that only characters occur that `allowed` lets pass.
    fn check(&self, name: &str, allowed: fn(char) -> bool) -> Result<(), NameError> {
        let length = name.chars().count();
        if length == 0 {
            return Err(self.error(name, NameProblem::Empty));
        }
        if length > self.limit {
            let limit = self.limit;
            return Err(self.error(name, NameProblem::TooLong { length, limit }));
        }
        match name.chars().find(|c| !allowed(*c)) {
            Some(character) => Err(self.character(name, character, "in it")),
            None => Ok(()),
        }
    }
}

fn is_lower(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

fn is_separator(c: char) -> bool {
    matches!(c, '.' | '_' | '-')
}

/// Checks the name of a distributable package: lower-case letters, digits, `.`, `_`, `-`; no
/// separator first but one `_`; no two separators in a row; at most 64 characters.
///
/// # Errors
/// [`NameError`] with the rule that it breaks.
pub fn validate_package_name(name: &str) -> Result<(), NameError> {
    let rule = Rule {
        what: "a package name",
        limit: 64,
    };
    rule.check(name, |c| is_lower(c) || is_separator(c))?;
    no_double_separator(&rule, name)?;
    match name.chars().next() {
        Some(first @ ('.' | '-')) => Err(rule.character(name, first, "at its start")),
        _ if name == "_" => Err(rule.character(name, '_', "alone")),
        _ => Ok(()),
    }
}

/// Checks the name of a virtual package: `__`, then as [`validate_package_name`].
///
/// # Errors
/// [`NameError`] with the rule that it breaks.
pub fn validate_virtual_package_name(name: &str) -> Result<(), NameError> {
    let rule = Rule {
        what: "the name of a virtual package",
        limit: 64,
    };
    rule.check(name, |c| is_lower(c) || is_separator(c))?;
    let Some(rest) = name.strip_prefix("__") else {
        let expected = "two underscores at its start";
        return Err(rule.error(name, NameProblem::Form { expected }));
    };
    match rest.chars().next() {
        Some(first) if is_lower(first) => no_double_separator(&rule, rest),
        Some(first) => Err(rule.character(name, first, "behind the two underscores")),
        None => Err(rule.error(name, NameProblem::Empty)),
    }
}

fn no_double_separator(rule: &Rule, name: &str) -> Result<(), NameError> {
    let mut previous = 'a';
    for character in name.chars() {
        if is_separator(previous) && is_separator(character) {
            return Err(rule.character(name, character, "behind another separator"));
        }
        previous = character;
    }
    Ok(())
}

/// Checks the characters and the length (64) of a version; CEP 33's grammar is rattler's to check.
/// Upper case and `-` pass, since CEP 33 and existing packages have them.
///
/// # Errors
/// [`NameError`] with the rule that it breaks.
pub fn validate_version(version: &str) -> Result<(), NameError> {
    let rule = Rule {
        what: "a version",
        limit: 64,
    };
    rule.check(version, |c| {
        c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '!')
    })
}

/// Checks a build string: ASCII letters, digits, `_`, `.`, `+`; at most 64 characters.
///
/// # Errors
/// [`NameError`] with the rule that it breaks.
pub fn validate_build(build: &str) -> Result<(), NameError> {
    let rule = Rule {
        what: "a build string",
        limit: 64,
    };
    rule.check(build, |c| {
        c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '+')
    })
}

/// Checks the extension of an artifact, without its leading dot: lower-case letters and digits,
/// single dots inside, at most 16 characters.
///
/// # Errors
/// [`NameError`] with the rule that it breaks.
pub fn validate_extension(extension: &str) -> Result<(), NameError> {
    let rule = Rule {
        what: "the extension of an artifact",
        limit: 16,
    };
    rule.check(extension, |c| is_lower(c) || c == '.')?;
    if extension.split('.').any(str::is_empty) {
        return Err(rule.character(extension, '.', "at an end or twice"));
    }
    Ok(())
}

/// Splits and checks a file name `<name>-<version>-<build>.<extension>`, from the right, as names
/// contain hyphens. The known extensions are `conda` and `tar.bz2`; at most 211 characters.
///
/// # Errors
/// [`NameError`] of the file name or of the part that breaks its rule.
pub fn parse_file_name(file_name: &str) -> Result<FileName, NameError> {
    let rule = Rule {
        what: "the file name of a package",
        limit: 211,
    };
    rule.check(file_name, |c| !c.is_control() && !matches!(c, '/' | '\\'))?;
    let form = |expected| rule.error(file_name, NameProblem::Form { expected });
    let known = ["conda", "tar.bz2"].into_iter().find_map(|extension| {
        let stem = file_name.strip_suffix(extension)?.strip_suffix('.')?;
        Some((stem, extension))
    });
    let (stem, extension) = known.ok_or_else(|| form("the extension `.conda` or `.tar.bz2`"))?;
    let mut parts = stem.rsplitn(3, '-');
    let (Some(build), Some(version), Some(name)) = (parts.next(), parts.next(), parts.next())
    else {
        return Err(form("`<name>-<version>-<build>`"));
    };
    validate_package_name(name)?;
    validate_version(version)?;
    validate_build(build)?;
    Ok(FileName {
        name: name.to_owned(),
        version: version.to_owned(),
        build: build.to_owned(),
        extension,
    })
}

/// Checks the form of a subdir: `noarch`, or lower-case letters and digits around one hyphen; at
/// most 32 characters. It need not be one that larder knows.
///
/// # Errors
/// [`NameError`] with the rule that it breaks.
pub fn validate_subdir_name(name: &str) -> Result<(), NameError> {
    let rule = Rule {
        what: "a subdir",
        limit: 32,
    };
    if name == "noarch" {
        return Ok(());
    }
    rule.check(name, |c| is_lower(c) || c == '-')?;
    match name.split_once('-') {
        Some((os, arch)) if !os.is_empty() && !arch.is_empty() && !arch.contains('-') => Ok(()),
        _ => Err(rule.error(
            name,
            NameProblem::Form {
                expected: "`{os}-{arch}`",
            },
        )),
    }
}

/// Parses a subdir that larder has a target for, or `noarch`.
///
/// # Errors
/// [`NameError`] if it is no subdir name, or none that rattler's types know.
pub fn parse_subdir(name: &str) -> Result<Subdir, NameError> {
    validate_subdir_name(name)?;
    name.parse().map_err(|_| {
        let rule = Rule {
            what: "a subdir",
            limit: 32,
        };
        let similar = similar_subdir(name);
        rule.error(name, NameProblem::UnknownSubdir { similar })
    })
}

/// The subdir that may have been meant.
pub(crate) fn similar_subdir(name: &str) -> Option<&'static str> {
    let known: Vec<&'static str> = Subdir::all()
        .filter(|subdir| *subdir != Subdir::NoArch)
        .map(Subdir::as_str)
        .collect();
    let common = match name.to_lowercase().as_str() {
        "linux" => Some("linux-64"),
        "windows" | "win" => Some("win-64"),
        "osx" | "macos" | "mac" | "darwin" => Some("osx-arm64"),
        _ => None,
    };
    common.or_else(|| nearest(name, &known))
}

/// Checks the name of a channel's label: a letter, then letters, digits, `_`, `-`, `.`, `/`; at
/// most 128 characters. The white space that the CEP's prose allows breaks its own regex: refused.
///
/// # Errors
/// [`NameError`] with the rule that it breaks.
pub fn validate_label(label: &str) -> Result<(), NameError> {
    let rule = Rule {
        what: "a label",
        limit: 128,
    };
    rule.check(label, |c| {
        c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/')
    })?;
    match label.chars().next() {
        Some(first) if !first.is_ascii_alphabetic() => {
            Err(rule.character(label, first, "at its start"))
        }
        _ => Ok(()),
    }
}

/// Checks the name of an environment variable: ASCII letters, digits and `_`, no digit first, so
/// that POSIX shells and Windows can set it.
///
/// # Errors
/// [`NameError`] with the rule that it breaks.
pub fn validate_environment_variable(name: &str) -> Result<(), NameError> {
    let rule = Rule {
        what: "the name of an environment variable",
        limit: 4096,
    };
    rule.check(name, |c| c.is_ascii_alphanumeric() || c == '_')?;
    match name.chars().next() {
        Some(first) if first.is_ascii_digit() => Err(rule.character(name, first, "at its start")),
        _ => Ok(()),
    }
}
