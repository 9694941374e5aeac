//! Entries onto the disk: one thread's part of unpacking.
//!
//! Whatever an archive says, nothing is written outside the places: a name has no `..`, what it lies in
//! was made by us as a directory in a place that was empty, and nothing that is there is ever replaced.

use std::{
    collections::HashMap,
    io::{self, BufRead, Read, Write as _},
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use larder_fs::{Dir, PathError};
use larder_unpack::{Member, MemberKind, TarError, TarStream};

use super::{
    ArchiveError, EntryProblem,
    big::{BigFile, BigFiles, time},
    limits::{Allowance, LINK_BYTES},
    name::EntryName,
};

/// Where an archive is unpacked to, and what came so far.
pub(super) struct Places {
    /// One for each root, empty at first.
    pub(super) roots: Vec<Dir>,
    /// Permissions that new files do not get.
    pub(super) umask: u32,
    /// All directories with mode and time, from the first part.
    pub(super) directories: HashMap<Vec<u8>, DirectoryAttributes>,
    pub(super) big: BigFiles,
    /// Links to be made when all files are there: name and target.
    pub(super) hard_links: Mutex<Vec<(EntryName, EntryName)>>,
    /// What may still be unpacked.
    pub(super) allowance: Allowance,
}

/// What a directory is given when everything in it is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct DirectoryAttributes {
    pub(super) mode: u32,
    pub(super) modified: (u64, u32),
}

/// The key of a directory in [`Places::directories`].
pub(super) fn key(name: &EntryName) -> Vec<u8> {
    [name.root.to_string().as_bytes(), b"/", &name.path].concat()
}

impl Places {
    /// Makes the directories of the first part, which has nothing else.
    pub(super) fn make_directories(&mut self, tar: impl Read) -> Result<u64, ArchiveError> {
        let mut stream = TarStream::new(tar);
        let mut count = 0;
        while let Some(member) = next(&mut stream)? {
            self.allowance.take_entry()?;
            self.allowance.take_name(member.name.len())?;
            let refuse = |problem| ArchiveError::entry(&member.name, problem);
            if member.kind != MemberKind::Directory {
                return Err(refuse(EntryProblem::Parent));
            }
            let name = EntryName::parse(&member.name, self.roots.len()).map_err(refuse)?;
            if let Some(parent) = name.parent() {
                if !self.directories.contains_key(&key(&parent)) {
                    return Err(refuse(EntryProblem::Parent));
                }
                let path = name.below_root().map_err(refuse)?;
                let made = self.roots[name.root].create_dir(&path);
                made.map_err(|error| taken(error, &member.name))?;
            }
            let attributes = DirectoryAttributes {
                mode: member.mode & 0o777,
                modified: (member.modified, member.nanoseconds),
            };
            if self.directories.insert(key(&name), attributes).is_some() {
                return Err(refuse(EntryProblem::Duplicate));
            }
            count += 1;
        }
        if count == 0 {
            return Err(ArchiveError::Damaged("it has no directories"));
        }
        Ok(count)
    }

    /// Opens the directory an entry lies in.
    fn parent(&self, name: &EntryName) -> Result<Dir, ArchiveError> {
        let refuse = |problem| ArchiveError::entry(&name.path, problem);
        let parent = name
            .parent()
            .ok_or_else(|| refuse(EntryProblem::Duplicate))?;
        if !self.directories.contains_key(&key(&parent)) {
            return Err(refuse(EntryProblem::Parent));
        }
        let root = &self.roots[parent.root];
        if parent.path.is_empty() {
            return Ok(Dir::open(root.path())?);
        }
        Ok(root.open_dir(parent.below_root().map_err(refuse)?)?)
    }

    /// Makes the links between files, now that these are all there.
    pub(super) fn make_hard_links(&self) -> Result<(), ArchiveError> {
        let mut links = self
            .hard_links
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for (name, target) in links.drain(..) {
            let refuse = |problem| ArchiveError::entry(&name.path, problem);
            let is_known = |name: &EntryName| {
                let parent = name.parent();
                parent.is_some_and(|parent| self.directories.contains_key(&key(&parent)))
            };
            if !is_known(&target) {
                return Err(refuse(EntryProblem::LinkTarget));
            }
            let (from, to) = (self.parent(&target)?, self.parent(&name)?);
            let from_name = target.file_name().map_err(refuse)?;
            let to_name = name.file_name().map_err(refuse)?;
            // The places were empty, so every file in them is the archive's; links and directories in them
            // are no files.
            let is_file = from.stamp(&from_name).is_ok_and(|stamp| stamp.is_file());
            if !is_file {
                return Err(refuse(EntryProblem::LinkTarget));
            }
            from.hard_link(&from_name, &to, &to_name)
                .map_err(|error| taken(error, &name.path))?;
        }
        Ok(())
    }
}

/// What a thread remembers between entries.
pub(super) struct Extractor<'a> {
    places: &'a Places,
    /// The directory that was used last: entries come in the order of their names.
    last: Option<(usize, Vec<u8>, Dir)>,
    pub(super) entries: u64,
    pub(super) bytes: u64,
}

impl<'a> Extractor<'a> {
    pub(super) fn new(places: &'a Places) -> Self {
        Self {
            places,
            last: None,
            entries: 0,
            bytes: 0,
        }
    }

