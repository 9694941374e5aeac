//! The index of a package's bytecode: its sources, the digest and stamp of each pyc file, and the boot in which it was
//! compiled. It has a digest of itself, so that one that was partially written before a power loss is ignored.
//!
//! Format: `larder bytecode 1\n`, 32 bytes of SHA-256 of the rest, then MessagePack. Other versions are ignored, and the
//! package is compiled again.

use std::{io, path::Path};

use larder_digest::{Hasher, Sha256};
use larder_fs::{Durability, PathContext as _, PathError, Stamp, read_regular, write_atomic};
use larder_unpack::RelPath;
use serde::{Deserialize, Serialize};

use crate::PycFile;

pub(crate) const INDEX_NAME: &str = "index";
const MAGIC: &[u8] = b"larder bytecode 1\n";
const DIGEST_BYTES: usize = 32;
/// Largest size of an index in bytes. The index of 100,000 sources has 20 MB.
pub const BYTECODE_INDEX_BYTES: u64 = 256 << 20;

pub(crate) struct BytecodeIndex {
    /// Cache tag of the Python, such as `cpython-311`.
    pub(crate) tag: String,
    pub(crate) boot_id: Option<String>,
    /// Whether the files were compared with their digests in a later boot than the one in which they were compiled. From
    /// then on they are known to have survived.
    pub(crate) is_settled: bool,
    pub(crate) files: Vec<PycFile>,
    pub(crate) skipped: Vec<RelPath>,
}

#[derive(Serialize, Deserialize)]
struct IndexPayload {
    tag: String,
    boot_id: Option<String>,
    is_settled: bool,
    files: Vec<(RelPath, Sha256, StampFields)>,
    skipped: Vec<RelPath>,
}

/// Size, seconds, nanoseconds, inode, mode.
type StampFields = (u64, i64, u32, u64, u32);

impl BytecodeIndex {
    /// Reads the index in `directory`; `None` if it is missing, damaged or of another version.
    pub(crate) fn read(directory: &Path) -> Result<Option<Self>, PathError> {
        let path = directory.join(INDEX_NAME);
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

    /// Writes the index into `directory` without flushing: after a power loss the package is compiled again.
    pub(crate) fn write(&self, directory: &Path) -> Result<(), PathError> {
        let path = directory.join(INDEX_NAME);
        let payload = rmp_serde::to_vec(&self.to_payload())
            .map_err(io::Error::other)
            .at("encode the index", &path)?;
        let bytes = [MAGIC, &digest(&payload), &payload].concat();
        write_atomic(&path, &bytes, Durability::Lazy)
    }

    fn to_payload(&self) -> IndexPayload {
        let line = |file: &PycFile| {
            (
                file.source.clone(),
                file.sha256,
                stamp_to_fields(&file.stamp),
            )
        };
        IndexPayload {
            tag: self.tag.clone(),
            boot_id: self.boot_id.clone(),
            is_settled: self.is_settled,
            files: self.files.iter().map(line).collect(),
            skipped: self.skipped.clone(),
        }
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (expected, payload) = rest.split_at_checked(DIGEST_BYTES)?;
        if digest(payload) != expected {
            return None;
        }
        let payload: IndexPayload = rmp_serde::from_slice(payload).ok()?;
        let file = |(source, sha256, fields)| PycFile {
            source,
            sha256,
            stamp: stamp_from_fields(fields),
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

fn stamp_to_fields(stamp: &Stamp) -> StampFields {
    (
        stamp.size,
        stamp.seconds,
        stamp.nanoseconds,
        stamp.inode,
        stamp.mode,
    )
}

fn stamp_from_fields((size, seconds, nanoseconds, inode, mode): StampFields) -> Stamp {
    Stamp {
        size,
        seconds,
        nanoseconds,
        inode,
        mode,
    }
}

fn digest(payload: &[u8]) -> [u8; DIGEST_BYTES] {
    *sha256(payload).as_bytes()
}

pub(crate) fn sha256(bytes: &[u8]) -> Sha256 {
    let mut hasher = Hasher::sha256();
    hasher.update(bytes);
    hasher.finish().sha256
}
