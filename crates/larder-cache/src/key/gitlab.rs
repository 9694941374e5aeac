//! GitLab's `key:files`: a prefix and a hash of what git calls these files (`seed/build/cache.rb`).
//!
//! What counts is the files' bytes as git would keep them; GitLab takes them from the commit, so a file that
//! was changed since, or whose line ends git changes, has another hash there.

use std::{fs, path::Path};

use larder_fs::PathContext as _;
use sha1::{Digest as _, Sha1};

use super::{KeyError, files::matching, rules::Rules};

/// What stands for files that are not there.
const NONE: &str = "default";
/// As many files or patterns as GitLab takes.
const MOST: usize = 2;

/// The key of `prefix` and these files or patterns, relative to the repository's directory: SHA-1 of their sorted
/// blob ids with `-` between them, `default` if there are none. GitLab puts the cache's number where there is no
/// prefix; so does an empty one, for the first.
///
/// # Errors
/// [`KeyError`]: more files than GitLab takes, or one that cannot be read.
pub fn files_key(prefix: &str, files: &[String], directory: &Path) -> Result<String, KeyError> {
    if files.len() > MOST {
        return Err(KeyError::TooManyFiles {
            count: files.len(),
            limit: MOST,
        });
    }
    let mut ids = Vec::new();
    for path in matching(&Rules::parse(&files.join(","), directory))? {
        ids.push(blob_id(&fs::read(&path).at("read", &path)?));
    }
    ids.sort_unstable();
    ids.dedup();
    let hash = match &ids[..] {
        [] => NONE.to_owned(),
        ids => hex(&Sha1::digest(ids.join("-"))),
    };
    let prefix = if prefix.is_empty() { "0" } else { prefix };
    Ok(format!("{prefix}-{hash}"))
}

/// What git calls a file of these bytes.
fn blob_id(bytes: &[u8]) -> String {
    let mut hasher = Sha1::new();
    hasher.update(format!("blob {}\0", bytes.len()));
    hasher.update(bytes);
    hex(&hasher.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
