//! Verifying a whole store: every object re-hashed, everything else in its directories named.
//!
//! Changes nothing. Verifies this store only, not those below it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io, panic,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use larder_digest::{Digests, Hasher, Md5, Sha256};
use larder_event::Reporter;
use larder_fs::{PathContext as _, PathError};

use crate::{
    ObjectId, Store, index,
    layout::Layout,
    listing::{entries, list},
    read,
};

/// Hashing is faster than most disks: more threads do not help.
const THREADS: usize = 8;

/// What a verification found.
#[derive(Debug, Default)]
pub struct VerifyReport {
    /// How many objects were hashed.
    pub objects: u64,
    /// How many bytes they have.
    pub bytes: u64,
    /// Objects that cannot be used, sorted by path.
    pub damaged: Vec<Damage>,
    /// Objects that are whole but that someone may write to by accident, sorted.
    pub writable: Vec<PathBuf>,
    /// Files of the MD5 index that name no object of this store or one with another digest, sorted.
    /// They cost time but are never believed.
    pub misleading: Vec<PathBuf>,
    /// What is among the objects and is none, sorted. Never used.
    pub stray: Vec<PathBuf>,
}

impl VerifyReport {
    /// Whether every object can be used.
    pub fn is_sound(&self) -> bool {
        self.damaged.is_empty()
    }
}

/// An object that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("object `{}` cannot be used", path.display())]
pub struct Damage {
    /// Its name.
    pub id: ObjectId,
    /// Where it is.
    pub path: PathBuf,
    /// What is wrong with it.
    #[source]
    pub fault: Fault,
}

/// What is wrong with an object.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The bytes are others than the name promises.
    #[error("expected sha256:{expected}, found sha256:{found} ({size} bytes)")]
    Digest {
        /// What the name promises.
        expected: Sha256,
        /// What the bytes have.
        found: Sha256,
        /// How many there are.
        size: u64,
    },
    /// It has no bytes.
    #[error("the file is empty")]
    Empty,
    /// It is a directory, a link or something else.
    #[error("it is not a regular file")]
    NotAFile,
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(PathError),
}

/// What one look at one object gave.
#[derive(Debug)]
enum Finding {
    Whole { bytes: u64, writable: bool },
    Damaged(Fault),
    Gone,
}

impl Store {
    /// Hashes every object of this store, several at a time. Warns (`store::damaged`) of each that
    /// cannot be used.
    ///
    /// # Errors
    /// If a directory cannot be read. An object that cannot is damage, not an error.
    pub fn verify(&self, reporter: &dyn Reporter) -> Result<VerifyReport, PathError> {
        let layout = &self.shared.layout;
        let mut report = VerifyReport::default();
        let objects = list(layout, &mut report.stray)?;
        let index = read_index(layout, &objects, &mut report.misleading)?;
        for (id, finding, wrong_md5) in inspect_all(layout, &objects, &index) {
            let path = layout.object(id);
            report.objects += u64::from(!matches!(finding, Finding::Gone));
            match finding {
                Finding::Gone => {}
                Finding::Whole { bytes, writable } => {
                    report.bytes += bytes;
                    report.writable.extend(writable.then_some(path));
                }
                Finding::Damaged(fault) => {
                    let damage = Damage { id, path, fault };
                    reporter.warn("store::damaged", format!("{damage}: {}", damage.fault));
                    report.damaged.push(damage);
                }
            }
            let wrong = wrong_md5.into_iter().map(|md5| layout.md5_file(md5));
            report.misleading.extend(wrong);
        }
        report
            .damaged
            .sort_by(|one, other| one.path.cmp(&other.path));
        report.writable.sort();
        report.misleading.sort();
        report.stray.sort();
        Ok(report)
    }
}

/// What the MD5 index says of each object.
type Index = BTreeMap<Sha256, Vec<Md5>>;

fn read_index(
    layout: &Layout,
    objects: &[ObjectId],
    misleading: &mut Vec<PathBuf>,
) -> Result<Index, PathError> {
    let names: BTreeSet<Sha256> = objects.iter().map(|id| id.sha256).collect();
    let mut index = Index::new();
    for path in entries(&layout.md5_index())? {
        let md5: Option<Md5> = path
            .file_name()
            .and_then(|name| name.to_str()?.parse().ok());
        let sha256 = match md5 {
            Some(md5) => index::look_up(layout, md5)?.map(|sha256| (md5, sha256)),
            None => None,
        };
        match sha256 {
            Some((md5, sha256)) if names.contains(&sha256) => {
                index.entry(sha256).or_default().push(md5);
            }
            _ => misleading.push(path),
        }
    }
    Ok(index)
}

/// Looks at every object; gives those MD5 digests as well that the index wrongly says of it.
fn inspect_all(
    layout: &Layout,
    objects: &[ObjectId],
    index: &Index,
) -> Vec<(ObjectId, Finding, Vec<Md5>)> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut findings = Vec::new();
        while let Some(&id) = objects.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (finding, wrong) = inspect(layout, id, index);
            findings.push((id, finding, wrong));
        }
        findings
    };
    let threads = thread::available_parallelism().map_or(1, |count| count.get().min(THREADS));
    thread::scope(|scope| {
        let handles: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut findings = work();
        for handle in handles {
            findings.extend(
                handle
                    .join()
                    .unwrap_or_else(|cause| panic::resume_unwind(cause)),
            );
        }
        findings
    })
}

fn inspect(layout: &Layout, id: ObjectId, index: &Index) -> (Finding, Vec<Md5>) {
    let claims = index.get(&id.sha256).map_or(&[][..], Vec::as_slice);
    let path = layout.object(id);
    match look(&path, id, !claims.is_empty()) {
        Ok((digests, writable)) => {
            let is_wrong = |claim: &Md5| digests.md5.is_some_and(|found| found != *claim);
            let wrong = claims.iter().copied().filter(is_wrong);
            let bytes = digests.size;
            (Finding::Whole { bytes, writable }, wrong.collect())
        }
        // Collected or moved aside by another process since it was listed.
        Err(Fault::Unreadable(error)) if error.kind() == io::ErrorKind::NotFound => {
            (Finding::Gone, Vec::new())
        }
        Err(fault) => (Finding::Damaged(fault), Vec::new()),
    }
}

fn look(path: &Path, id: ObjectId, with_md5: bool) -> Result<(Digests, bool), Fault> {
    let metadata = fs::symlink_metadata(path)
        .at("read metadata of", path)
        .map_err(Fault::Unreadable)?;
    if !metadata.is_file() {
        return Err(Fault::NotAFile);
    }
    if metadata.len() == 0 {
        return Err(Fault::Empty);
    }
    let hasher = if with_md5 {
        Hasher::both()
    } else {
        Hasher::sha256()
    };
    let digests = File::open(path)
        .and_then(|mut file| read::hash(&mut file, hasher))
        .at("read object", path)
        .map_err(Fault::Unreadable)?;
    if digests.sha256 != id.sha256 {
        return Err(Fault::Digest {
            expected: id.sha256,
            found: digests.sha256,
            size: digests.size,
        });
    }
    Ok((digests, !metadata.permissions().readonly()))
}
