//! A directory as everything about it that an archive keeps.

use std::{fs, path::Path};

/// One path below a directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Seen {
    path: Vec<u8>,
    mode: u32,
    modified: Option<(u64, u32)>,
    /// Length and a digest, or a link's text.
    content: String,
}

/// Everything below a directory, and itself.
pub(crate) fn snapshot(root: &Path) -> Vec<Seen> {
    let mut seen = Vec::new();
    look(root, root, &mut seen);
    seen.sort();
    seen
}

fn look(root: &Path, path: &Path, seen: &mut Vec<Seen>) {
    let metadata = fs::symlink_metadata(path).unwrap();
    let modified = metadata.modified().unwrap();
    let modified = modified.duration_since(std::time::UNIX_EPOCH).ok();
    let content = if metadata.is_symlink() {
        format!("-> {:?}", fs::read_link(path).unwrap())
    } else if metadata.is_file() {
        let bytes = fs::read(path).unwrap();
        format!("{} {}", bytes.len(), larder_digest::Sha256::of(&bytes))
    } else {
        "directory".to_owned()
    };
    let below = path.strip_prefix(root).unwrap();
    seen.push(Seen {
        path: below.as_os_str().as_encoded_bytes().to_vec(),
        mode: larder_fs::Stamp::from_metadata(&metadata).mode,
        modified: modified.map(|time| (time.as_secs(), time.subsec_nanos())),
        content,
    });
    if metadata.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            look(root, &entry.unwrap().path(), seen);
        }
    }
}
