//! [`JournalKey`]: how larder tells what it wrote into a prefix from what somebody else put there.
//!
//! Three files make the next run on a prefix move or remove things: the journal of an update
//! (`conda-meta/.larder-update/journal`), the marker of an unfinished environment
//! (`conda-meta/.larder-unfinished`), and the note in an environment that was moved aside to be replaced
//! (`conda-meta/.larder-replaced`). A repository that is cloned can carry all of them. So each is sealed with
//! HMAC-SHA256 over its content, what it is, and the prefix it is of, by a key of this user on this machine.
//!
//! The key is a random file in the user's state directory, readable by the user alone and made when the
//! first seal is. It is never in a prefix, a store or a cache. Who can read it can run programs as the user
//! anyway.
//!
//! What has no seal, or another's, is refused with an error that names the file and says what to do; nothing
//! is moved, removed or taken for an environment because of it. That is also what happens to the rest of a
//! run that was killed on another machine, by another user, in a container whose home is gone, or before
//! the prefix was moved: nobody can tell those from a forgery. (A run that fails without being killed
//! undoes its own work from memory, without asking for a seal.)

use std::{
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use hmac::{Hmac, KeyInit as _, Mac as _};
use larder_fs::{Dir, Durability, Links, PathContext as _, PathError, is_ours, open_control_file};
use sha2::Sha256;

const FILE: &str = "prefix-key";
const KEY_LENGTH: usize = 32;
/// Changes whenever what is sealed changes its meaning.
const CONTEXT: &[u8] = b"larder prefix seal 1";

/// Where the key is, with which a user's runs seal what they leave in prefixes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JournalKey {
    directory: Option<PathBuf>,
}

/// What is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sealed {
    Journal,
    Marker,
    Replaced,
}

impl Sealed {
    fn name(self) -> &'static [u8] {
        match self {
            Self::Journal => b"journal",
            Self::Marker => b"marker",
            Self::Replaced => b"replaced",
        }
    }
}

impl JournalKey {
    /// Keeps the key in `directory`, which is made when it is needed. Without one nothing is sealed, and
    /// nothing that a killed run left is trusted.
    pub fn in_directory(directory: Option<PathBuf>) -> Self {
        Self { directory }
    }

    /// The seal of `content` as hexadecimal digits; empty if there is no key and none can be made. A run goes
    /// on without: only its recovery by another run is lost.
    pub(crate) fn seal(&self, what: Sealed, prefix: &Path, content: &[u8]) -> String {
        let key = match self.read() {
            Ok(None) => self.create().ok().flatten(),
            key => key.ok().flatten(),
        };
        let mac = key.and_then(|key| mac(&key, what, prefix, content));
        let mut text = String::new();
        if let Some(mac) = mac {
            for byte in mac.finalize().into_bytes() {
                // Writing to a string cannot fail.
                let _ = write!(text, "{byte:02x}");
            }
        }
        text
    }

    /// Whether a run of this user on this machine sealed `content` for this prefix.
    pub(crate) fn is_seal(&self, seal: &str, what: Sealed, prefix: &Path, content: &[u8]) -> bool {
        let Some(seal) = bytes_of_hex(seal) else {
            return false;
        };
        let Ok(Some(key)) = self.read() else {
            return false;
        };
        // Compares in constant time.
        mac(&key, what, prefix, content).is_some_and(|mac| mac.verify_slice(&seal).is_ok())
    }

    fn read(&self) -> Result<Option<[u8; KEY_LENGTH]>, PathError> {
        let Some(directory) = &self.directory else {
            return Ok(None);
        };
        let path = directory.join(FILE);
        let mut file = match open_control_file(&path, Links::Refuse) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let metadata = file.metadata().at("read metadata of", &path)?;
        if !is_ours(&metadata) || !is_private(&metadata) {
            // Somebody else may know it.
            let text = "it is not this user's alone, so nothing is sealed with it: remove it";
            return Err(io::Error::new(io::ErrorKind::InvalidData, text)).at("use", &path);
        }
        let mut key = [0; KEY_LENGTH];
        io::Read::read_exact(&mut file, &mut key).at("read file", &path)?;
        Ok(Some(key))
    }

