//! Which package an archive has to be, and the strings that may name one (CEP 26).
//!
//! They become names of directories, so they are checked before that.

use rattler_conda_types::package::IndexJson;

use crate::ArchiveKind;

/// The package that an archive has to be: name, version, build and subdir of its record.
///
/// One rule for an archive whose `info/index.json` says something else, as with conda, mamba and rattler, which do not
/// compare: if the record has the archive's digest ([`Expected::with_digest`]), whoever wrote the record knows these
/// bytes, so the record counts and the difference is a warning. Without a digest the name of the file is all there is
/// to go by, and the archive is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    name: String,
    version: String,
    build: String,
    subdir: Option<String>,
    has_digest: bool,
}

/// Why something does not name a package, or names another one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityProblem {
    /// Not what CEP 26 says of names, versions or builds.
    #[error("`{text}` is no valid {what} of a package (CEP 26)")]
    Invalid {
        /// `name`, `version`, `build` or `file name`.
        what: &'static str,
        /// The text, escaped.
        text: String,
    },
    /// `info/index.json` has another value.
    #[error("its `info/index.json` has {what} `{found}`, expected `{expected}`")]
    Differs {
        /// `name`, `version`, `build` or `subdir`.
        what: &'static str,
        /// What the record says.
        expected: String,
        /// What the archive says, escaped.
        found: String,
    },
    /// The tarballs inside a `.conda` are named for another package.
    #[error("its tarballs are named for `{found}`, expected `{expected}`")]
    InnerName {
        /// `name-version-build` of the record.
        expected: String,
        /// What the names have, escaped.
        found: String,
    },
}

const MAX_PART: usize = 64;
const MAX_FILE_NAME: usize = 211;

impl Expected {
    /// Checks the parts as CEP 26 has them, upper case in versions and dashes of old ones allowed
    /// (CEP 33). `subdir` is compared with the archive's if both are known.
    ///
    /// # Errors
    /// [`IdentityProblem::Invalid`]
    pub fn new(
        name: &str,
        version: &str,
        build: &str,
        subdir: Option<&str>,
    ) -> Result<Self, IdentityProblem> {
        let parts = [
            ("name", name, is_name(name)),
            ("version", version, is_version(version)),
            ("build", build, is_build(build)),
        ];
        for (what, text, valid) in parts {
            if !valid || text.len() > MAX_PART {
                return Err(invalid(what, text));
            }
        }
        Ok(Self {
            name: name.to_owned(),
            version: version.to_owned(),
            build: build.to_owned(),
            subdir: subdir.map(str::to_owned),
            has_digest: false,
        })
    }

    /// The same for a record that has the digest of the archive, whose bytes have been compared with it.
    #[must_use]
    pub fn with_digest(self) -> Self {
        Self {
            has_digest: true,
            ..self
        }
    }

    /// Whether the record counts where the archive says something else.
    pub(crate) fn has_digest(&self) -> bool {
        self.has_digest
    }

    /// The distribution string, `name-version-build`: safe as the name of a directory.
    pub fn dist(&self) -> String {
        format!("{}-{}-{}", self.name, self.version, self.build)
    }

    /// Compares `info/index.json` with it.
    ///
    /// A subdir that differs is accepted if one of the two is `noarch`: older builders wrote that of the
    /// machine they ran on, and channels keep noarch packages in the directory of a platform.
    ///
    /// # Errors
    /// [`IdentityProblem::Differs`]
    pub fn check(&self, index: &IndexJson) -> Result<(), IdentityProblem> {
        let version = index.version.as_str();
        let same_version = |found: &str| {
            found == self.version
                || self
                    .version
                    .parse::<rattler_conda_types::Version>()
                    .is_ok_and(|expected| expected == *index.version.version())
        };
        differs("name", &self.name, index.name.as_normalized(), |found| {
            found == self.name
        })?;
        differs("version", &self.version, version.as_ref(), same_version)?;
        differs("build", &self.build, index.build.as_str(), |found| {
            found == self.build
        })?;
        match (&self.subdir, &index.subdir) {
            (Some(expected), Some(found)) if expected != "noarch" && found != "noarch" => {
                differs("subdir", expected, found, |found| found == expected)
            }
            _ => Ok(()),
        }
    }
}

/// Splits a file name into its `name`, `version` and `build`, from the right as names contain hyphens,
/// and its kind.
///
/// # Errors
/// [`IdentityProblem::Invalid`] for another extension, missing parts, or more than 211 characters.
pub fn split_file_name(file_name: &str) -> Result<(Expected, ArchiveKind), IdentityProblem> {
    let error = || invalid("file name", file_name);
    if file_name.len() > MAX_FILE_NAME {
        return Err(error());
    }
    let (stem, kind) = [ArchiveKind::Conda, ArchiveKind::TarBz2]
        .into_iter()
        .find_map(|kind| {
            let stem = file_name.strip_suffix(kind.extension())?;
            Some((stem.strip_suffix('.')?, kind))
        })
        .ok_or_else(error)?;
    let mut parts = stem.rsplitn(3, '-');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(build), Some(version), Some(name)) => {
            Ok((Expected::new(name, version, build, None)?, kind))
        }
        _ => Err(error()),
    }
}

fn differs(
    what: &'static str,
    expected: &str,
    found: &str,
    same: impl FnOnce(&str) -> bool,
) -> Result<(), IdentityProblem> {
    if same(found) {
        return Ok(());
    }
    Err(IdentityProblem::Differs {
        what,
        expected: expected.to_owned(),
        found: found.escape_debug().to_string(),
    })
}

fn invalid(what: &'static str, text: &str) -> IdentityProblem {
    IdentityProblem::Invalid {
        what,
        text: text.escape_debug().to_string(),
    }
}

/// Lower-case letters, digits, `.`, `-`, `_`; no two separators in a row, none but a single `_` in
/// front. The regular expression of CEP 26 also takes a separator at the end.
fn is_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let is_separator = |byte: &u8| matches!(byte, b'.' | b'-' | b'_');
    let starts_well = bytes
        .first()
        .is_some_and(|byte| *byte == b'_' || !is_separator(byte));
    starts_well
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || is_separator(byte))
        && !bytes
            .windows(2)
            .any(|pair| is_separator(&pair[0]) && is_separator(&pair[1]))
}

fn is_version(version: &str) -> bool {
    !version.is_empty()
        && !matches!(version, "." | "..")
        && version
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._+!-".contains(&byte))
}

fn is_build(build: &str) -> bool {
    !build.is_empty()
        && build
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.+".contains(&byte))
}
