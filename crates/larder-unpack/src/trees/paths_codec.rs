//! The paths of a tree and the stamps of its files as bytes: what takes longest to read of an index, so
//! it is read without any generic machinery, and a path repeats nothing of the one before it.
//!
//! Numbers are little endian. Nothing is trusted: what does not fit is no list. It is the digest around it
//! that tells a damaged list from one that is right.

use larder_digest::Sha256;
use larder_fs::Stamp;

use crate::{FileMode, PathEntry, PathKind, Placeholder, RelPath};

const KIND: u8 = 0b11;
const NO_LINK: u8 = 1 << 2;
const EXECUTABLE: u8 = 1 << 3;
const SHA256: u8 = 1 << 4;
const LINK: u8 = 1 << 5;
const PREFIX: u8 = 1 << 6;
const STAMP: u8 = 1 << 7;

const SHA256_LENGTH: usize = 32;

/// Bytes of an entry without anything.
const SHORTEST: usize = 17;

/// Bytes of an entry of ordinary length.
const USUAL: usize = 128;

/// For each path: flags, size, how many bytes it shares with the one before, the rest of it, and what the
/// flags say is there.
pub(super) fn encode(paths: &[PathEntry], stamps: &[Option<Stamp>]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(paths.len() * USUAL);
    put_length(&mut bytes, paths.len());
    let mut last = "";
    for (index, entry) in paths.iter().enumerate() {
        let path = entry.path.as_str();
        let stamp = stamps.get(index).and_then(Option::as_ref);
        bytes.push(flags(entry, stamp));
        bytes.extend(entry.size.to_le_bytes());
        let shared = shared(last, path);
        put_length(&mut bytes, shared);
        put_text(&mut bytes, &path[shared..]);
        if let Some(sha256) = &entry.sha256 {
            bytes.extend(sha256.as_bytes());
        }
        if let Some(target) = &entry.link_target {
            put_text(&mut bytes, target);
        }
        if let Some(placeholder) = &entry.prefix {
            bytes.push(u8::from(placeholder.mode == FileMode::Binary));
            put_text(&mut bytes, &placeholder.text);
        }
        if let Some(stamp) = stamp {
            put_stamp(&mut bytes, stamp);
        }
        last = path;
    }
    bytes
}

/// What [`encode`] was given; none for anything else.
pub(super) fn decode(bytes: &[u8]) -> Option<(Vec<PathEntry>, Vec<Option<Stamp>>)> {
    let mut reader = Reader(bytes);
    let count = reader.length()?;
    // Whatever the number says, no list is longer than its bytes allow.
    let capacity = count.min(bytes.len() / SHORTEST);
    let mut paths: Vec<PathEntry> = Vec::with_capacity(capacity);
    let mut stamps = Vec::with_capacity(capacity);
    for _ in 0..count {
        let last = paths.last().map_or("", |entry| entry.path.as_str());
        let (entry, stamp) = reader.entry(last)?;
        paths.push(entry);
        stamps.push(stamp);
    }
    reader.0.is_empty().then_some((paths, stamps))
}

fn flags(entry: &PathEntry, stamp: Option<&Stamp>) -> u8 {
    let kind = match entry.kind {
        PathKind::File => 0,
        PathKind::Softlink => 1,
        PathKind::Directory => 2,
    };
    let flag = |bit, is_set: bool| if is_set { bit } else { 0 };
    kind | flag(NO_LINK, entry.no_link)
        | flag(EXECUTABLE, entry.executable)
        | flag(SHA256, entry.sha256.is_some())
        | flag(LINK, entry.link_target.is_some())
        | flag(PREFIX, entry.prefix.is_some())
        | flag(STAMP, stamp.is_some())
}

/// How many bytes two paths have in common, whole characters.
fn shared(one: &str, other: &str) -> usize {
    let same = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b);
    let mut count = same.count();
    while !other.is_char_boundary(count) {
        count -= 1;
    }
    count
}

fn put_length(bytes: &mut Vec<u8>, length: usize) {
    // Nothing here is that long: paths are short, and archives bounded.
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    bytes.extend(length.to_le_bytes());
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put_length(bytes, text.len());
    bytes.extend(text.as_bytes());
}

fn put_stamp(bytes: &mut Vec<u8>, stamp: &Stamp) {
    bytes.extend(stamp.size.to_le_bytes());
    bytes.extend(stamp.seconds.to_le_bytes());
    bytes.extend(stamp.nanoseconds.to_le_bytes());
    bytes.extend(stamp.inode.to_le_bytes());
    bytes.extend(stamp.mode.to_le_bytes());
}

/// What is left to read.
struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn entry(&mut self, last: &str) -> Option<(PathEntry, Option<Stamp>)> {
        let [flags] = self.array()?;
        let has = |flag| flags & flag != 0;
        let size = u64::from_le_bytes(self.array()?);
        let path = self.path(last)?;
        let sha256 = if has(SHA256) {
            Some(Sha256::from_bytes(self.array::<SHA256_LENGTH>()?))
        } else {
            None
        };
        let link_target = if has(LINK) {
            Some(self.text()?.to_owned())
        } else {
            None
        };
        let prefix = if has(PREFIX) {
            Some(self.placeholder()?)
        } else {
            None
        };
        let stamp = if has(STAMP) {
            Some(self.stamp()?)
        } else {
            None
        };
        let entry = PathEntry {
            path,
            kind: kind(flags)?,
            prefix,
            no_link: has(NO_LINK),
            sha256,
            size,
            executable: has(EXECUTABLE),
            link_target,
        };
        Some((entry, stamp))
    }

    fn path(&mut self, last: &str) -> Option<RelPath> {
        let shared = self.length()?;
        let start = last.get(..shared)?;
        let rest = self.text()?;
        let mut path = String::with_capacity(start.len() + rest.len());
        path.push_str(start);
        path.push_str(rest);
        RelPath::try_from(path).ok()
    }

    fn placeholder(&mut self) -> Option<Placeholder> {
        let mode = match self.array()? {
            [0] => FileMode::Text,
            [1] => FileMode::Binary,
            _ => return None,
        };
        let text = self.text()?.to_owned();
        Some(Placeholder { text, mode })
    }

    fn stamp(&mut self) -> Option<Stamp> {
        Some(Stamp {
            size: u64::from_le_bytes(self.array()?),
            seconds: i64::from_le_bytes(self.array()?),
            nanoseconds: u32::from_le_bytes(self.array()?),
            inode: u64::from_le_bytes(self.array()?),
            mode: u32::from_le_bytes(self.array()?),
        })
    }

    fn text(&mut self) -> Option<&'b str> {
        let length = self.length()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(u32::from_le_bytes(self.array()?)).ok()
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }
}

fn kind(flags: u8) -> Option<PathKind> {
    match flags & KIND {
        0 => Some(PathKind::File),
        1 => Some(PathKind::Softlink),
        2 => Some(PathKind::Directory),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