    /// Makes the key, unless another run is faster.
    fn create(&self) -> Result<Option<[u8; KEY_LENGTH]>, PathError> {
        let Some(directory) = &self.directory else {
            return Ok(None);
        };
        create_private_dirs(directory)?;
        let mut key = [0; KEY_LENGTH];
        getrandom::fill(&mut key)
            .map_err(io::Error::other)
            .at("make a key for", directory)?;
        let dir = Dir::open(directory)?;
        let temporary = format!("{FILE}.{}", std::process::id());
        let _ = dir.remove_file(&temporary);
        let mut file = dir.create_file_as(&temporary, 0o600)?;
        file.write_all(&key)
            .and_then(|()| Durability::Flush.before_naming(&file))
            .at("write file", directory.join(&temporary))?;
        drop(file);
        if let Err(error) = dir.rename_noreplace(&temporary, &dir, FILE) {
            let _ = dir.remove_file(&temporary);
            if error.kind() != io::ErrorKind::AlreadyExists {
                return Err(error);
            }
        }
        self.read()
    }
}

/// The prefix is sealed by where it really is, so that it does not matter by which link it is named.
fn mac(
    key: &[u8; KEY_LENGTH],
    what: Sealed,
    prefix: &Path,
    content: &[u8],
) -> Option<Hmac<Sha256>> {
    let parent = prefix
        .parent()
        .and_then(|parent| fs::canonicalize(parent).ok());
    let place = match (parent, prefix.file_name()) {
        (Some(parent), Some(name)) => parent.join(name),
        _ => prefix.to_owned(),
    };
    // HMAC takes keys of any length, so this is always one.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    let place = larder_fs::bytes_of_name(place.as_os_str())?;
    for part in [CONTEXT, what.name(), &place, content] {
        // With its length before it no part can be taken for a part of another.
        mac.update(&(part.len() as u64).to_le_bytes());
        mac.update(part);
    }
    Some(mac)
}

fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).ok();
    (0..text.len()).step_by(2).map(byte).collect()
}

#[cfg(unix)]
fn is_private(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    metadata.mode() & 0o077 == 0
}

#[cfg(not(unix))]
fn is_private(_metadata: &fs::Metadata) -> bool {
    true
}

#[cfg(unix)]
fn create_private_dirs(directory: &Path) -> Result<(), PathError> {
    use std::os::unix::fs::DirBuilderExt as _;

    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(directory).at("create directory", directory)
}

#[cfg(not(unix))]
fn create_private_dirs(directory: &Path) -> Result<(), PathError> {
    fs::create_dir_all(directory).at("create directory", directory)
}

/// The error for something that has no seal of this user.
pub(crate) fn refuse_unsealed(path: &Path, next_step: &str) -> PathError {
    let text = format!(
        "it was not written by larder for this user, on this machine and for this directory, so nothing is \
         done because of it; {next_step}"
    );
    PathError {
        operation: "trust",
        path: path.to_owned(),
        source: io::Error::new(io::ErrorKind::InvalidData, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_of_one_content_one_kind_one_prefix_and_one_key() {
        let place = tempfile::tempdir().unwrap();
        let key = JournalKey::in_directory(Some(place.path().join("state/larder")));
        let prefix = place.path().join("env");
        let seal = key.seal(Sealed::Journal, &prefix, b"content");
        assert!(key.is_seal(&seal, Sealed::Journal, &prefix, b"content"));
        assert!(!key.is_seal(&seal, Sealed::Marker, &prefix, b"content"));
        assert!(!key.is_seal(&seal, Sealed::Journal, &prefix, b"Content"));
        let elsewhere = place.path().join("other");
        assert!(!key.is_seal(&seal, Sealed::Journal, &elsewhere, b"content"));
        let other = JournalKey::in_directory(Some(place.path().join("other")));
        other.seal(Sealed::Journal, &prefix, b"content");
        assert!(!other.is_seal(&seal, Sealed::Journal, &prefix, b"content"));
        for forged in ["", "00", &"0".repeat(64), &"é".repeat(32)] {
            assert!(!key.is_seal(forged, Sealed::Journal, &prefix, b"content"));
        }
        let nowhere = JournalKey::default();
        assert_eq!(nowhere.seal(Sealed::Journal, &prefix, b"content"), "");
        assert!(!nowhere.is_seal("", Sealed::Journal, &prefix, b"content"));
    }

    #[test]
    #[cfg(unix)]
    fn a_key_that_others_can_read_or_that_is_a_link_is_not_used() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};

        let place = tempfile::tempdir().unwrap();
        let key = JournalKey::in_directory(Some(place.path().to_owned()));
        let seal = key.seal(Sealed::Marker, place.path(), b"x");
        assert!(key.is_seal(&seal, Sealed::Marker, place.path(), b"x"));
        let file = place.path().join(FILE);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(!key.is_seal(&seal, Sealed::Marker, place.path(), b"x"));
        assert_eq!(key.seal(Sealed::Marker, place.path(), b"x"), "");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        fs::rename(&file, place.path().join("moved")).unwrap();
        symlink("moved", &file).unwrap();
        assert!(!key.is_seal(&seal, Sealed::Marker, place.path(), b"x"));
    }
}
