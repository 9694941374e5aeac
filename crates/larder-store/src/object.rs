//! What an object is called: its kind and the SHA-256 of its bytes.
//!
//! The text form, `<sha256>.<extension>`, is the file name in the store and the name in root files.
//! Parsing is strict, so that a name which is not exactly what [`ObjectId`] prints is no object.

use std::{fmt, path::PathBuf, str::FromStr};

use larder_digest::{ParseDigestError, Sha256};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What sort of file an object is. Decides its directory and its extension, nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    /// A conda package of the newer kind, `.conda`.
    Conda,
    /// A conda package of the older kind, `.tar.bz2`.
    TarBz2,
    /// A Python wheel, `.whl`.
    Wheel,
    /// A source archive of Python, of whatever format, `.sdist`.
    Source,
}

impl ObjectKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Conda, Self::TarBz2, Self::Wheel, Self::Source];

    /// The extension, without the leading dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Conda => "conda",
            Self::TarBz2 => "tar.bz2",
            Self::Wheel => "whl",
            Self::Source => "sdist",
        }
    }

    /// The kind that a file name's extension tells, as in `numpy-2.0.0-py311_0.conda`.
    pub fn from_file_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.stem(name).is_some())
    }

    /// The directory of the store that holds objects of this kind.
    pub(crate) const fn directory(self) -> &'static str {
        match self {
            Self::Conda | Self::TarBz2 => "pkgs",
            Self::Wheel | Self::Source => "wheels",
        }
    }

    fn stem(self, name: &str) -> Option<&str> {
        name.strip_suffix(self.extension())?.strip_suffix('.')
    }
}

/// The name of an object: two stores that hold the same id hold the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    /// What sort of file it is.
    pub kind: ObjectKind,
    /// The digest of its bytes.
    pub sha256: Sha256,
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.sha256, self.kind.extension())
    }
}

/// A text that is not the name of an object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseObjectIdError {
    /// The extension is none of a kind.
    #[error("`{text}` names no object: expected the extension conda, tar.bz2 or whl")]
    Kind {
        /// The text as given.
        text: String,
    },
    /// The rest is not a digest in lower case.
    #[error("`{text}` names no object: expected a lower-case sha256 before the extension")]
    Digest {
        /// The text as given.
        text: String,
        /// What is wrong with the digits, where it is not their case.
        #[source]
        source: Option<ParseDigestError>,
    },
}

impl FromStr for ObjectId {
    type Err = ParseObjectIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = ObjectKind::ALL
            .into_iter()
            .find_map(|kind| Some((kind, kind.stem(text)?)));
        let (kind, stem) = parts.ok_or_else(|| ParseObjectIdError::Kind {
            text: text.to_owned(),
        })?;
        let digest_error = |source| ParseObjectIdError::Digest {
            text: text.to_owned(),
            source,
        };
        let sha256: Sha256 = stem.parse().map_err(|error| digest_error(Some(error)))?;
        if sha256.to_hex() != stem {
            return Err(digest_error(None));
        }
        Ok(Self { kind, sha256 })
    }
}

impl Serialize for ObjectId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ObjectId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// An object that is there, as far as its name and size tell. Its bytes are not to be believed
/// before [`Store::open_verified`](crate::Store::open_verified) has read them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its name.
    pub id: ObjectId,
    /// Where it is: in this store or in one of those below.
    pub path: PathBuf,
    /// Its size in bytes, never 0.
    pub size: u64,
}
