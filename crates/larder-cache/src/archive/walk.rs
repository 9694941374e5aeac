//! What there is below the directories: directories first, then the rest by name, hard links last.

use std::{
    collections::HashMap,
    fs::{self, Metadata},
    path::{Path, PathBuf},
    thread,
};

use larder_fs::{FileIdentity, PathContext as _, PathError, Stamp, bytes_of_name, shared_identity};

use super::{
    ArchiveError,
    entry::{Item, ItemKind},
};

/// Everything below the roots.
#[derive(Debug)]
pub(super) struct Walked {
    /// Each after what it lies in.
    pub(super) directories: Vec<Item>,
    /// Files and symbolic links.
    pub(super) files: Vec<Item>,
    pub(super) hard_links: Vec<Item>,
    /// What cannot be archived.
    pub(super) skipped: Vec<PathBuf>,
}

/// A name that was listed.
struct Listed {
    name: Vec<u8>,
    path: PathBuf,
}

/// Walks the roots. Links below them are never followed; a root itself may be one.
pub(super) fn walk(roots: &[PathBuf], threads: usize) -> Result<Walked, ArchiveError> {
    let mut walked = Walked {
        directories: Vec::new(),
        files: Vec::new(),
        hard_links: Vec::new(),
        skipped: Vec::new(),
    };
    let mut listed = Vec::new();
    for (number, root) in roots.iter().enumerate() {
        let not_directory = || ArchiveError::NotDirectory { path: root.clone() };
        let metadata = match fs::metadata(root) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(not_directory());
            }
            metadata => metadata.at("read metadata of", root)?,
        };
        if !metadata.is_dir() {
            return Err(not_directory());
        }
        let name = number.to_string().into_bytes();
        list(root, &name, &mut listed, &mut walked.skipped)?;
        let root = Listed {
            name,
            path: root.clone(),
        };
        walked
            .directories
            .push(item(root, ItemKind::Directory, &metadata));
    }
    sort(listed, threads, &mut walked)?;
    walked
        .directories
        .sort_by(|one, other| one.name.cmp(&other.name));
    walked.files.sort_by(|one, other| one.name.cmp(&other.name));
    split_hard_links(&mut walked);
    Ok(walked)
}

/// Names below a directory, of every kind.
fn list(
    directory: &Path,
    name: &[u8],
    listed: &mut Vec<Listed>,
    skipped: &mut Vec<PathBuf>,
) -> Result<(), PathError> {
    for entry in fs::read_dir(directory).at("read directory", directory)? {
        let entry = entry.at("read directory", directory)?;
        let path = entry.path();
        let file_name = entry.file_name();
        let Some(bytes) = bytes_of_name(&file_name) else {
            skipped.push(path);
            continue;
        };
        let name = [name, b"/", &bytes].concat();
        if entry.file_type().at("read metadata of", &path)?.is_dir() {
            list(&path, &name, listed, skipped)?;
        }
        listed.push(Listed { name, path });
    }
    Ok(())
}

type Found = (Listed, Option<Metadata>);

/// Looks at everything, by several threads.
fn sort(listed: Vec<Listed>, threads: usize, walked: &mut Walked) -> Result<(), ArchiveError> {
    let share = listed.len().div_ceil(threads.max(1)).max(256);
    let mut shares: Vec<Vec<Listed>> = Vec::new();
    let mut rest = listed.into_iter().peekable();
    while rest.peek().is_some() {
        shares.push(rest.by_ref().take(share).collect());
    }
    let looked: Vec<Result<Vec<Found>, PathError>> = thread::scope(|scope| {
        let threads: Vec<_> = shares
            .into_iter()
            .map(|share| scope.spawn(|| share.into_iter().map(look).collect()))
            .collect();
        let joined = threads.into_iter().map(thread::ScopedJoinHandle::join);
        joined
            .map(|result| result.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let mut identities = Identities::default();
    for found in looked {
        for (listed, metadata) in found? {
            // Removed since it was listed.
            let Some(metadata) = metadata else { continue };
            place(listed, &metadata, walked, &mut identities)?;
        }
    }
    identities.name(&mut walked.files);
    Ok(())
}

fn look(listed: Listed) -> Result<Found, PathError> {
    match fs::symlink_metadata(&listed.path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok((listed, None)),
        metadata => {
            let metadata = metadata.at("read metadata of", &listed.path)?;
            Ok((listed, Some(metadata)))
        }
    }
}

fn place(
    listed: Listed,
    metadata: &Metadata,
    walked: &mut Walked,
    identities: &mut Identities,
) -> Result<(), ArchiveError> {
    let kind = metadata.file_type();
    if kind.is_dir() {
        walked
            .directories
            .push(item(listed, ItemKind::Directory, metadata));
    } else if kind.is_symlink() {
        let target = fs::read_link(&listed.path).at("read link", &listed.path)?;
        match bytes_of_name(target.as_os_str()) {
            Some(target) => {
                let kind = ItemKind::Symlink(target.into_owned());
                walked.files.push(item(listed, kind, metadata));
            }
            None => walked.skipped.push(listed.path),
        }
    } else if kind.is_file() {
        if let Some(identity) = shared_identity(metadata) {
            identities.add(identity, &listed.name);
        }
        let size = metadata.len();
        walked
            .files
            .push(item(listed, ItemKind::File { size }, metadata));
    } else {
        walked.skipped.push(listed.path);
    }
    Ok(())
}

fn item(listed: Listed, kind: ItemKind, metadata: &Metadata) -> Item {
    let stamp = Stamp::from_metadata(metadata);
    Item {
        name: listed.name,
        path: listed.path,
        kind,
        mode: stamp.mode & 0o777,
        // What is older than 1970 becomes as old as that.
        modified: u64::try_from(stamp.seconds)
            .map_or((0, 0), |seconds| (seconds, stamp.nanoseconds)),
    }
}

/// Which files have several names, of those that were seen.
#[derive(Default)]
struct Identities(HashMap<FileIdentity, Vec<Vec<u8>>>);

impl Identities {
    fn add(&mut self, identity: FileIdentity, name: &[u8]) {
        self.0.entry(identity).or_default().push(name.to_vec());
    }

    /// All names of a file but the first become links to that.
    fn name(self, files: &mut [Item]) {
        let mut targets: HashMap<Vec<u8>, Vec<u8>> = HashMap::new();
        for mut names in self.0.into_values().filter(|names| names.len() > 1) {
            names.sort();
            let first = names.remove(0);
            targets.extend(names.into_iter().map(|name| (name, first.clone())));
        }
        for file in files {
            if let Some(first) = targets.remove(&file.name) {
                file.kind = ItemKind::HardLink(first);
            }
        }
    }
}

fn split_hard_links(walked: &mut Walked) {
    let is_link = |file: &Item| matches!(file.kind, ItemKind::HardLink(_));
    if !walked.files.iter().any(is_link) {
        return;
    }
    let files = std::mem::take(&mut walked.files);
    (walked.hard_links, walked.files) = files.into_iter().partition(is_link);
}
