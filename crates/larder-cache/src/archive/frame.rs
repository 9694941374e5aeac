//! The skippable frames that describe an archive's frames. zstd passes over them.
//!
//! Little-endian throughout, as zstd. Each starts with zstd's magic for skippable frames and its length:
//!
//! | kind | bytes after the length |
//! |---|---|
//! | start | `larder-cache 1\n` and [`super::Head`] as JSON |
//! | entries, body | kind (1, 2), raw and packed size of the next frame (4 each), its SHA-256 packed; for a body: number of the part that has its header (4), where in the file it goes (8) and how many bytes (8) |
//! | end | 3, how many parts (4), how many entries (8), bytes of all files (8), SHA-256 of all frames of this kind before it |

use std::io::{self, Read};

use larder_digest::{Hasher, Sha256};

use super::{ArchiveError, Head};

const MAGIC: [u8; 4] = 0x184D_2A5C_u32.to_le_bytes();
const START: &[u8] = b"larder-cache 1\n";
const START_ANY: &[u8] = b"larder-cache ";
/// Far above any key and paths.
const LONGEST: usize = 1 << 20;

/// A frame of tar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PartFrame {
    pub(super) kind: PartKind,
    pub(super) raw: u32,
    pub(super) packed: u32,
    pub(super) digest: Sha256,
}

/// What a part of an archive holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PartKind {
    /// Headers, and the whole bytes of each but perhaps the last.
    Entries,
    /// Bytes of one file.
    Body {
        /// The part that ends with the file's header.
        opened_by: u32,
        /// Where in the file they go.
        offset: u64,
        /// How many; what follows is padding.
        length: u64,
    },
}

/// What the archive holds in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EndFrame {
    pub(super) parts: u32,
    pub(super) entries: u64,
    pub(super) bytes: u64,
}

/// A frame that describes.
#[derive(Debug)]
pub(super) enum Frame {
    Part(PartFrame),
    End(EndFrame),
}

/// Writes descriptions and keeps the digest of them all.
pub(super) struct Describer(Hasher);

impl Describer {
    pub(super) fn start(head: &Head) -> (Self, Vec<u8>) {
        let mut payload = START.to_vec();
        let json = serde_json::to_vec(head).unwrap_or_default();
        payload.extend_from_slice(&json);
        let mut this = Self(Hasher::sha256());
        let frame = this.frame(&payload);
        (this, frame)
    }

    pub(super) fn part(&mut self, part: &PartFrame) -> Vec<u8> {
        let mut payload = Vec::with_capacity(64);
        payload.push(match part.kind {
            PartKind::Entries => 1,
            PartKind::Body { .. } => 2,
        });
        payload.extend_from_slice(&part.raw.to_le_bytes());
        payload.extend_from_slice(&part.packed.to_le_bytes());
        payload.extend_from_slice(part.digest.as_bytes());
        if let PartKind::Body {
            opened_by,
            offset,
            length,
        } = part.kind
        {
            payload.extend_from_slice(&opened_by.to_le_bytes());
            payload.extend_from_slice(&offset.to_le_bytes());
            payload.extend_from_slice(&length.to_le_bytes());
        }
        self.frame(&payload)
    }

    /// The last frame, and the digest in it.
    pub(super) fn end(mut self, end: &EndFrame) -> (Vec<u8>, Sha256) {
        let digest = self.0.clone().finish().sha256;
        let mut payload = vec![3];
        payload.extend_from_slice(&end.parts.to_le_bytes());
        payload.extend_from_slice(&end.entries.to_le_bytes());
        payload.extend_from_slice(&end.bytes.to_le_bytes());
        payload.extend_from_slice(digest.as_bytes());
        (self.frame(&payload), digest)
    }

    fn frame(&mut self, payload: &[u8]) -> Vec<u8> {
        self.0.update(payload);
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        [&MAGIC[..], &length.to_le_bytes(), payload].concat()
    }
}

/// Reads descriptions of an archive that may be anything.
pub(super) struct Descriptions(Hasher);

impl Descriptions {
    pub(super) fn start(reader: &mut dyn Read) -> Result<(Self, Head), ArchiveError> {
        let payload = payload(reader)?;
        let Some(json) = payload.strip_prefix(START) else {
            let newer = payload.starts_with(START_ANY);
            return Err(ArchiveError::Damaged(if newer {
                "it was made by a later larder"
            } else {
                "it is no archive of larder's"
            }));
        };
        let head = serde_json::from_slice(json)
            .map_err(|_| ArchiveError::Damaged("its first frame cannot be read"))?;
        let mut this = Self(Hasher::sha256());
        this.0.update(&payload);
        Ok((this, head))
    }

    /// The next description; the frame it describes follows.
    pub(super) fn next(&mut self, reader: &mut dyn Read) -> Result<Frame, ArchiveError> {
        let bytes = payload(reader)?;
        let frame = parse(&bytes).ok_or(ArchiveError::Damaged("a frame has no description"))?;
        if let Frame::End(_) = frame {
            let digest = self.0.clone().finish().sha256;
            if !bytes.ends_with(digest.as_bytes()) {
                return Err(ArchiveError::Damaged("its digest is another one"));
            }
        }
        self.0.update(&bytes);
        Ok(frame)
    }
}

fn payload(reader: &mut dyn Read) -> Result<Vec<u8>, ArchiveError> {
    let mut start = [0; 8];
    read_all(reader, &mut start)?;
    let (magic, length) = start.split_at(4);
    let length = length
        .iter()
        .rev()
        .fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
    if magic != MAGIC || length > LONGEST {
        return Err(ArchiveError::Damaged("a frame has no description"));
    }
    let mut payload = vec![0; length];
    read_all(reader, &mut payload)?;
    Ok(payload)
}

/// Fills a buffer from an archive, whose early end is damage.
pub(super) fn read_all(reader: &mut dyn Read, buffer: &mut [u8]) -> Result<(), ArchiveError> {
    reader
        .read_exact(buffer)
        .map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => ArchiveError::Damaged("it ends early"),
            _ => ArchiveError::Stream(error),
        })
}

fn parse(payload: &[u8]) -> Option<Frame> {
    let mut fields = Fields(payload);
    let [kind] = fields.take::<1>()?;
    let frame = match kind {
        1 | 2 => {
            let (raw, packed) = (fields.u32()?, fields.u32()?);
            let digest = Sha256::from_bytes(fields.take()?);
            let kind = if kind == 1 {
                PartKind::Entries
            } else {
                PartKind::Body {
                    opened_by: fields.u32()?,
                    offset: fields.u64()?,
                    length: fields.u64()?,
                }
            };
            Frame::Part(PartFrame {
                kind,
                raw,
                packed,
                digest,
            })
        }
        3 => {
            let (parts, entries, bytes) = (fields.u32()?, fields.u64()?, fields.u64()?);
            fields.take::<32>()?;
            Frame::End(EndFrame {
                parts,
                entries,
                bytes,
            })
        }
        _ => return None,
    };
    fields.0.is_empty().then_some(frame)
}

struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*field)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }
}
