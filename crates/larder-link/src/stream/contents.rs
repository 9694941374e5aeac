//! What an archive holds, where `info/` does not even say what kind of thing each path is.

use larder_digest::Hasher;
use larder_unpack::{Archive, Content, Contents, EntryKind, UnpackError};

/// Reads a whole archive and keeps nothing of it.
pub(super) fn survey(archive: &mut Archive) -> Result<Contents, UnpackError> {
    let package = archive.label().to_owned();
    let mut contents = Contents::default();
    archive.for_each_entry(|entry| {
        let content = match entry.kind {
            EntryKind::Directory => Some(Content::Directory),
            EntryKind::Symlink { target } => Some(Content::Symlink { target }),
            EntryKind::HardLink { to } => contents.get(to.as_str()).cloned(),
            EntryKind::File { executable, .. } => {
                let mut hasher = Hasher::sha256();
                loop {
                    let bytes = entry.reader.fill_buf().map_err(|error| {
                        UnpackError::from_read(&package, entry.path.as_str(), error)
                    })?;
                    if bytes.is_empty() {
                        break;
                    }
                    hasher.update(bytes);
                    let count = bytes.len();
                    entry.reader.consume(count);
                }
                let digests = hasher.finish();
                Some(Content::File {
                    sha256: digests.sha256,
                    size: digests.size,
                    executable,
                })
            }
        };
        if let Some(content) = content.filter(|_| !entry.path.is_info()) {
            contents.insert(entry.path, content);
        }
        Ok::<_, UnpackError>(())
    })?;
    Ok(contents)
}
