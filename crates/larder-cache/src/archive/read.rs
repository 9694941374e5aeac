//! An archive to directories.

use std::{
    io::{self, BufReader, Read},
    path::PathBuf,
    sync::{
        Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use larder_digest::Sha256;
use larder_fs::{Dir, Stamp};
use zstd::bulk::Decompressor;

use super::{
    ArchiveError, Head,
    big::BigFiles,
    extract::{Extractor, Places},
    finish,
    frame::{Descriptions, EndFrame, Frame, PartFrame, PartKind, read_all},
    limits::{
        Allowance, BODY_FRAME_BYTES, DIRECTORIES_FRAME_BYTES, DIRECTORIES_PACKED_BYTES,
        ENTRIES_FRAME_BYTES, ReadLimits, WINDOW_LOG,
    },
};

/// What was unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extracted {
    /// How many files, links and directories.
    pub entries: u64,
    /// Bytes of all files.
    pub bytes: u64,
}

/// An archive whose head was read.
pub struct OpenArchive<R> {
    reader: R,
    descriptions: Descriptions,
    head: Head,
}

impl<R: Read> OpenArchive<R> {
    /// Reads the head of an archive that may be anything.
    ///
    /// # Errors
    /// [`ArchiveError::Damaged`] if it is none, [`ArchiveError::Stream`] if it cannot be read.
    pub fn open(mut reader: R) -> Result<Self, ArchiveError> {
        let (descriptions, head) = Descriptions::start(&mut reader)?;
        Ok(Self {
            reader,
            descriptions,
            head,
        })
    }

    /// What it says of itself: nothing that could be trusted.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Unpacks it into directories that exist, are empty and nobody else's, one for each root.
    ///
    /// # Errors
    /// [`ArchiveError`]; there may be anything in the directories then.
    pub fn extract(
        mut self,
        roots: &[PathBuf],
        (threads, limits): (usize, &ReadLimits),
    ) -> Result<Extracted, ArchiveError> {
        if roots.len() != self.head.paths.len() {
            return Err(ArchiveError::Damaged("it has another number of paths"));
        }
        let mut places = places(roots, limits)?;
        let first = self.first(&mut places)?;
        let (end, unpacked) = self.parts(&places, threads)?;
        places.make_hard_links()?;
        finish::finish_directories(&places)?;
        places.big.finish()?;
        let extracted = Extracted {
            entries: first + unpacked.entries,
            bytes: unpacked.bytes,
        };
        if (end.entries, end.bytes) != (extracted.entries, extracted.bytes) {
            return Err(ArchiveError::Damaged("it has not what its end says"));
        }
        Ok(extracted)
    }

    /// The directories. Decoded as a stream: there may be a gigabyte of headers in a few kilobytes.
    fn first(&mut self, places: &mut Places) -> Result<u64, ArchiveError> {
        let bounds = FrameBounds {
            raw: DIRECTORIES_FRAME_BYTES,
            packed: DIRECTORIES_PACKED_BYTES,
        };
        match self.next(&places.allowance, Some(bounds))? {
            Next::Part(part) if part.frame.kind == PartKind::Entries => {
                part.check_digest()?;
                let raw = u64::from(part.frame.raw);
                let mut decoder = zstd::stream::read::Decoder::with_buffer(&part.packed[..])
                    .map_err(ArchiveError::Stream)?;
                decoder
                    .window_log_max(WINDOW_LOG)
                    .map_err(ArchiveError::Stream)?;
                let mut decoded = BufReader::with_capacity(64 << 10, decoder.take(raw + 1));
                let count = places.make_directories(&mut decoded)?;
                let rest = io::copy(&mut decoded, &mut io::sink());
                // All that was declared, and nothing more.
                if rest.is_err() || decoded.get_ref().limit() != 1 {
                    return Err(ArchiveError::Damaged("a frame cannot be decoded"));
                }
                places.big.pass(0);
                Ok(count)
            }
            _ => Err(ArchiveError::Damaged("it has no directories")),
        }
    }

    /// Everything else, by several threads; this one reads.
    fn parts(
        &mut self,
        places: &Places,
        threads: usize,
    ) -> Result<(EndFrame, Unpacked), ArchiveError> {
        let threads = threads.max(1);
        let (sender, receiver) = sync_channel::<(u32, PackedPart)>(threads);
        let shared = Shared {
            parts: Mutex::new(Some(receiver)),
            unpacked: Mutex::new(Ok(Unpacked::default())),
        };
        let end = thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| work(places, &shared));
            }
            self.feed(sender, &places.allowance)
        });
        let unpacked = shared
            .unpacked
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)?;
        Ok((end?, unpacked))
    }

    fn feed(
        &mut self,
        sender: SyncSender<(u32, PackedPart)>,
        allowance: &Allowance,
    ) -> Result<EndFrame, ArchiveError> {
        let mut number = 1;
        loop {
            match self.next(allowance, None)? {
                // The threads are gone if one of them failed: its error is the one that counts.
                Next::Part(part) => match sender.send((number, part)) {
                    Ok(()) => number += 1,
                    Err(_) => return Err(ArchiveError::Damaged("it was given up")),
                },
                Next::End(end) if end.parts == number => return Ok(end),
                Next::End(_) => return Err(ArchiveError::Damaged("parts of it are missing")),
            }
        }
    }

    /// The next frame; `bounds` where they are others than its kind's.
    fn next(
        &mut self,
        allowance: &Allowance,
        bounds: Option<FrameBounds>,
    ) -> Result<Next, ArchiveError> {
        let frame = match self.descriptions.next(&mut self.reader)? {
            Frame::End(end) => return Ok(Next::End(end)),
            Frame::Part(frame) => frame,
        };
        let bounds = bounds.unwrap_or_else(|| FrameBounds::of(frame.kind));
        if u64::from(frame.raw) > bounds.raw || u64::from(frame.packed) > bounds.packed {
            return Err(ArchiveError::Damaged("a frame is too large"));
        }
        allowance.take_bytes(frame.raw.into())?;
        let mut packed = vec![0; frame.packed as usize];
        read_all(&mut self.reader, &mut packed)?;
        Ok(Next::Part(PackedPart { frame, packed }))
    }
}

