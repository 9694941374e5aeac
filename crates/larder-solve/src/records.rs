//! What this machine has seen itself, recorded outside the store: the digest and the validators of each index
//! that a server sent, and the digest of each remembered solve.
//!
//! The store is a cache that others may write: a restored CI cache, a shared directory. Nothing in it says by
//! itself that a channel ever sent it, and a server's "not modified" only repeats the validator that it was
//! asked with. So a body from the store counts as a channel's index only if its digest is recorded here, and
//! only recorded validators are sent. A record belongs to one file of one store, and the newest replaces the
//! one before: an older body that was put back does not fit it.
//!
//! Without a directory, or with one that others may write to, nothing counts as recorded: that costs requests
//! and solves, and is never an error.

use std::path::{Path, PathBuf};

use larder_fs::PrivateDir;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use url::Url;

use crate::cache::{RecordedIndex, sha256};

/// Grows with each change of the format, and whenever indexes are checked for more than before: what was
/// recorded by an earlier larder is fetched and checked again then.
const VERSION: u32 = 1;

/// Larger records are refused. Validators have a few hundred bytes.
const LARGEST: u64 = 64 << 10;

/// The records of this user on this machine.
#[derive(Debug, Clone)]
pub struct MachineRecords(Option<PrivateDir>);

/// Content of one record.
#[derive(Serialize, Deserialize)]
struct Record<T> {
    version: u32,
    /// What it is about in full: the name of the file has only its digest.
    subject: String,
    #[serde(flatten)]
    content: T,
}

/// The digest of a recorded file.
#[derive(Serialize, Deserialize)]
struct RecordedFile {
    sha256: String,
}

impl MachineRecords {
    /// Records in `directory`; without one nothing is recorded. Reads and creates nothing yet.
    pub fn new(directory: Option<PathBuf>) -> Self {
        Self(directory.map(PrivateDir::new))
    }

    /// Whether this machine wrote these very bytes to `path`, or has checked them otherwise.
    pub fn has_file(&self, path: &Path, bytes: &[u8]) -> bool {
        let recorded: Option<RecordedFile> = self.read(&subject_of_file(path));
        recorded.is_some_and(|recorded| recorded.sha256 == sha256(bytes).to_hex())
    }

    /// Records that `path` has these bytes.
    pub fn record_file(&self, path: &Path, bytes: &[u8]) {
        let content = RecordedFile {
            sha256: sha256(bytes).to_hex(),
        };
        self.write(subject_of_file(path), content);
    }

    /// What a server sent last for `url`, as far as it was kept in the directory `cache`.
    pub(crate) fn index(&self, cache: &Path, url: &Url) -> Option<RecordedIndex> {
        self.read(&subject_of_index(cache, url))
    }

    /// Records what a server sent for `url`.
    pub(crate) fn record_index(&self, cache: &Path, url: &Url, index: RecordedIndex) {
        self.write(subject_of_index(cache, url), index);
    }

    fn read<T: DeserializeOwned>(&self, subject: &str) -> Option<T> {
        let bytes = match self.0.as_ref()?.read(&file_name(subject), LARGEST) {
            Ok(bytes) => bytes?,
            Err(error) => {
                tracing::warn!("{error}: {}: it is not used", error.source);
                return None;
            }
        };
        let record: Record<T> = serde_json::from_slice(&bytes).ok()?;
        (record.version == VERSION && record.subject == subject).then_some(record.content)
    }

    /// A record that cannot be written costs the next run a request.
    fn write<T: Serialize>(&self, subject: String, content: T) {
        let Some(directory) = &self.0 else {
            return;
        };
        let name = file_name(&subject);
        let record = Record {
            version: VERSION,
            subject,
            content,
        };
        let Ok(bytes) = serde_json::to_vec(&record) else {
            return;
        };
        if let Err(error) = directory.write(&name, &bytes) {
            tracing::debug!("not recorded: {error}: {}", error.source);
        }
    }
}

fn file_name(subject: &str) -> String {
    format!("{}.json", &sha256(subject.as_bytes()).to_hex()[..32])
}

fn subject_of_file(path: &Path) -> String {
    format!("file {}", path.display())
}

/// The URL comes last: it has no space in it.
fn subject_of_index(cache: &Path, url: &Url) -> String {
    format!("index {} {}", cache.display(), larder_redact::clean(url))
}
