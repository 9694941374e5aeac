//! An archive to directories.

use std::{
    collections::HashSet,
    io::{self, Read},
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
};

/// Bounds on an archive, far above what is cached.
#[derive(Debug, Clone)]
pub struct ReadLimits {
    /// Bytes of the unpacked tar.
    pub total_bytes: u64,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self {
            total_bytes: 1 << 40,
        }
    }
}

/// A frame's raw bytes; more is none of ours. The directories are one frame.
const LARGEST_FRAME: u32 = 1 << 30;

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
        let mut places = places(roots)?;
        let mut budget = Budget(limits.total_bytes, limits.total_bytes);
        let first = self.first(&mut places, &mut budget)?;
        let (end, unpacked) = self.parts(&places, threads, &mut budget)?;
        places.make_hard_links(&unpacked.files)?;
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

    /// The directories.
    fn first(&mut self, places: &mut Places, budget: &mut Budget) -> Result<u64, ArchiveError> {
        match self.next(budget)? {
            Next::Part(part) if part.frame.kind == PartKind::Entries => {
                let mut raw = Vec::new();
                unpack(&mut decompressor()?, &part, &mut raw)?;
                let count = places.make_directories(&raw)?;
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
        budget: &mut Budget,
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
            self.feed(sender, budget)
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
        budget: &mut Budget,
    ) -> Result<EndFrame, ArchiveError> {
        let mut number = 1;
        loop {
            match self.next(budget)? {
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

    fn next(&mut self, budget: &mut Budget) -> Result<Next, ArchiveError> {
        let frame = match self.descriptions.next(&mut self.reader)? {
            Frame::End(end) => return Ok(Next::End(end)),
            Frame::Part(frame) => frame,
        };
        if frame.raw > LARGEST_FRAME || frame.packed > LARGEST_FRAME {
            return Err(ArchiveError::Damaged("a frame is too large"));
        }
        budget.take(frame.raw)?;
        // Nothing is allocated by what it claims: only what comes.
        let mut packed = Vec::new();
        let wanted = u64::from(frame.packed);
        if frame.packed <= 32 << 20 {
            packed.resize(frame.packed as usize, 0);
            read_all(&mut self.reader, &mut packed)?;
        } else {
            let read = (&mut self.reader).take(wanted).read_to_end(&mut packed);
            if read.map_err(ArchiveError::Stream)? as u64 != wanted {
                return Err(ArchiveError::Damaged("it ends early"));
            }
        }
        Ok(Next::Part(PackedPart { frame, packed }))
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

/// How many bytes may still come out, of how many.
struct Budget(u64, u64);

impl Budget {
    fn take(&mut self, bytes: u32) -> Result<(), ArchiveError> {
        self.0 = self
            .0
            .checked_sub(bytes.into())
            .ok_or(ArchiveError::TooLarge { limit: self.1 })?;
        Ok(())
    }
}

#[derive(Default)]
struct Unpacked {
    entries: u64,
    bytes: u64,
    files: HashSet<Vec<u8>>,
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
            sum.files.extend(std::mem::take(&mut extractor.files));
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
    if Sha256::of(&part.packed) != part.frame.digest {
        return Err(ArchiveError::Damaged("a frame has another digest"));
    }
    raw.clear();
    raw.reserve(part.frame.raw as usize);
    let decoded = decompressor.decompress_to_buffer(&part.packed, raw);
    match decoded {
        Ok(length) if length == part.frame.raw as usize => Ok(()),
        _ => Err(ArchiveError::Damaged("a frame cannot be decoded")),
    }
}

fn places(roots: &[PathBuf]) -> Result<Places, ArchiveError> {
    let roots: Vec<Dir> = roots.iter().map(Dir::open).collect::<Result<_, _>>()?;
    let umask = roots.first().map_or(Ok(0), umask)?;
    Ok(Places {
        roots,
        umask,
        directories: std::collections::HashMap::new(),
        big: BigFiles::default(),
        hard_links: Mutex::default(),
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
