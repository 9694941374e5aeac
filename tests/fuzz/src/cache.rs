//! Archives of the pipeline cache whose frames are right, and whose contents are anything.

use larder_digest::{Hasher, Sha256};

/// An archive from an input: its pieces between `0xFF 0xFE` are frames. Behind a first byte that is odd, a frame
/// is one of a large file's bytes, with offset and length from the bytes behind that.
pub fn archive_of(input: &[u8]) -> Vec<u8> {
    let mut archive = Writer::new();
    let mut rest = input;
    let mut number = 0;
    while !rest.is_empty() {
        let end = rest.windows(2).position(|pair| pair == [0xFF, 0xFE]);
        let (frame, after) = rest.split_at(end.unwrap_or(rest.len()));
        archive.frame(frame, number);
        number += 1;
        rest = after.get(2..).unwrap_or_default();
    }
    archive.end(number)
}

struct Writer {
    bytes: Vec<u8>,
    hasher: Hasher,
    digest: Sha256,
    entries: u64,
    file_bytes: u64,
}

impl Writer {
    fn new() -> Self {
        let mut this = Self {
            bytes: Vec::new(),
            hasher: Hasher::sha256(),
            digest: Sha256::of(b""),
            entries: 0,
            file_bytes: 0,
        };
        let head = br#"{"key":"k","version":"v","paths":["p"]}"#;
        this.describe(&[&b"larder-cache 1\n"[..], head].concat());
        this
    }

    fn describe(&mut self, payload: &[u8]) {
        self.hasher.update(payload);
        self.digest = self.hasher.clone().finish().sha256;
        self.bytes.extend_from_slice(&0x184D_2A5C_u32.to_le_bytes());
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(payload);
    }

    fn frame(&mut self, frame: &[u8], number: u32) {
        let (kind, raw) = match frame {
            [first, opened_by, offset, length, raw @ ..] if number > 0 && first % 2 == 1 => {
                (Some((*opened_by, *offset, *length)), raw)
            }
            raw => (None, raw),
        };
        let packed = zstd::bulk::compress(raw, 1).unwrap_or_default();
        let mut payload = vec![if kind.is_some() { 2 } else { 1 }];
        for length in [raw.len(), packed.len()] {
            payload.extend_from_slice(&u32::try_from(length).unwrap_or(0).to_le_bytes());
        }
        payload.extend_from_slice(Sha256::of(&packed).as_bytes());
        if let Some((opened_by, offset, length)) = kind {
            payload.extend_from_slice(&u32::from(opened_by).to_le_bytes());
            payload.extend_from_slice(&u64::from(offset).to_le_bytes());
            payload.extend_from_slice(&u64::from(length).to_le_bytes());
            self.file_bytes += u64::from(length);
        } else {
            self.entries += 1;
        }
        self.describe(&payload);
        self.bytes.extend_from_slice(&packed);
    }

    fn end(mut self, parts: u32) -> Vec<u8> {
        let mut end = vec![3];
        end.extend_from_slice(&parts.to_le_bytes());
        end.extend_from_slice(&self.entries.to_le_bytes());
        end.extend_from_slice(&self.file_bytes.to_le_bytes());
        end.extend_from_slice(self.digest.as_bytes());
        self.describe(&end);
        self.bytes
    }
}
