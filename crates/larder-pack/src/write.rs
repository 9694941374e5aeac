//! [`PackWriter`]: writes a pack member by member, exactly as its index says.
//!
//! Knows no files: the caller gives the sink and sees to it that it appears whole.

use std::io::{Read, Write};

use larder_digest::{Hasher, HashingReader};
use tar::{Builder, EntryType, Header};

use crate::{EntryProblem, INDEX, PackError, PackIndex, PackedFile};

/// A pack being written.
pub struct PackWriter<W: Write> {
    tar: Builder<W>,
    /// What is still to come, in reverse order.
    rest: Vec<PackedFile>,
}

impl<W: Write> PackWriter<W> {
    /// Writes the index.
    ///
    /// # Errors
    /// If the sink fails.
    pub fn new(sink: W, index: &PackIndex) -> Result<Self, PackError> {
        let bytes = index.to_json()?;
        let mut tar = Builder::new(sink);
        append(&mut tar, INDEX, bytes.len() as u64, &mut bytes.as_slice())?;
        let rest = index.members().iter().rev().cloned().collect();
        Ok(Self { tar, rest })
    }

    /// Writes the next member of the index with the bytes of `reader`, hashing them on the way: a pack
    /// never says what its bytes are not.
    ///
    /// # Errors
    /// If the reader or the sink fails, the bytes are not those of the index, or it lists no more.
    pub fn append(&mut self, reader: &mut dyn Read) -> Result<(), PackError> {
        let Some(listed) = self.rest.pop() else {
            return Err(PackError::entry("the end", EntryProblem::Unlisted));
        };
        let mut hashing = HashingReader::new(reader.take(listed.size), Hasher::sha256());
        append(
            &mut self.tar,
            listed.path.as_str(),
            listed.size,
            &mut hashing,
        )?;
        let (_, digests) = hashing.finish();
        if digests.sha256 == listed.sha256 {
            return Ok(());
        }
        Err(PackError::Damaged {
            entry: listed.path.to_string(),
            expected: listed.sha256,
            found: digests.sha256,
        })
    }

    /// Writes the end mark and gives the sink back.
    ///
    /// # Errors
    /// If the sink fails or the index lists more.
    pub fn finish(self) -> Result<W, PackError> {
        if let Some(missing) = self.rest.last() {
            return Err(PackError::Missing {
                entry: missing.path.to_string(),
            });
        }
        self.tar.into_inner().map_err(|source| PackError::Write {
            entry: "the end".to_owned(),
            source,
        })
    }
}

/// No time, no user, one mode: the same members are the same bytes (P6).
fn append<W: Write>(
    tar: &mut Builder<W>,
    path: &str,
    size: u64,
    reader: &mut dyn Read,
) -> Result<(), PackError> {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(size);
    tar.append_data(&mut header, path, reader)
        .map_err(|source| PackError::Write {
            entry: path.to_owned(),
            source,
        })
}
