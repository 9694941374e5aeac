//! What hard links save: the files of environments and trees, each counted once however many names it has.
//!
//! Looks at sizes, reads nothing. A directory that may not be listed counts as empty.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use larder_fs::{FileIdentity, shared_identity};
use serde::Serialize;

use crate::materialize::in_parallel;

/// What the files of environments and trees weigh.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Linked {
    /// The files of all environments, as if each had its own.
    pub environment_bytes: u64,
    /// The files of the trees.
    pub tree_bytes: u64,
    /// What both need on the disk.
    pub disk_bytes: u64,
    /// What hard links save: the difference.
    pub saved_bytes: u64,
}

/// The files of one directory.
#[derive(Default)]
struct Files {
    bytes: u64,
    /// Bytes of files that have no other name.
    alone: u64,
    shared: HashMap<FileIdentity, u64>,
}

/// Measures the environments and the trees.
pub(super) fn measure<'a>(
    prefixes: impl Iterator<Item = &'a Path>,
    trees: &Path,
    threads: usize,
) -> Linked {
    let mut roots: Vec<PathBuf> = vec![trees.to_owned()];
    roots.extend(prefixes.map(Path::to_owned));
    let measured = in_parallel(&roots, threads, |root| {
        let mut files = Files::default();
        files.add(root);
        Ok::<_, std::convert::Infallible>(files)
    });
    let mut linked = Linked::default();
    let mut shared = HashMap::new();
    for (index, files) in measured.unwrap_or_default().into_iter().enumerate() {
        if index == 0 {
            linked.tree_bytes = files.bytes;
        } else {
            linked.environment_bytes = linked.environment_bytes.saturating_add(files.bytes);
        }
        linked.disk_bytes = linked.disk_bytes.saturating_add(files.alone);
        shared.extend(files.shared);
    }
    let sizes = shared.values().copied();
    linked.disk_bytes = sizes.fold(linked.disk_bytes, u64::saturating_add);
    let all = linked.tree_bytes.saturating_add(linked.environment_bytes);
    linked.saved_bytes = all.saturating_sub(linked.disk_bytes);
    linked
}

impl Files {
    fn add(&mut self, directory: &Path) {
        let mut directories = vec![directory.to_owned()];
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
                let Ok(metadata) = entry.metadata() else {
                    continue;
                };
                if metadata.is_dir() {
                    directories.push(entry.path());
                } else if metadata.is_file() {
                    self.add_file(&metadata);
                }
            }
        }
    }

    fn add_file(&mut self, metadata: &fs::Metadata) {
        let bytes = metadata.len();
        self.bytes = self.bytes.saturating_add(bytes);
        match shared_identity(metadata) {
            Some(identity) => {
                self.shared.insert(identity, bytes);
            }
            None => self.alone = self.alone.saturating_add(bytes),
        }
    }
}
