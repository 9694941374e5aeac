//! Files that are larger than a part: their pieces are decoded by several threads, and written as they
//! come.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs::File,
    io::{self, Seek as _, Write as _},
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use larder_fs::PathContext as _;

use super::{ArchiveError, EntryProblem, limits::OPEN_FILES};

/// Pieces of zeros of this size become holes.
const HOLE: usize = 64 << 10;

/// A file whose bytes come in parts of their own, open and empty.
pub(super) struct BigFile {
    /// As the archive has it.
    pub(super) name: Vec<u8>,
    pub(super) path: PathBuf,
    pub(super) file: File,
    pub(super) size: u64,
    pub(super) modified: (u64, u32),
}

/// How far a file is.
struct Progress {
    /// None once all bytes are there.
    file: Option<Arc<Mutex<BigFile>>>,
    name: Vec<u8>,
    size: u64,
    /// What was begun, by its first byte; pieces may not overlap.
    pieces: Pieces,
    written: u64,
}

#[derive(Default)]
struct State {
    files: HashMap<u32, Progress>,
    /// Parts that were unpacked: one that is here and has no file has none.
    passed: HashSet<u32>,
    /// How many files are open.
    open: usize,
    stopped: bool,
}

/// Ranges of a file that do not overlap, neighbours joined: looking one up costs the same whether they came
/// in 3 pieces or in 80,000.
#[derive(Debug, Default)]
struct Pieces(BTreeMap<u64, u64>);

impl Pieces {
    /// Adds the bytes from `start` to before `end`, unless some of them are there already.
    fn add(&mut self, start: u64, end: u64) -> bool {
        let pair = |(from, to): (&u64, &u64)| (*from, *to);
        let before = self.0.range(..=start).next_back().map(pair);
        let after = self.0.range(start..).next().map(pair);
        let is_free =
            before.is_none_or(|(_, to)| to <= start) && after.is_none_or(|(from, _)| end <= from);
        if !is_free {
            return false;
        }
        let (mut first, mut last) = (start, end);
        if let Some((from, _)) = before.filter(|(_, to)| *to == start) {
            first = from;
        }
        if let Some((from, to)) = after.filter(|(from, _)| *from == end) {
            self.0.remove(&from);
            last = to;
        }
        self.0.insert(first, last);
        true
    }
}

/// The large files of an archive by the part that has their header.
#[derive(Default)]
pub(super) struct BigFiles {
    state: Mutex<State>,
    changed: Condvar,
}

impl BigFiles {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A header was read: its file is there.
    pub(super) fn open(&self, part: u32, file: BigFile) -> Result<(), ArchiveError> {
        let progress = Progress {
            name: file.name.clone(),
            size: file.size,
            pieces: Pieces::default(),
            written: 0,
            file: Some(Arc::new(Mutex::new(file))),
        };
        let mut state = self.lock();
        state.open += 1;
        // Each has a file descriptor, of which a process has few.
        if state.open > OPEN_FILES {
            return Err(ArchiveError::Damaged("too many files in it are incomplete"));
        }
        state.files.insert(part, progress);
        drop(state);
        self.changed.notify_all();
        Ok(())
    }

    /// A part was unpacked.
    pub(super) fn pass(&self, part: u32) {
        self.lock().passed.insert(part);
        self.changed.notify_all();
    }

    /// Some part cannot be unpacked: nobody shall wait for it.
    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    /// Writes a piece of the file whose header is in part `opened_by`, which was given out before this
    /// one: some thread is at it, so waiting ends.
    pub(super) fn write(
        &self,
        opened_by: u32,
        (offset, bytes): (u64, &[u8]),
    ) -> Result<(), ArchiveError> {
        let file = self.claim(opened_by, (offset, bytes.len() as u64))?;
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        let written = write_piece(&mut file.file, offset, bytes);
        written.at("write file", &file.path)?;
        if self.count(opened_by, bytes.len() as u64) {
            file.finish().at("write file", &file.path)?;
        }
        Ok(())
    }

    /// The file, once it is there, if nobody else writes these bytes of it.
    fn claim(
        &self,
        opened_by: u32,
        (offset, length): (u64, u64),
    ) -> Result<Arc<Mutex<BigFile>>, ArchiveError> {
        let mut state = self.lock();
        let is_due = |state: &State| {
            state.stopped
                || state.files.contains_key(&opened_by)
                || state.passed.contains(&opened_by)
        };
        while !is_due(&state) {
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let Some(progress) = state.files.get_mut(&opened_by) else {
            return Err(ArchiveError::Damaged("bytes come without a header"));
        };
        let wrong = || ArchiveError::entry(&progress.name, EntryProblem::Body);
        let end = offset.checked_add(length).ok_or_else(wrong)?;
        let file = progress.file.clone().ok_or_else(wrong)?;
        if length == 0 || end > progress.size || !progress.pieces.add(offset, end) {
            return Err(ArchiveError::entry(&progress.name, EntryProblem::Body));
        }
        Ok(file)
    }

    /// Whether all bytes are there now.
    fn count(&self, opened_by: u32, length: u64) -> bool {
        let mut state = self.lock();
        let Some(progress) = state.files.get_mut(&opened_by) else {
            return false;
        };
        progress.written += length;
        let is_whole = progress.written == progress.size;
        if is_whole {
            // Closes it, once whoever called is done: there may be more of them than open files.
            progress.file = None;
            state.open -= 1;
        }
        is_whole
    }

    /// To be called when all parts are done: every file must have all its bytes.
    pub(super) fn finish(self) -> Result<(), ArchiveError> {
        let state = self.state.into_inner();
        let state = state.unwrap_or_else(PoisonError::into_inner);
        match state.files.values().find(|file| file.file.is_some()) {
            Some(file) => Err(ArchiveError::entry(&file.name, EntryProblem::Body)),
            None => Ok(()),
        }
    }
}

impl BigFile {
    fn finish(&self) -> io::Result<()> {
        self.file.set_len(self.size)?;
        self.file.set_modified(time(self.modified))
    }
}

/// The time of so many seconds and nanoseconds after 1970.
pub(super) fn time((seconds, nanoseconds): (u64, u32)) -> SystemTime {
    let after = Duration::from_secs(seconds) + Duration::from_nanos(nanoseconds.into());
    SystemTime::UNIX_EPOCH
        .checked_add(after)
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

fn write_piece(file: &mut File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    let mut at = offset;
    let mut is_there = false;
    for chunk in bytes.chunks(HOLE) {
        let is_hole = chunk.len() == HOLE && chunk.iter().all(|byte| *byte == 0);
        if !is_hole {
            if !is_there {
                file.seek(io::SeekFrom::Start(at))?;
            }
            file.write_all(chunk)?;
        }
        is_there = !is_hole;
        at += chunk.len() as u64;
    }
    Ok(())
}
