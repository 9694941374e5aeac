//! Tar streams, entry by entry, including those that no honest tool would write.
//!
//! Names and link targets go into the header as they are (`..`, absolute, 300 characters long);
//! nothing here ever touches the file system.

use std::io::{self, Read, Write};

use tar::{Builder, EntryType, Header};

use crate::archive::DEFAULT_MTIME;
use crate::must;

const NAME_FIELD: std::ops::Range<usize> = 0..100;
const LINK_FIELD: std::ops::Range<usize> = 157..257;

/// One tar entry, with exactly the given type, mode and content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RawEntry {
    /// A regular file.
    File {
        /// The bytes of the file.
        content: Vec<u8>,
        /// The permission bits, for example `0o4755`.
        mode: u32,
    },
    /// A regular file of this many zero bytes, which compresses to almost nothing.
    Zeros(u64),
    /// A symbolic link to this target.
    Symlink(String),
    /// A hard link to this earlier path of the archive.
    HardLink(String),
    /// A directory with these permission bits.
    Directory(u32),
    /// A named pipe.
    Fifo,
    /// A character device (major 1, minor 3: `/dev/null`).
    CharDevice,
    /// A block device (major 8, minor 0).
    BlockDevice,
    /// An entry of this tar type byte, with this content.
    Other(u8, Vec<u8>),
}

impl RawEntry {
    /// A regular file that everybody may read (0644).
    pub fn file(content: impl Into<Vec<u8>>) -> Self {
        Self::File {
            content: content.into(),
            mode: 0o644,
        }
    }

    /// A regular file that everybody may run (0755).
    pub fn executable(content: impl Into<Vec<u8>>) -> Self {
        Self::File {
            content: content.into(),
            mode: 0o755,
        }
    }

    fn kind(&self) -> EntryType {
        match self {
            Self::File { .. } | Self::Zeros(_) => EntryType::Regular,
            Self::Symlink(_) => EntryType::Symlink,
            Self::HardLink(_) => EntryType::Link,
            Self::Directory(_) => EntryType::Directory,
            Self::Fifo => EntryType::Fifo,
            Self::CharDevice => EntryType::Char,
            Self::BlockDevice => EntryType::Block,
            Self::Other(byte, _) => EntryType::new(*byte),
        }
    }

    fn mode(&self) -> u32 {
        match self {
            Self::File { mode, .. } | Self::Directory(mode) => *mode,
            Self::Symlink(_) => 0o777,
            _ => 0o644,
        }
    }

    fn size(&self) -> u64 {
        match self {
            Self::File { content, .. } | Self::Other(_, content) => content.len() as u64,
            Self::Zeros(size) => *size,
            _ => 0,
        }
    }

    fn target(&self) -> Option<&str> {
        match self {
            Self::Symlink(target) | Self::HardLink(target) => Some(target),
            _ => None,
        }
    }

    fn device(&self) -> Option<(u32, u32)> {
        match self {
            Self::CharDevice => Some((1, 3)),
            Self::BlockDevice => Some((8, 0)),
            _ => None,
        }
    }

    fn reader(&self) -> Box<dyn Read + '_> {
        match self {
            Self::File { content, .. } | Self::Other(_, content) => Box::new(content.as_slice()),
            Self::Zeros(size) => Box::new(io::repeat(0).take(*size)),
            _ => Box::new(io::empty()),
        }
    }
}

/// The uncompressed tar stream of `entries`, in the given order.
pub fn tar(entries: &[(String, RawEntry)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_tar(entries, &mut bytes);
    bytes
}

pub(crate) fn write_tar(entries: &[(String, RawEntry)], out: impl Write) {
    let mut builder = Builder::new(out);
    for (path, entry) in entries {
        append(&mut builder, path, entry);
    }
    must(builder.finish(), "finish a tar stream");
}

fn append(builder: &mut Builder<impl Write>, path: &str, entry: &RawEntry) {
    let mut header = blank(entry.kind(), entry.size());
    header.set_mode(entry.mode());
    set_or_extend(builder, &mut header, NAME_FIELD, path);
    if let Some(target) = entry.target() {
        set_or_extend(builder, &mut header, LINK_FIELD, target);
    }
    if let Some((major, minor)) = entry.device() {
        must(header.set_device_major(major), "set a device number");
        must(header.set_device_minor(minor), "set a device number");
    }
    header.set_cksum();
    must(
        builder.append(&header, entry.reader()),
        format_args!("append {path} to a tar stream"),
    );
}

fn blank(kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(DEFAULT_MTIME);
    header.set_uid(0);
    header.set_gid(0);
    header
}

/// Writes `text` into its header field; if it is too long, a GNU long-name entry goes before.
fn set_or_extend(
    builder: &mut Builder<impl Write>,
    header: &mut Header,
    field: std::ops::Range<usize>,
    text: &str,
) {
    if text.len() > field.len() {
        let kind = if field == NAME_FIELD {
            EntryType::GNULongName
        } else {
            EntryType::GNULongLink
        };
        let mut long = blank(kind, text.len() as u64 + 1);
        long.as_mut_bytes()[..13].copy_from_slice(b"././@LongLink");
        long.set_cksum();
        let content = [text.as_bytes(), b"\0"].concat();
        must(
            builder.append(&long, content.as_slice()),
            "append a long name to a tar stream",
        );
    }
    let short = &text.as_bytes()[..text.len().min(field.len())];
    header.as_mut_bytes()[field.start..field.start + short.len()].copy_from_slice(short);
}
