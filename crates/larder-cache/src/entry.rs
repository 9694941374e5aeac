//! Saved entries: how they are named on a remote.
//!
//! An entry is one object, `cache1/SCOPE/KEY!VERSION`, scope and key escaped: its name is all there is to
//! look up, and its creation is one step. Key and paths stand in the archive once more, because some file
//! systems take names that differ in case for one.

use std::time::SystemTime;

use larder_digest::Hasher;

use larder_remote::{ObjectInfo, ObjectName, ObjectNameError};

use crate::{key::Style, scope::Scope};

/// Where all entries are; `1` is the version of this layout.
pub const ENTRIES: &str = "cache1/";

/// An entry on a remote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The object.
    pub object: ObjectName,
    /// Whose it is.
    pub scope: Scope,
    /// What it was saved under.
    pub key: String,
    /// What its paths were.
    pub version: String,
    /// In bytes.
    pub size: u64,
    /// When it was saved.
    pub created: SystemTime,
    /// When it was saved or restored, last.
    pub used: SystemTime,
}

impl Entry {
    /// The entry that an object is; `None` if it is none. A key that breaks lines is none: it would write
    /// other outputs than its own into what a pipeline reads.
    pub fn of_object(object: ObjectInfo) -> Option<Self> {
        let name = object.name.as_str().strip_prefix(ENTRIES)?;
        let (scope, rest) = name.split_once('/')?;
        let (key, version) = rest.rsplit_once('!')?;
        let key = ObjectName::unescape(key)?;
        if key.contains(char::is_control) {
            return None;
        }
        Some(Self {
            scope: Scope::new(ObjectName::unescape(scope)?),
            key,
            version: version.to_owned(),
            size: object.size,
            created: object.created,
            used: object.used,
            object: object.name,
        })
    }

    /// Whether nobody used it for longer than `age`.
    pub fn is_unused(&self, age: std::time::Duration, now: SystemTime) -> bool {
        now.duration_since(self.used.max(self.created))
            .is_ok_and(|unused| unused > age)
    }
}

/// The name of the object that an entry is.
///
/// # Errors
/// If the key is too long.
pub fn object_name(scope: &Scope, key: &str, version: &str) -> Result<ObjectName, ObjectNameError> {
    ObjectName::new(format!("{}!{version}", prefix(scope, key)))
}

/// What the names of all entries of a scope start with whose keys start with `key`.
pub fn prefix(scope: &Scope, key: &str) -> String {
    let scope = ObjectName::escape(scope.as_str());
    format!("{ENTRIES}{scope}/{}", ObjectName::escape(key))
}

/// The version of actions/cache: entries are found only by who has the same paths, in the same order,
/// and reads the same compression.
pub fn version(paths: &[String], compression: Option<&str>, windows_only: bool) -> String {
    let mut parts: Vec<&str> = paths.iter().map(String::as_str).collect();
    parts.extend(compression);
    if windows_only {
        parts.push("windows-only");
    }
    parts.push("1.0");
    let mut hasher = Hasher::sha256();
    hasher.update(parts.join("|").as_bytes());
    hasher.finish().sha256.to_hex()
}

/// The version of our entries. Azure restores into whatever path the step says, so there only their
/// number counts.
pub fn version_of(style: Style, paths: &[String]) -> String {
    const COMPRESSION: &str = "larder-zstd-1";
    match style {
        Style::Azure | Style::Gitlab => {
            let count = format!("{} paths", paths.len());
            version(&[count], Some(COMPRESSION), false)
        }
        Style::Github => version(paths, Some(COMPRESSION), cfg!(windows)),
    }
}
