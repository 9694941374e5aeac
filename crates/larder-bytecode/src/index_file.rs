//! The index beside bytecode: which sources it is of, the digest and stamp of each file, and the boot it
//! was made in, with a digest over all of it, so that one that a power loss has torn counts as none.
//!
//! `larder bytecode 1\n`, 32 bytes of SHA-256 over the rest, then MessagePack. A reader of another
//! version compiles again.

use std::{io, path::Path};

use larder_digest::{Hasher, Sha256};
use larder_fs::{Durability, PathContext as _, PathError, Stamp, read_regular, write_atomic};
use larder_unpack::RelPath;
use serde::{Deserialize, Serialize};

use crate::PycFile;

pub(crate) const NAME: &str = "index";
const MAGIC: &[u8] = b"larder bytecode 1\n";
const DIGEST: usize = 32;
/// The index of 100,000 sources has 20 MB.
pub const BYTECODE_INDEX_BYTES: u64 = 256 << 20;

pub(crate) struct IndexFile {
    /// The Python's cache tag, such as `cpython-311`.
    pub(crate) tag: String,
    pub(crate) boot_id: Option<String>,
    /// Compared with its digests in a boot later than the one it was made in: a power loss can take
    /// nothing of it any more.
    pub(crate) is_settled: bool,
    pub(crate) files: Vec<PycFile>,
    pub(crate) skipped: Vec<RelPath>,
}

#[derive(Serialize, Deserialize)]
struct Payload {
    tag: String,
    boot_id: Option<String>,
    is_settled: bool,
    files: Vec<(RelPath, Sha256, StampFields)>,
    skipped: Vec<RelPath>,
}

/// Size, seconds, nanoseconds, inode, mode.
type StampFields = (u64, i64, u32, u64, u32);

impl IndexFile {
    /// Reads the index in `directory`; nothing if there is none that is whole and of this version.
    pub(crate) fn read(directory: &Path) -> Result<Option<Self>, PathError> {
        let path = directory.join(NAME);
        match read_regular(&path, BYTECODE_INDEX_BYTES) {
            Ok(bytes) => Ok(Self::decode(&bytes)),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::InvalidData
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(error).at("read file", path),
        }
    }

    /// Writes the index into `directory`. Not flushed: what a power loss takes is compiled again.
    pub(crate) fn write(&self, directory: &Path) -> Result<(), PathError> {
        let path = directory.join(NAME);
        let payload = rmp_serde::to_vec(&self.payload())
            .map_err(io::Error::other)
            .at("encode the index", &path)?;
        let bytes = [MAGIC, &digest(&payload), &payload].concat();
        write_atomic(&path, &bytes, Durability::Lazy)
    }

    fn payload(&self) -> Payload {
        let line = |file: &PycFile| (file.source.clone(), file.sha256, fields(&file.stamp));
        Payload {
            tag: self.tag.clone(),
            boot_id: self.boot_id.clone(),
            is_settled: self.is_settled,
            files: self.files.iter().map(line).collect(),
            skipped: self.skipped.clone(),
        }
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (expected, payload) = rest.split_at_checked(DIGEST)?;
        if digest(payload) != expected {
            return None;
        }
        let payload: Payload = rmp_serde::from_slice(payload).ok()?;
        let file = |(source, sha256, fields)| PycFile {
            source,
            sha256,
            stamp: stamp(fields),
        };
        Some(Self {
            tag: payload.tag,
            boot_id: payload.boot_id,
            is_settled: payload.is_settled,
            files: payload.files.into_iter().map(file).collect(),
            skipped: payload.skipped,
        })
    }
}

fn fields(stamp: &Stamp) -> StampFields {
    (
        stamp.size,
        stamp.seconds,
        stamp.nanoseconds,
        stamp.inode,
        stamp.mode,
    )
}

fn stamp((size, seconds, nanoseconds, inode, mode): StampFields) -> Stamp {
    Stamp {
        size,
        seconds,
        nanoseconds,
        inode,
        mode,
    }
}

fn digest(payload: &[u8]) -> [u8; DIGEST] {
    *sha256(payload).as_bytes()
}

pub(crate) fn sha256(bytes: &[u8]) -> Sha256 {
    let mut hasher = Hasher::sha256();
    hasher.update(bytes);
    hasher.finish().sha256
}
