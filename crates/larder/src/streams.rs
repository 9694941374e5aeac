//! Files that can be read once: standard input (`-`), pipes such as `<(envsubst < env.yml)`, devices.
//!
//! A run reads a manifest several times: to find its lock, for its digest, to parse it. A second reader of a
//! pipe gets nothing and would take that for an empty manifest. So the first reading of a stream is kept for
//! the whole process, which has just one of each. Files are read anew, up to a bound.

use std::{
    collections::HashMap,
    fs,
    io::{self, Read as _},
    path::{Component, Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use larder_fs::read_at_most;

/// Bytes of a manifest, a lock or a list of specs: locks of large projects have some tens of megabytes.
pub const INPUT_BYTES: u64 = 256 << 20;

/// What standard input is called on a command line.
const STDIN: &str = "-";

static STREAMS: Mutex<Option<HashMap<PathBuf, Arc<[u8]>>>> = Mutex::new(None);

/// Files of this run that were fetched from a URL, with that URL as it may be shown.
static FETCHED: Mutex<Option<HashMap<PathBuf, String>>> = Mutex::new(None);

/// Notes that the file at `path` came from a URL: messages name it by that. `url` has no credentials.
pub(crate) fn note_fetched(path: &Path, url: String) {
    let mut fetched = FETCHED.lock().unwrap_or_else(PoisonError::into_inner);
    fetched.get_or_insert_default().insert(path.to_owned(), url);
}

/// The URL that the file at `path` came from, if it is one of this run's own.
pub(crate) fn fetched_from(path: &Path) -> Option<String> {
    let fetched = FETCHED.lock().unwrap_or_else(PoisonError::into_inner);
    fetched.as_ref()?.get(path).cloned()
}

/// Reads a file that the user named, relative to `directory`; one that can be read once is read once.
///
/// # Errors
/// As [`read_at_most`]: `/dev/zero` is refused after [`INPUT_BYTES`].
pub(crate) fn read_input(path: &Path, directory: &Path) -> io::Result<Vec<u8>> {
    let place = directory.join(path);
    if !is_stream(path, directory) {
        return read_at_most(&place, INPUT_BYTES);
    }
    let mut streams = STREAMS.lock().unwrap_or_else(PoisonError::into_inner);
    let streams = streams.get_or_insert_default();
    let key = if is_stdin(path) {
        PathBuf::from(STDIN)
    } else {
        place
    };
    if let Some(bytes) = streams.get(&key) {
        return Ok(bytes.to_vec());
    }
    let bytes = if key == Path::new(STDIN) {
        read_stdin()?
    } else {
        read_at_most(&key, INPUT_BYTES)?
    };
    streams.insert(key, bytes.clone().into());
    Ok(bytes)
}

/// Whether a file has no place: nothing lies beside it, and it may be readable once.
pub(crate) fn is_stream(path: &Path, directory: &Path) -> bool {
    if is_stdin(path) {
        return true;
    }
    let place = directory.join(path);
    // A redirected file is one that may have been removed: a heredoc.
    let is_descriptor = place.starts_with("/dev/fd")
        || place.starts_with("/proc/self/fd")
        || place == Path::new("/dev/stdin");
    is_descriptor || fs::metadata(&place).is_ok_and(|file| !file.is_file() && !file.is_dir())
}

/// What messages call a file.
pub(crate) fn shown_name(path: &Path) -> String {
    if is_stdin(path) {
        "<stdin>".to_owned()
    } else {
        fetched_from(path).unwrap_or_else(|| path.to_string_lossy().into_owned())
    }
}

/// `-` alone; `./-` is a file.
fn is_stdin(path: &Path) -> bool {
    let mut parts = path.components();
    let is_dash = parts.next() == Some(Component::Normal(STDIN.as_ref())) && parts.next().is_none();
    is_dash && path.as_os_str() == STDIN
}

fn read_stdin() -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let stdin = io::stdin().lock();
    let read = stdin.take(INPUT_BYTES + 1).read_to_end(&mut bytes)? as u64;
    if read > INPUT_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it has more than {INPUT_BYTES} bytes"),
        ));
    }
    Ok(bytes)
}
