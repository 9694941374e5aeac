//! Paths held against what is claimed of them, on several threads.

use std::{
    fs::{self, Metadata},
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use larder_digest::{Hasher, Sha256};
use larder_event::{Event, Reporter};
use larder_fs::{Links, open_control_file};

use super::{
    Drift, Drifted, VerifyOptions,
    claim::{Claim, Claims, Kind},
    text,
};
use crate::parallel;

const BUFFER: usize = 256 << 10;

/// Everything that is not as claimed, sorted by path.
pub(super) fn all(
    prefix: &Path,
    claims: &Claims,
    options: VerifyOptions,
    reporter: &dyn Reporter,
) -> Vec<Drifted> {
    let comparison = Comparison {
        prefix,
        real_prefix: fs::canonicalize(prefix).unwrap_or_else(|_| prefix.to_owned()),
        claims,
        options,
    };
    let claims = claims.sorted();
    let paths: Vec<&[&Claim]> = claims
        .chunk_by(|one, other| one.path == other.path)
        .collect();
    // Neighbours are read by one thread: a directory's files lie together.
    let shares: Vec<&[&[&Claim]]> = paths.chunks(64).collect();
    let found = Mutex::new(Vec::new());
    let compared: Result<(), std::convert::Infallible> =
        parallel::for_each(options.threads, &shares, |share| {
            let mut parent = KnownParent::default();
            let drifted: Vec<_> = share
                .iter()
                .filter_map(|claims| comparison.path(claims, &mut parent))
                .collect();
            found
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .extend(drifted);
            let bytes = share.iter().flat_map(|claims| claims.iter());
            let bytes = bytes.map(|claim| claim.bytes()).sum();
            reporter.event(&Event::Verified { bytes });
            Ok(())
        });
    let Ok(()) = compared;
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

struct Comparison<'a> {
    prefix: &'a Path,
    /// Without links in it, as what links lead to is given.
    real_prefix: PathBuf,
    claims: &'a Claims,
    options: VerifyOptions,
}

/// The last directory that was looked at: paths of one directory follow each other.
#[derive(Default)]
struct KnownParent {
    parent: Option<String>,
    is_inside: bool,
}

impl Comparison<'_> {
    /// What is wrong with a path in the eyes of the last package that claims it, if it is wrong in the
    /// eyes of all.
    fn path(&self, claims: &[&Claim], parent: &mut KnownParent) -> Option<Drifted> {
        let mut last = None;
        for claim in claims {
            let drift = self.claim(claim, parent)?;
            last = Some(Drifted {
                package: claim.package.clone(),
                path: claim.path.clone(),
                drift,
            });
        }
        last
    }

    /// Whether the directory of a path lies in the environment: with `lib -> /` beside it a file of the
    /// system is no file of the environment, and is not read.
    fn is_inside(&self, path: &str, known: &mut KnownParent) -> bool {
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        if known.parent.as_deref() != Some(parent) {
            let real = fs::canonicalize(self.prefix.join(parent));
            known.is_inside = real.is_ok_and(|real| real.starts_with(&self.real_prefix));
            known.parent = Some(parent.to_owned());
        }
        known.is_inside
    }

    fn claim(&self, claim: &Claim, parent: &mut KnownParent) -> Option<Drift> {
        if !self.is_inside(&claim.path, parent) {
            return Some(Drift::Missing);
        }
        let path = self.prefix.join(&claim.path);
        let metadata = match fs::symlink_metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if is_absence(&error) => return Some(Drift::Missing),
            Err(error) => return Some(unreadable(&error)),
        };
        let (expected, found) = (noun(claim.kind), found_noun(&metadata));
        if claim.kind != Kind::Anything && expected != found && !is_copied_link(claim, &metadata) {
            return Some(Drift::Kind { expected, found });
        }
        if metadata.is_symlink() {
            return self.link(claim, &path);
        }
        self.file(claim, &path, &metadata)
    }

    fn file(&self, claim: &Claim, path: &Path, metadata: &Metadata) -> Option<Drift> {
        if !metadata.is_file() {
            return None;
        }
        if let Some(expected) = claim.size
            && expected != metadata.len()
        {
            return Some(Drift::Size {
                expected,
                found: metadata.len(),
            });
        }
        let expected = claim.sha256.filter(|_| !self.options.quick)?;
        match hash(path) {
            Ok(found) if found == expected => None,
            Ok(found) => Some(Drift::Sha256 { expected, found }),
            Err(error) => Some(unreadable(&error)),
        }
    }

    /// Records have the digest of the file that a link leads to. That file is compared for itself, so all
    /// that matters of a link is where it leads: to a file of its own package that is recorded otherwise
    /// is wrong, to another package's is not for this record to say.
    fn link(&self, claim: &Claim, path: &Path) -> Option<Drift> {
        let expected = claim.sha256.filter(|digest| *digest != Sha256::of(b""));
        let expected = expected?;
        let target = match fs::canonicalize(path) {
            Ok(target) => target,
            Err(error) if is_absence(&error) => return Some(Drift::Dangling),
            Err(error) => return Some(unreadable(&error)),
        };
        let target = target.strip_prefix(&self.real_prefix).map(text).ok()?;
        let recorded = self.claims.digest(&target, &claim.package)?;
        (recorded != expected).then_some(Drift::Sha256 {
            expected,
            found: recorded,
        })
    }
}

/// Where links cannot be made, tools copy the file or directory.
fn is_copied_link(claim: &Claim, metadata: &Metadata) -> bool {
    claim.kind == Kind::Link && !metadata.is_symlink() && cfg!(windows)
}

fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "a file",
        Kind::Link => "a link",
        Kind::Directory => "a directory",
        Kind::Anything => "anything",
    }
}

fn found_noun(metadata: &Metadata) -> &'static str {
    if metadata.is_symlink() {
        "a link"
    } else if metadata.is_dir() {
        "a directory"
    } else if metadata.is_file() {
        "a file"
    } else {
        "something else"
    }
}

fn hash(path: &Path) -> io::Result<Sha256> {
    let mut file = open_control_file(path, Links::Refuse).map_err(|error| error.source)?;
    let mut hasher = Hasher::sha256();
    let mut buffer = vec![0; BUFFER];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hasher.finish().sha256),
            Ok(count) => hasher.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn unreadable(error: &io::Error) -> Drift {
    Drift::Unreadable {
        problem: error.to_string(),
    }
}

/// The path that a text of `RECORD` means, below the prefix; `None` if it is elsewhere.
pub(super) fn below(prefix: &Path, base: &Path, relative: &str) -> Option<String> {
    let mut path = PathBuf::new();
    for component in base.join(relative).components() {
        match component {
            std::path::Component::ParentDir => {
                path.pop();
            }
            std::path::Component::CurDir => {}
            other => path.push(other),
        }
    }
    path.strip_prefix(prefix).ok().map(text)
}