/// How large a frame may be.
struct FrameBounds {
    raw: u64,
    packed: u64,
}

impl FrameBounds {
    fn of(kind: PartKind) -> Self {
        let raw = match kind {
            PartKind::Entries => ENTRIES_FRAME_BYTES,
            PartKind::Body { .. } => BODY_FRAME_BYTES,
        };
        // What cannot be compressed becomes a little longer.
        let packed = raw + raw / 128 + 1024;
        Self { raw, packed }
    }
}

enum Next {
    Part(PackedPart),
    End(EndFrame),
}

struct PackedPart {
    frame: PartFrame,
    packed: Vec<u8>,
}

impl PackedPart {
    fn check_digest(&self) -> Result<(), ArchiveError> {
        if Sha256::of(&self.packed) == self.frame.digest {
            Ok(())
        } else {
            Err(ArchiveError::Damaged("a frame has another digest"))
        }
    }
}

#[derive(Default)]
struct Unpacked {
    entries: u64,
    bytes: u64,
}

struct Shared {
    /// None once a thread failed: then nobody takes any more.
    parts: Mutex<Option<Receiver<(u32, PackedPart)>>>,
    unpacked: Mutex<Result<Unpacked, ArchiveError>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn work(places: &Places, shared: &Shared) {
    let mut extractor = Extractor::new(places);
    let done = unpack_all(places, shared, &mut extractor);
    let mut unpacked = lock(&shared.unpacked);
    match (done, &mut *unpacked) {
        (Ok(()), Ok(sum)) => {
            sum.entries += extractor.entries;
            sum.bytes += extractor.bytes;
        }
        (Err(error), Ok(_)) => {
            *unpacked = Err(error);
            drop(unpacked);
            lock(&shared.parts).take();
            places.big.stop();
        }
        (_, Err(_)) => {}
    }
}

fn unpack_all(
    places: &Places,
    shared: &Shared,
    extractor: &mut Extractor<'_>,
) -> Result<(), ArchiveError> {
    let mut decompressor = decompressor()?;
    let mut raw = Vec::new();
    loop {
        let taken = lock(&shared.parts).as_ref().map(Receiver::recv);
        let Some(Ok((number, part))) = taken else {
            return Ok(());
        };
        unpack(&mut decompressor, &part, &mut raw)?;
        match part.frame.kind {
            PartKind::Entries => extractor.entries(number, &raw)?,
            PartKind::Body {
                opened_by,
                offset,
                length,
            } => {
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                let bytes = raw
                    .get(..length)
                    .filter(|_| opened_by < number)
                    .ok_or(ArchiveError::Damaged("a frame is shorter than it says"))?;
                places.big.write(opened_by, (offset, bytes))?;
            }
        }
        places.big.pass(number);
    }
}

fn decompressor() -> Result<Decompressor<'static>, ArchiveError> {
    Decompressor::new().map_err(ArchiveError::Stream)
}

/// Compares a part with its digest and decodes it.
fn unpack(
    decompressor: &mut Decompressor<'_>,
    part: &PackedPart,
    raw: &mut Vec<u8>,
) -> Result<(), ArchiveError> {
    part.check_digest()?;
    raw.clear();
    raw.reserve(part.frame.raw as usize);
    let decoded = decompressor.decompress_to_buffer(&part.packed, raw);
    match decoded {
        Ok(length) if length == part.frame.raw as usize => Ok(()),
        _ => Err(ArchiveError::Damaged("a frame cannot be decoded")),
    }
}

fn places(roots: &[PathBuf], limits: &ReadLimits) -> Result<Places, ArchiveError> {
    let roots: Vec<Dir> = roots.iter().map(Dir::open).collect::<Result<_, _>>()?;
    let umask = roots.first().map_or(Ok(0), umask)?;
    Ok(Places {
        roots,
        umask,
        directories: std::collections::HashMap::new(),
        big: BigFiles::default(),
        hard_links: Mutex::default(),
        allowance: Allowance::new(limits),
    })
}

/// What new files do not get, found by making one: asking for the umask would change it for other threads.
fn umask(directory: &Dir) -> Result<u32, ArchiveError> {
    const PROBE: &str = ".larder-probe";
    let file = directory.create_file_as(PROBE, 0o777)?;
    let mode = Stamp::of(&file).map_or(0o777, |stamp| stamp.mode & 0o777);
    directory.remove_file(PROBE)?;
    Ok(0o777 & !mode)
}

impl From<ArchiveError> for io::Error {
    fn from(error: ArchiveError) -> Self {
        Self::other(error)
    }
}
