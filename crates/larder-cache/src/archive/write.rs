//! Directories to an archive.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _},
    path::PathBuf,
};

use bytes::Bytes;
use larder_digest::Sha256;
use larder_fs::PathContext as _;
use zstd::bulk::Compressor;

use super::{
    ArchiveError, Head, PART, WriteOptions, Written,
    entry::{Item, ItemKind},
    frame::{Describer, EndFrame, PartFrame, PartKind},
    header,
    plan::{Part, Plan},
    walk::walk,
    work,
};

/// Takes the archive's bytes in order. An error ends the writing.
pub type Sink<'a> = &'a mut dyn FnMut(Bytes) -> io::Result<()>;

/// Archives directories. The same trees with the same head and level give the same bytes.
///
/// # Errors
/// [`ArchiveError`]; what went to `sink` before is no archive then.
pub fn write(
    roots: &[PathBuf],
    head: &Head,
    options: &WriteOptions,
    sink: Sink<'_>,
) -> Result<Written, ArchiveError> {
    let walked = walk(roots, options.threads)?;
    let skipped = walked.skipped.clone();
    let plan = Plan::new(walked);
    let (describer, start) = Describer::start(head);
    let mut output = Output {
        sink,
        describer,
        size: 0,
        bytes: 0,
    };
    output.send(start)?;
    work::in_order(
        (plan.parts.len(), options.threads),
        || {
            let mut packer = Packer::new(&plan, options.level);
            move |number| packer.pack(number)
        },
        |_, packed| output.part(packed?),
    )?;
    let end = EndFrame {
        parts: u32::try_from(plan.parts.len()).unwrap_or(u32::MAX),
        entries: plan.items.len() as u64,
        bytes: output.bytes,
    };
    let (size, digest) = output.end(&end)?;
    Ok(Written {
        entries: end.entries,
        bytes: end.bytes,
        size,
        digest,
        skipped,
    })
}

struct Output<'a> {
    sink: Sink<'a>,
    describer: Describer,
    size: u64,
    bytes: u64,
}

impl Output<'_> {
    fn send(&mut self, bytes: impl Into<Bytes>) -> Result<(), ArchiveError> {
        let bytes = bytes.into();
        self.size += bytes.len() as u64;
        (self.sink)(bytes).map_err(ArchiveError::Stream)
    }

    fn part(&mut self, packed: Packed) -> Result<(), ArchiveError> {
        let description = self.describer.part(&packed.frame);
        self.bytes += packed.file_bytes;
        self.send(description)?;
        self.send(packed.bytes)
    }

    fn end(mut self, end: &EndFrame) -> Result<(u64, Sha256), ArchiveError> {
        let start = Describer::start(&Head {
            key: String::new(),
            version: String::new(),
            paths: Vec::new(),
        })
        .0;
        let describer = std::mem::replace(&mut self.describer, start);
        let (frame, digest) = describer.end(end);
        self.send(frame)?;
        Ok((self.size, digest))
    }
}

/// A frame that is ready.
struct Packed {
    frame: PartFrame,
    bytes: Vec<u8>,
    /// Bytes of files in it.
    file_bytes: u64,
}

/// One thread's part of the work.
struct Packer<'a> {
    plan: &'a Plan,
    compressor: io::Result<Compressor<'static>>,
    raw: Raw,
    headers: Vec<u8>,
}

impl<'a> Packer<'a> {
    fn new(plan: &'a Plan, level: i32) -> Self {
        Self {
            plan,
            compressor: Compressor::new(level),
            raw: Raw::default(),
            headers: Vec::new(),
        }
    }

    fn pack(&mut self, number: usize) -> Result<Packed, ArchiveError> {
        self.raw.used = 0;
        let mut file_bytes = 0;
        let mut kind = PartKind::Entries;
        match self.plan.parts[number].clone() {
            Part::Entries(range) => file_bytes = self.entries(range)?,
            Part::Opening(range, item) => {
                file_bytes = self.entries(range)?;
                let item = &self.plan.items[item];
                self.header(item, item.size());
            }
            Part::Body {
                item,
                opened_by,
                offset,
                length,
            } => {
                file_bytes = length;
                kind = PartKind::Body {
                    opened_by,
                    offset,
                    length,
                };
                self.body(&self.plan.items[item], offset, length)?;
            }
            Part::End => self.raw.extend(&header::END),
        }
        self.compress(kind, file_bytes)
    }

    fn compress(&mut self, kind: PartKind, file_bytes: u64) -> Result<Packed, ArchiveError> {
        let raw = &self.raw.bytes[..self.raw.used];
        let bytes = match &mut self.compressor {
            Ok(compressor) => compressor.compress(raw).map_err(ArchiveError::Stream)?,
            Err(error) => return Err(ArchiveError::Stream(io::Error::other(error.to_string()))),
        };
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        Ok(Packed {
            frame: PartFrame {
                kind,
                raw: length(raw),
                packed: length(&bytes),
                digest: Sha256::of(&bytes),
            },
            bytes,
            file_bytes,
        })
    }

    fn entries(&mut self, range: std::ops::Range<usize>) -> Result<u64, ArchiveError> {
        let mut file_bytes = 0;
        for item in &self.plan.items[range] {
            file_bytes += self.entry(item)?;
        }
        Ok(file_bytes)
    }

    fn entry(&mut self, item: &Item) -> Result<u64, ArchiveError> {
        let ItemKind::File { size } = item.kind else {
            self.header(item, 0);
            return Ok(0);
        };
        self.header(item, size);
        if size > 0 {
            let length = usize::try_from(size).unwrap_or(usize::MAX);
            let mut file = File::open(&item.path).at("open file", &item.path)?;
            read(&mut file, self.raw.grow(length), item)?;
            self.raw.grow(header::padding(size)).fill(0);
        }
        Ok(size)
    }

    fn header(&mut self, item: &Item, size: u64) {
        self.headers.clear();
        header::append(&mut self.headers, item, size);
        self.raw.extend(&self.headers);
    }

    fn body(&mut self, item: &Item, offset: u64, length: u64) -> Result<(), ArchiveError> {
        let mut file = File::open(&item.path).at("open file", &item.path)?;
        file.seek(io::SeekFrom::Start(offset))
            .at("read file", &item.path)?;
        let wanted = usize::try_from(length).unwrap_or(usize::MAX);
        read(&mut file, self.raw.grow(wanted), item)?;
        if offset + length == item.size() {
            self.raw.grow(header::padding(item.size())).fill(0);
        }
        Ok(())
    }
}

/// Exactly as many bytes as the header says: what is appended meanwhile is not seen.
fn read(file: &mut File, buffer: &mut [u8], item: &Item) -> Result<(), ArchiveError> {
    match file.read_exact(buffer) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(ArchiveError::Changed {
            path: item.path.clone(),
        }),
        done => Ok(done.at("read file", &item.path)?),
    }
}

/// A buffer that is never cleared, because clearing costs as much as reading.
#[derive(Default)]
struct Raw {
    bytes: Vec<u8>,
    used: usize,
}

impl Raw {
    /// The next bytes, to be overwritten.
    fn grow(&mut self, count: usize) -> &mut [u8] {
        let from = self.used;
        self.used += count;
        if self.bytes.len() < self.used {
            let length = self.used.max(PART + PART / 8);
            self.bytes.resize(length, 0);
        }
        &mut self.bytes[from..self.used]
    }

    fn extend(&mut self, bytes: &[u8]) {
        self.grow(bytes.len()).copy_from_slice(bytes);
    }
}
