//! Entries of the pipeline cache, frame by frame, including those that larder never writes.
//!
//! Digests are right, whatever is in the frames: whoever may write to a remote can give them that.

use larder_digest::{Hasher, Sha256};

use crate::{
    must,
    tarball::{RawEntry, write_tar},
};

/// A frame of an archive.
#[derive(Debug, Clone)]
pub struct CacheFrame {
    kind: Kind,
    raw: u64,
    packed: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Entries,
    Body {
        opened_by: u32,
        offset: u64,
        length: u64,
    },
}

impl CacheFrame {
    /// Whole entries. Names begin with the number of the path: `0/`, `0/file`.
    pub fn entries(entries: &[(String, RawEntry)]) -> Self {
        let mut tar = Vec::new();
        write_tar(entries, &mut tar);
        Self::of_tar(&tar)
    }

    /// A tar as it is, with or without an end.
    pub fn of_tar(tar: &[u8]) -> Self {
        let packed = must(zstd::bulk::compress(tar, 1), "compress a frame");
        Self::claiming(tar.len() as u64, packed)
    }

    /// The header of a file of `size` bytes that come in frames of their own.
    pub fn opening(name: &str, size: u64) -> Self {
        let mut header = tar::Header::new_ustar();
        must(header.set_path(name), "set a name");
        header.set_size(size);
        header.set_mode(0o644);
        header.set_mtime(1);
        header.set_cksum();
        Self::of_tar(header.as_bytes())
    }

    /// Bytes of the file whose header ends frame `opened_by`.
    pub fn body(opened_by: u32, offset: u64, bytes: &[u8]) -> Self {
        Self {
            kind: Kind::Body {
                opened_by,
                offset,
                length: bytes.len() as u64,
            },
            ..Self::of_tar(bytes)
        }
    }

    /// A frame of entries that says it has `raw` bytes when it is decoded.
    pub fn claiming(raw: u64, packed: Vec<u8>) -> Self {
        Self {
            kind: Kind::Entries,
            raw,
            packed,
        }
    }

    fn describe(&self) -> Vec<u8> {
        let mut payload = vec![match self.kind {
            Kind::Entries => 1,
            Kind::Body { .. } => 2,
        }];
        for length in [self.raw, self.packed.len() as u64] {
            let length = u32::try_from(length).unwrap_or(u32::MAX);
            payload.extend_from_slice(&length.to_le_bytes());
        }
        payload.extend_from_slice(Sha256::of(&self.packed).as_bytes());
        if let Kind::Body {
            opened_by,
            offset,
            length,
        } = self.kind
        {
            payload.extend_from_slice(&opened_by.to_le_bytes());
            payload.extend_from_slice(&offset.to_le_bytes());
            payload.extend_from_slice(&length.to_le_bytes());
        }
        payload
    }
}

/// An archive of one path, saved under `key`, whose end says that it has so many entries and bytes of files.
pub fn cache_archive(key: &str, frames: &[CacheFrame], entries: u64, file_bytes: u64) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut hasher = Hasher::sha256();
    let head = serde_json::json!({ "key": key, "version": "v", "paths": ["p"] });
    let start = [&b"larder-cache 1\n"[..], head.to_string().as_bytes()].concat();
    add(&mut archive, &mut hasher, &start);
    for frame in frames {
        add(&mut archive, &mut hasher, &frame.describe());
        archive.extend_from_slice(&frame.packed);
    }
    let mut end = vec![3];
    end.extend_from_slice(
        &u32::try_from(frames.len())
            .unwrap_or(u32::MAX)
            .to_le_bytes(),
    );
    end.extend_from_slice(&entries.to_le_bytes());
    end.extend_from_slice(&file_bytes.to_le_bytes());
    end.extend_from_slice(hasher.clone().finish().sha256.as_bytes());
    add(&mut archive, &mut hasher, &end);
    archive
}

/// Appends a skippable frame of zstd.
fn add(archive: &mut Vec<u8>, hasher: &mut Hasher, payload: &[u8]) {
    hasher.update(payload);
    archive.extend_from_slice(&0x184D_2A5C_u32.to_le_bytes());
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    archive.extend_from_slice(&length.to_le_bytes());
    archive.extend_from_slice(payload);
}
