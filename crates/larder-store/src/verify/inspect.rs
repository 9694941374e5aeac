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

use super::Fault;
use crate::{ObjectId, index, layout::Layout, read, store::check_holes};

/// Most threads to hash with. Hashing is faster than most disks, so more threads do not help.
const THREADS: usize = 8;

/// Result of checking one object.
#[derive(Debug)]
pub(super) enum Finding {
    Whole { bytes: u64, writable: bool },
    Damaged(Fault),
    Gone,
}

/// For each object, the MD5 digests that the MD5 index maps to it.
pub(super) type Index = BTreeMap<Sha256, Vec<Md5>>;

/// Reads the MD5 index of one store. Entries that name none of `objects` are added to `misleading`, entries that larder
/// did not create to `stray`.
pub(super) fn read_index(
    layout: &Layout,
    objects: &[ObjectId],
    misleading: &mut Vec<PathBuf>,
    stray: &mut Vec<PathBuf>,
) -> Result<Index, PathError> {
    let names: BTreeSet<Sha256> = objects.iter().map(|id| id.sha256).collect();
    let mut index = Index::new();
    for path in layout.dir().list(&layout.md5_index())? {
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
        match index::look_up(layout, md5) {
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
pub(super) fn inspect_all(
    layout: &Layout,
    objects: &[ObjectId],
    index: &Index,
    reporter: &dyn Reporter,
) -> Vec<(ObjectId, Finding, Vec<Md5>)> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut findings = Vec::new();
        while let Some(&id) = objects.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (finding, wrong) = inspect(layout, id, index);
            if let Finding::Whole { bytes, .. } = finding {
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

fn inspect(layout: &Layout, id: ObjectId, index: &Index) -> (Finding, Vec<Md5>) {
    let claims = index.get(&id.sha256).map_or(&[][..], Vec::as_slice);
    let path = layout.object(id);
    match look(layout, &path, id, !claims.is_empty()) {
        Ok((digests, writable)) => {
            let is_wrong = |claim: &Md5| digests.md5.is_some_and(|found| found != *claim);
            let wrong = claims.iter().copied().filter(is_wrong);
            let bytes = digests.size;
            (Finding::Whole { bytes, writable }, wrong.collect())
        }
        // Collected or moved aside by another process since the listing.
        Err(Fault::Unreadable(error)) if error.kind() == io::ErrorKind::NotFound => {
            (Finding::Gone, Vec::new())
        }
        Err(fault) => (Finding::Damaged(fault), Vec::new()),
    }
}

fn look(
    layout: &Layout,
    path: &Path,
    id: ObjectId,
    with_md5: bool,
) -> Result<(Digests, bool), Fault> {
    let status = layout.dir().status(path).map_err(Fault::Unreadable)?;
    if !status.is_file {
        return Err(Fault::NotAFile);
    }
    if status.size == 0 {
        return Err(Fault::Empty);
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
            check_holes(&file, path)?;
            read::hash(&mut file, hasher).at("read object", path)
        })
        .map_err(Fault::Unreadable)?;
    if digests.sha256 != id.sha256 {
        return Err(Fault::Digest {
            expected: id.sha256,
            found: digests.sha256,
            size: digests.size,
        });
    }
    Ok((digests, !status.is_read_only))
}
