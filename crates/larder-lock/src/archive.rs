//! What the file name of an archive says: name, version and build string, each held against CEP 26.
//!
//! Never opens the archive.

use rattler_conda_types::package::CondaArchiveIdentifier;
use url::Url;

use crate::{Problem, address::PackageUrl, names};

/// The parts of `<name>-<version>-<build>.conda`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ArchiveName {
    /// In lower case.
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) build: String,
}

impl ArchiveName {
    /// From the end of a URL, which stands under `key`.
    pub(crate) fn of(url: &Url, key: &'static str) -> Result<Self, Problem> {
        let file_name = PackageUrl::of(url).file_name;
        let Some(archive) = CondaArchiveIdentifier::try_from_filename(&file_name) else {
            return Err(Problem::Value {
                key,
                found: file_name,
                expected: "a file name `<name>-<version>-<build>.conda` or `.tar.bz2`".to_owned(),
            });
        };
        let parts = archive.identifier;
        let archive = Self {
            name: parts.name.to_ascii_lowercase(),
            version: parts.version,
            build: parts.build_string,
        };
        for (valid, rule) in [
            (names::is_package_name(&archive.name), names::NAME_RULE),
            (names::is_version(&archive.version), names::VERSION_RULE),
            (names::is_build(&archive.build), names::BUILD_RULE),
        ] {
            if !valid {
                return Err(Problem::Value {
                    key,
                    found: file_name,
                    expected: rule.to_owned(),
                });
            }
        }
        Ok(archive)
    }
}
