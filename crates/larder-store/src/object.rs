//! Object ids: the kind of an object and the SHA-256 of its bytes.
//!
//! The text form, `<sha256>.<extension>`, is the file name in the store and the id in root files. Parsing is strict:
//! only text that [`ObjectId`] itself prints is accepted.

use std::{fmt, path::PathBuf, str::FromStr};

use larder_digest::{ParseDigestError, Sha256};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The file type of an object. Decides its directory and its extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    /// A conda package in the current format, `.conda`.
    Conda,
    /// A conda package in the older format, `.tar.bz2`.
    TarBz2,
    /// A Python wheel, `.whl`.
    Wheel,
    /// A Python source archive in any format, `.sdist`.
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

    /// The kind for the extension of a file name such as `numpy-2.0.0-py311_0.conda`.
    pub fn from_file_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.strip_extension(name).is_some())
    }

    /// Name of the store's directory for objects of this kind.
    pub(crate) const fn directory_name(self) -> &'static str {
        match self {
            Self::Conda | Self::TarBz2 => "pkgs",
            Self::Wheel | Self::Source => "wheels",
        }
    }

    fn strip_extension(self, name: &str) -> Option<&str> {
        name.strip_suffix(self.extension())?.strip_suffix('.')
    }
}

/// Identifies an object by its content: two objects with the same id have the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    /// File type.
    pub kind: ObjectKind,
    /// The digest of its bytes.
    pub sha256: Sha256,
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.sha256, self.kind.extension())
    }
}

/// Error for text that is not an object id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseObjectIdError {
    /// The extension belongs to no [`ObjectKind`].
    #[error("`{text}` names no object: expected the extension conda, tar.bz2 or whl")]
    Kind {
        /// The text as given.
        text: String,
    },
    /// The part before the extension is not a lower-case SHA-256.
    #[error("`{text}` names no object: expected a lower-case sha256 before the extension")]
    Digest {
        /// The text as given.
        text: String,
        /// What is wrong with the digest; `None` if only its case is.
        #[source]
        source: Option<ParseDigestError>,
    },
}

impl FromStr for ObjectId {
    type Err = ParseObjectIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = ObjectKind::ALL
            .into_iter()
            .find_map(|kind| Some((kind, kind.strip_extension(text)?)));
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

/// An object that was found by name and size. Its bytes must not be used before
/// [`Store::open_verified`](crate::Store::open_verified) has checked them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its id.
    pub id: ObjectId,
    /// Its path, in this store or in a store below it.
    pub path: PathBuf,
    /// Its size in bytes, never 0.
    pub size: u64,
}