    /// Unpacks part `number` of an archive. What is over when it ends belongs to a file whose bytes come
    /// in parts of their own.
    pub(super) fn entries(&mut self, number: u32, tar: &[u8]) -> Result<(), ArchiveError> {
        let mut stream = TarStream::new(tar);
        while let Some(member) = next(&mut stream)? {
            self.entries += 1;
            self.places.allowance.take_entry()?;
            let name = EntryName::parse(&member.name, self.places.roots.len())
                .map_err(|problem| ArchiveError::entry(&member.name, problem))?;
            self.enter(&name)?;
            match &member.kind {
                MemberKind::File => {
                    self.bytes += member.size;
                    let mut body = stream.body();
                    let is_here = member.size == 0 || body.fill_buf().is_ok();
                    if is_here {
                        self.file(&name, &member, &mut body)?;
                    } else {
                        self.big(number, &name, &member)?;
                        return Ok(());
                    }
                }
                _ => self.other(name, &member)?,
            }
        }
        Ok(())
    }

    fn other(&mut self, name: EntryName, member: &Member) -> Result<(), ArchiveError> {
        let refuse = |problem| ArchiveError::entry(&member.name, problem);
        match &member.kind {
            MemberKind::Symlink(target) => {
                if target.is_empty() || target.len() > LINK_BYTES || target.contains(&0) {
                    return Err(refuse(EntryProblem::LinkText));
                }
                let target = larder_fs::name_of_bytes(target)
                    .ok_or_else(|| refuse(EntryProblem::LinkText))?;
                let directory = self.directory();
                let file_name = name.file_name().map_err(refuse)?;
                directory
                    .symlink(&target, &file_name)
                    .map_err(|error| taken(error, &member.name))?;
                directory.set_modified(&file_name, (member.modified, member.nanoseconds))?;
                Ok(())
            }
            MemberKind::HardLink(target) => {
                let target = EntryName::parse(target, self.places.roots.len())
                    .map_err(|_| refuse(EntryProblem::LinkTarget))?;
                let held = name.path.len() + target.path.len();
                self.places.allowance.take_name(held)?;
                let links = self.places.hard_links.lock();
                let mut links = links.unwrap_or_else(PoisonError::into_inner);
                links.push((name, target));
                Ok(())
            }
            MemberKind::Directory => Err(refuse(EntryProblem::LateDirectory)),
            _ => Err(refuse(EntryProblem::Kind)),
        }
    }

    fn file(
        &mut self,
        name: &EntryName,
        member: &Member,
        body: &mut dyn BufRead,
    ) -> Result<(), ArchiveError> {
        let (mut file, path) = self.create(name, member)?;
        let mut left = member.size;
        let at = |error: io::Error| PathError {
            operation: "write file",
            path: self.directory().path().join(&path),
            source: error,
        };
        while left > 0 {
            let bytes = body
                .fill_buf()
                .map_err(|_| ArchiveError::entry(&member.name, EntryProblem::Body))?;
            let count = bytes.len();
            file.write_all(bytes).map_err(at)?;
            body.consume(count);
            left -= count as u64;
        }
        let modified = time((member.modified, member.nanoseconds));
        file.set_modified(modified).map_err(at)?;
        Ok(())
    }

    fn big(&mut self, number: u32, name: &EntryName, member: &Member) -> Result<(), ArchiveError> {
        self.places.allowance.check_size(member.size)?;
        let (file, path) = self.create(name, member)?;
        let file = BigFile {
            name: member.name.clone(),
            path: self.directory().path().join(path),
            file,
            size: member.size,
            modified: (member.modified, member.nanoseconds),
        };
        self.places.big.open(number, file)
    }

    fn create(
        &mut self,
        name: &EntryName,
        member: &Member,
    ) -> Result<(std::fs::File, PathBuf), ArchiveError> {
        let path = name
            .file_name()
            .map_err(|problem| ArchiveError::entry(&member.name, problem))?;
        let directory = self.directory();
        let mode = member.mode & 0o777;
        let file = directory
            .create_file_as(&path, mode)
            .map_err(|error| taken(error, &member.name))?;
        if mode & self.places.umask != 0 {
            directory.set_mode(&path, mode)?;
        }
        Ok((file, path))
    }

    /// Opens the directory of an entry unless the last one was in the same.
    fn enter(&mut self, name: &EntryName) -> Result<(), ArchiveError> {
        let parent = super::name::split(&name.path).0;
        if let Some((root, path, _)) = &self.last
            && (*root, &path[..]) == (name.root, parent)
            && !name.path.is_empty()
        {
            return Ok(());
        }
        let directory = self.places.parent(name)?;
        self.last = Some((name.root, parent.to_vec(), directory));
        Ok(())
    }

    fn directory(&self) -> &Dir {
        match &self.last {
            Some((_, _, directory)) => directory,
            None => &self.places.roots[0],
        }
    }
}

/// The next member of a part, whose end is no end of an archive.
fn next<R: Read>(stream: &mut TarStream<R>) -> Result<Option<Member>, ArchiveError> {
    stream.next_member().map_err(|error| match error {
        TarError::Io(_) => ArchiveError::Damaged("a frame ends inside an entry"),
        TarError::Header(name, _) => ArchiveError::entry(&name, EntryProblem::Header),
    })
}

/// A name that is taken was taken by an entry before: the place was empty.
fn taken(error: PathError, name: &[u8]) -> ArchiveError {
    match error.kind() {
        io::ErrorKind::AlreadyExists => ArchiveError::entry(name, EntryProblem::Duplicate),
        // Names that this system takes for none: too long for it, or with bytes that it does not allow.
        io::ErrorKind::InvalidFilename | io::ErrorKind::InvalidInput => {
            ArchiveError::entry(name, EntryProblem::Name)
        }
        _ => ArchiveError::Disk(error),
    }
}
