//! Which locks a list of files is about, when each file stands for itself: what pre-commit hands over.
//!
//! A manifest stands for the locks that say they were made from it, a lock for the manifests that it
//! says it was made from. Reads files and directories; writes nothing, and reports nothing: a file that
//! cannot be read is left to the operation, which says so.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use larder_lock::{LockFile, detect};

use crate::{DEFAULT_LOCK, DEFAULT_MANIFEST, Settings};

/// One lock and what it is made from: `files` and `output` of [`LockOptions`](super::LockOptions).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockSources {
    /// The manifests, merged in this order.
    pub files: Vec<PathBuf>,
    /// The lock that is there; `None` means that it goes where a lock of the first manifest belongs.
    pub output: Option<PathBuf>,
}

/// The locks that `named` files are about, each once, in the order of the files.
///
/// A manifest without a lock comes alone. So does a lock that names no manifest and has none of its own
/// name beside it: the operation refuses it. Locks of a manifest are looked for in its directory.
pub fn lock_sources(named: &[PathBuf], settings: &Settings) -> Vec<LockSources> {
    let mut found: Vec<LockSources> = Vec::new();
    let one = |path: &PathBuf| match read(path, settings) {
        Content::Lock(sources) => of_lock(path, &sources, settings),
        Content::BrokenLock => of_lock(path, &[], settings),
        Content::Other => of_manifest(path, settings),
    };
    for sources in named.iter().flat_map(one) {
        if !found.contains(&sources) {
            found.push(sources);
        }
    }
    found
}

enum Content {
    /// A lock with its sources, which may be none.
    Lock(Vec<String>),
    /// Called like a lock or looking like one, and not readable as one: a merge conflict, for example.
    BrokenLock,
    Other,
}

fn read(path: &Path, settings: &Settings) -> Content {
    let text = settings.read_input(path).unwrap_or_default();
    let text = String::from_utf8(text).unwrap_or_default();
    if detect(&text).is_none() {
        return match called_like_lock(path) {
            true => Content::BrokenLock,
            false => Content::Other,
        };
    }
    match LockFile::parse(&path.to_string_lossy(), &text) {
        Ok(lock) => Content::Lock(lock.sources().to_vec()),
        Err(_) => Content::BrokenLock,
    }
}

fn of_lock(lock: &Path, sources: &[String], settings: &Settings) -> Vec<LockSources> {
    let own = manifest_of_its_name(lock, settings);
    let named = beside(lock, sources);
    // `create` uses a lock for the manifest of its own name, whatever the lock says of its sources: somebody
    // who edits a lock could name a manifest that fits it.
    let files = match own {
        Some(own) if !named.contains(&own) => vec![own],
        _ => named,
    };
    let is_known = !files.is_empty();
    let lock = tidy(lock);
    vec![LockSources {
        files: if is_known { files } else { vec![lock.clone()] },
        output: is_known.then_some(lock),
    }]
}

fn of_manifest(manifest: &Path, settings: &Settings) -> Vec<LockSources> {
    let manifest = tidy(manifest);
    let is_source = |files: &[PathBuf]| {
        files
            .iter()
            .any(|file| settings.absolute(file) == settings.absolute(&manifest))
    };
    let made_from_it = |lock: PathBuf| match read(&lock, settings) {
        Content::Lock(sources) => {
            let files = beside(&lock, &sources);
            let output = Some(lock);
            is_source(&files).then_some(LockSources { files, output })
        }
        _ => None,
    };
    let found: Vec<_> = locks_beside(&manifest, settings)
        .into_iter()
        .filter_map(made_from_it)
        .collect();
    if found.is_empty() {
        let (files, output) = (vec![manifest], None);
        return vec![LockSources { files, output }];
    }
    found
}

/// What is called like a lock in the directory of `manifest`, sorted.
fn locks_beside(manifest: &Path, settings: &Settings) -> Vec<PathBuf> {
    let directory = settings.absolute(manifest.parent().unwrap_or(Path::new("")));
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut locks: Vec<_> = entries
        .map(|entry| manifest.with_file_name(entry.file_name()))
        .filter(|path| called_like_lock(path))
        .collect();
    locks.sort();
    locks
}

/// `conda-lock.yml` or something before or behind it, such as `dev.conda-lock.yml`.
fn called_like_lock(path: &Path) -> bool {
    let has_stem = |name: &str| name.contains(stem(DEFAULT_LOCK));
    let is_yaml = |extension: &str| ["yml", "yaml"].contains(&extension);
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(is_yaml)
        && path
            .file_stem()
            .and_then(|name| name.to_str())
            .is_some_and(has_stem)
}

/// `environment.yml` beside `conda-lock.yml`, `NAME.yml` beside `NAME.conda-lock.yml`, if it is there.
fn manifest_of_its_name(lock: &Path, settings: &Settings) -> Option<PathBuf> {
    let name = lock.file_stem()?.to_str()?;
    let name = match name.strip_suffix(stem(DEFAULT_LOCK))? {
        "" => stem(DEFAULT_MANIFEST),
        before => before.strip_suffix('.')?,
    };
    ["yml", "yaml"]
        .iter()
        .map(|extension| tidy(&lock.with_file_name(format!("{name}.{extension}"))))
        .find(|path| settings.absolute(path).is_file())
}

fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

fn beside(lock: &Path, sources: &[String]) -> Vec<PathBuf> {
    let directory = lock.parent().unwrap_or(Path::new(""));
    sources
        .iter()
        .map(|source| tidy(&directory.join(source)))
        .collect()
}

/// The path without `.` and with each `..` taken back, so that one file has one spelling.
fn tidy(path: &Path) -> PathBuf {
    let mut tidied = PathBuf::new();
    for component in path.components() {
        let is_back = component == Component::ParentDir
            && matches!(tidied.components().next_back(), Some(Component::Normal(_)));
        if is_back {
            tidied.pop();
        } else if component != Component::CurDir {
            tidied.push(component);
        }
    }
    tidied
}
