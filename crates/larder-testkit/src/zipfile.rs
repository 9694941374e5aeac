//! A zip writer that can lie: the outer layer of `.conda` archives, honest or malformed.
//!
//! It writes what it is told (compressed members, wrong check sums, duplicate names) and never
//! reads a zip file. Sizes stay below 4 GiB: there is no zip64.

/// How the bytes of a member are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// As they are, which CEP 35 demands of `.conda` archives.
    Stored,
    /// As a deflate stream (of literal blocks): legal in a zip file, not in a `.conda` archive.
    Deflated,
}

/// One member of a zip file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZipMember {
    /// The name, written as it is.
    pub name: String,
    /// The uncompressed content.
    pub content: Vec<u8>,
    /// How the content is stored.
    pub method: Method,
    /// A check sum to write instead of the right one.
    pub crc32: Option<u32>,
}

impl ZipMember {
    /// A stored member with a right check sum.
    pub fn stored(name: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.into(),
            content: content.into(),
            method: Method::Stored,
            crc32: None,
        }
    }

    /// A compressed member with a right check sum.
    pub fn deflated(name: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self {
            method: Method::Deflated,
            ..Self::stored(name, content)
        }
    }

    fn data(&self) -> Vec<u8> {
        match self.method {
            Method::Stored => self.content.clone(),
            Method::Deflated => deflate(&self.content),
        }
    }

    /// The fields that the local header and the central directory share, from "version needed" on.
    fn common(&self, stored: usize) -> Vec<u8> {
        const DOS_TIME: u16 = 0;
        const DOS_DATE: u16 = (44 << 9) | (1 << 5) | 1;
        let method: u16 = if self.method == Method::Stored { 0 } else { 8 };
        let mut fields = Vec::new();
        for half in [20, 0, method, DOS_TIME, DOS_DATE] {
            fields.extend(half.to_le_bytes());
        }
        let crc = self.crc32.unwrap_or_else(|| crc32(&self.content));
        for word in [
            crc,
            word(stored),
            word(self.content.len()),
            word(self.name.len()),
        ] {
            fields.extend(word.to_le_bytes());
        }
        fields
    }
}

/// The bytes of a zip file with these members, in this order.
pub fn zip(members: &[ZipMember]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut directory = Vec::new();
    for member in members {
        let offset = word(file.len());
        let data = member.data();
        let common = member.common(data.len());
        directory.extend(*b"PK\x01\x02\x14\x03");
        directory.extend(&common);
        directory.extend([0; 6]);
        directory.extend((0o100_644_u32 << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(member.name.as_bytes());
        file.extend(*b"PK\x03\x04");
        file.extend(&common);
        file.extend(member.name.as_bytes());
        file.extend(data);
    }
    finish(file, &directory, members.len())
}

fn finish(mut file: Vec<u8>, directory: &[u8], count: usize) -> Vec<u8> {
    let start = word(file.len());
    let count = u16::try_from(count).expect("fewer than 65536 zip members");
    file.extend(directory);
    file.extend(*b"PK\x05\x06\0\0\0\0");
    file.extend(count.to_le_bytes());
    file.extend(count.to_le_bytes());
    file.extend(word(directory.len()).to_le_bytes());
    file.extend(start.to_le_bytes());
    file.extend([0, 0]);
    file
}

fn word(length: usize) -> u32 {
    u32::try_from(length).expect("a zip file below 4 GiB")
}

/// A deflate stream of stored blocks: valid for every inflater, and no compressor is needed.
fn deflate(content: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    for block in content.chunks(usize::from(u16::MAX)) {
        let length = u16::try_from(block.len()).expect("a block below 64 KiB");
        stream.push(0);
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(block);
    }
    stream.extend([1, 0, 0, 0xff, 0xff]);
    stream
}

pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let table: [u32; 256] = std::array::from_fn(|index| {
        let seed = u32::try_from(index).expect("an index below 256");
        (0..8).fold(seed, |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    });
    !bytes.iter().fold(!0, |crc, &byte| {
        (crc >> 8) ^ table[usize::from(crc as u8 ^ byte)]
    })
}
