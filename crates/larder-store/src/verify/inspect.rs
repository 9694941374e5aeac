//! Hashing all objects of a store on several threads.

use std::{
    collections::{BTreeMap, BTreeSet},
    io, panic,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use larder_digest::{Digests, Hasher, Md5, Sha256};
use larder_event::{Event, Reporter};
use larder_fs::{PathContext as _, PathError};

use super::ObjectFault;
use crate::{ObjectId, index, layout::StoreLayout, read, store::refuse_sparse_file};

/// Most threads to hash with. Hashing is faster than most disks, so more threads do not help.
const THREADS: usize = 8;

/// Result of checking one object.
#[derive(Debug)]
pub(super) enum ObjectFinding {
    Whole { bytes: u64, writable: bool },
    Damaged(ObjectFault),
    Gone,
}

/// For each object, the MD5 digests that the MD5 index maps to it.
pub(super) type Md5Claims = BTreeMap<Sha256, Vec<Md5>>;

/// Reads the MD5 index of one store. Entries that name none of `objects` are added to `misleading`, entries that larder
/// did not create to `stray`.
pub(super) fn read_md5_claims(
    layout: &StoreLayout,
    objects: &[ObjectId],
    misleading: &mut Vec<PathBuf>,
    stray: &mut Vec<PathBuf>,
) -> Result<Md5Claims, PathError> {
    let names: BTreeSet<Sha256> = objects.iter().map(|id| id.sha256).collect();
    let mut index = Md5Claims::new();
    for path in layout.dir().list(&layout.md5_index_dir())? {
        let md5: Option<Md5> = path
            .file_name()
            .and_then(|name| name.to_str()?.parse().ok());
        // Only regular files with a valid name may be removed. larder did not create anything else.
        let is_file = layout
            .dir()
            .status(&path)
            .is_ok_and(|status| status.is_file);
        let Some(md5) = md5.filter(|_| is_file) else {
            stray.push(path);
            continue;
        };
        match index::lookup_md5(layout, md5) {
            Ok(Some(sha256)) if names.contains(&sha256) => {
                index.entry(sha256).or_default().push(md5);
            }
            _ => misleading.push(path),
        }
    }
    Ok(index)
}

/// Checks all objects and reports the bytes read. Returns with each object the MD5 digests that the index wrongly maps to
/// it.
pub(super) fn inspect_objects(
    layout: &StoreLayout,
    objects: &[ObjectId],
    index: &Md5Claims,
    reporter: &dyn Reporter,
) -> Vec<(ObjectId, ObjectFinding, Vec<Md5>)> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut findings = Vec::new();
        while let Some(&id) = objects.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (finding, wrong) = inspect_object(layout, id, index);
            if let ObjectFinding::Whole { bytes, .. } = finding {
                reporter.event(&Event::Verified { bytes });
            }
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

fn inspect_object(
    layout: &StoreLayout,
    id: ObjectId,
    index: &Md5Claims,
) -> (ObjectFinding, Vec<Md5>) {
    let claims = index.get(&id.sha256).map_or(&[][..], Vec::as_slice);
    let path = layout.object_path(id);
    match hash_object(layout, &path, id, !claims.is_empty()) {
        Ok((digests, writable)) => {
            let is_wrong = |claim: &Md5| digests.md5.is_some_and(|found| found != *claim);
            let wrong = claims.iter().copied().filter(is_wrong);
            let bytes = digests.size;
            (ObjectFinding::Whole { bytes, writable }, wrong.collect())
        }
        // Collected or moved aside by another process since the listing.
        Err(ObjectFault::Unreadable(error)) if error.kind() == io::ErrorKind::NotFound => {
            (ObjectFinding::Gone, Vec::new())
        }
        Err(fault) => (ObjectFinding::Damaged(fault), Vec::new()),
    }
}

fn hash_object(
    layout: &StoreLayout,
    path: &Path,
    id: ObjectId,
    with_md5: bool,
) -> Result<(Digests, bool), ObjectFault> {
    let status = layout.dir().status(path).map_err(ObjectFault::Unreadable)?;
    if !status.is_file {
        return Err(ObjectFault::NotAFile);
    }
    if status.size == 0 {
        return Err(ObjectFault::Empty);
    }
    let hasher = if with_md5 {
        Hasher::both()
    } else {
        Hasher::sha256()
    };
    let digests = layout
        .dir()
        .open_file(path)
        .and_then(|mut file| {
            refuse_sparse_file(&file, path)?;
            read::hash_to_end(&mut file, hasher).at("read object", path)
        })
        .map_err(ObjectFault::Unreadable)?;
    if digests.sha256 != id.sha256 {
        return Err(ObjectFault::Digest {
            expected: id.sha256,
            found: digests.sha256,
            size: digests.size,
        });
    }
    Ok((digests, !status.is_read_only))
}
