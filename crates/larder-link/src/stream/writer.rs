//! One archive's entries into the environment: hashed as they are decoded, rewritten in memory where
//! the plan says so, made with the mode they keep.
//!
//! Files are made by their whole path below one open directory; the directories are all there, and
//! none of them is a link. What was not granted is only hashed.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufRead, Read as _, Write as _},
    path::Path,
    time::{Duration, UNIX_EPOCH},
};

use larder_digest::{Hasher, Sha256};
use larder_event::Reporter;
use larder_fs::{Dir, PathContext as _, PathError};
use larder_unpack::{Archive, Content, Contents, Entry, EntryKind, RelPath, UnpackError};
use rattler_conda_types::Subdir;

use crate::{
    ApplyError, codesign,
    plan::{Action, PlannedPackage, PlannedPath},
    rewritten::{REWRITTEN_BYTES, Unfit, rewritten},
};

use super::{
    failure::{Failure, below},
    links::Links,
};

/// Where everything goes.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    pub(super) root: &'p Dir,
    /// As it is written into files.
    pub(super) prefix: &'p str,
    pub(super) subdir: Subdir,
    /// Who is told of a file that was there; nobody where that is meant to be.
    pub(super) reporter: Option<&'p dyn Reporter>,
}

impl Place<'_> {
    /// Makes something at a path; if the name is taken, in place of what is there. Each path is granted
    /// once, so that is one that differs in letter case only, where that does not count; or, when
    /// packages are settled at the end, what a package wrote that does not win.
    pub(super) fn replacing<T>(
        &self,
        path: &str,
        make: impl Fn() -> Result<T, PathError>,
    ) -> Result<T, PathError> {
        match make() {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.root.remove_file(path)?;
                if let Some(reporter) = self.reporter {
                    let text = format!("`{path}` took the place of a file that was there");
                    reporter.warn("link::replaced-file", text);
                }
                make()
            }
            other => other,
        }
    }
}

/// What an archive came to.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) contents: Contents,
    /// Digest and size of what was rewritten, by planned path.
    pub(super) changed: HashMap<usize, (Sha256, u64)>,
    pub(super) bytes: u64,
}

pub(super) struct Writer<'w> {
    pub(super) place: Place<'w>,
    pub(super) package: &'w PlannedPackage<'w>,
    /// For each planned path whether it is to be written.
    wanted: &'w [bool],
    is_confirmed: bool,
    /// Planned paths by what the archive calls them.
    index_of: HashMap<&'w str, usize>,
    /// Python uses a package's bytecode only while its source has the time that is noted in it.
    keeps_times: bool,
    links: Links,
    pub(super) outcome: Outcome,
}

impl<'w> Writer<'w> {
    /// Of a package whose list is confirmed, no digest is computed.
    pub(super) fn new(
        place: Place<'w>,
        (package, wanted, is_confirmed): (&'w PlannedPackage<'w>, &'w [bool], bool),
    ) -> Self {
        let listed = |(index, path): (usize, &'w PlannedPath<'w>)| {
            path.entry.map(|entry| (entry.path.as_str(), index))
        };
        let is_bytecode = |path: &PlannedPath<'_>| path.path.ends_with(".pyc");
        Self {
            place,
            package,
            wanted,
            is_confirmed,
            index_of: package
                .paths
                .iter()
                .enumerate()
                .filter_map(listed)
                .collect(),
            keeps_times: package.paths.iter().any(is_bytecode),
            links: Links::default(),
            outcome: Outcome::default(),
        }
    }

    /// Reads the whole archive, and once more those of its entries that hard links need.
    pub(super) fn run(mut self, archive: &mut Archive) -> Result<Outcome, Failure> {
        archive.for_each_entry(|entry| self.entry(entry))?;
        let links = std::mem::take(&mut self.links);
        links.write(&mut self, archive)?;
        Ok(self.outcome)
    }

    fn entry(&mut self, entry: Entry<'_>) -> Result<(), Failure> {
        if entry.path.is_info() {
            return Ok(());
        }
        let Some(index) = self.index_of(&entry.path) else {
            return self.unlisted(entry);
        };
        let content = match entry.kind {
            EntryKind::Directory => Content::Directory,
            EntryKind::File {
                executable,
                modified,
                ..
            } => self.file(index, entry.reader, (executable, modified))?,
            EntryKind::Symlink { target } => {
                self.symlink(index, &target)?;
                Content::Symlink { target }
            }
            EntryKind::HardLink { to } => {
                self.links.add(entry.path, to);
                return Ok(());
            }
        };
        self.outcome.contents.insert(entry.path, content);
        Ok(())
    }

    /// It never enters an environment; but the directories above it are in the archive, and a hard link
    /// may lead to it.
    fn unlisted(&mut self, entry: Entry<'_>) -> Result<(), Failure> {
        if let EntryKind::HardLink { to } = entry.kind {
            self.links.add(entry.path, to);
        } else {
            self.outcome.contents.insert(entry.path, Content::Directory);
        }
        Ok(())
    }

    pub(super) fn index_of(&self, path: &RelPath) -> Option<usize> {
        self.index_of.get(path.as_str()).copied()
    }

    /// Whether a file is to be written at a planned path.
    pub(super) fn writes_file(&self, index: usize) -> bool {
        let action = &self.package.paths[index].action;
        self.wanted[index] && !matches!(action, Action::Directory | Action::Symlink { .. })
    }

    fn is_rewritten(&self, index: usize) -> bool {
        let action = &self.package.paths[index].action;
        matches!(
            action,
            Action::RewriteText { .. } | Action::RewriteBinary { .. }
        )
    }

    fn symlink(&self, index: usize, target: &str) -> Result<(), Failure> {
        let planned = &self.package.paths[index];
        if !self.wanted[index] || !matches!(planned.action, Action::Symlink { .. }) {
            return Ok(());
        }
        let root = self.place.root;
        self.place
            .replacing(&planned.path, || root.symlink(target, &*planned.path))
            .map_err(|source| self.failed(source))
    }

    /// A file of the archive, written if it is wanted.
    fn file(
        &mut self,
        index: usize,
        reader: &mut dyn BufRead,
        (executable, modified): (bool, u64),
    ) -> Result<Content, Failure> {
        if self.writes_file(index) && self.is_rewritten(index) {
            let mut bytes = Vec::new();
            // Held whole: the bound on entries is far above what memory should go to one.
            let read = (&mut *reader)
                .take(REWRITTEN_BYTES + 1)
                .read_to_end(&mut bytes);
            let read = read.map_err(|error| self.unreadable(index, error))?;
            if read as u64 > REWRITTEN_BYTES {
                let planned = &self.package.paths[index];
                return Err(Unfit::large(read).of(self.package.package, planned).into());
            }
            return self.bytes(index, bytes, executable);
        }
        let mut file = if self.writes_file(index) {
            Some(self.create(index, executable)?)
        } else {
            None
        };
        let content = self.copy(index, reader, (&mut file, executable))?;
        let path: &str = &self.package.paths[index].path;
        if let Some(file) = file.filter(|_| self.keeps_times && path.ends_with(".py")) {
            let time = UNIX_EPOCH.checked_add(Duration::from_secs(modified));
            file.set_modified(time.unwrap_or(UNIX_EPOCH))
                .at("set time of", path)
                .map_err(|source| self.failed(source))?;
        }
        Ok(content)
    }

    fn copy(
        &mut self,
        index: usize,
        reader: &mut dyn BufRead,
        (file, executable): (&mut Option<File>, bool),
    ) -> Result<Content, Failure> {
        let listed = self.listed(index);
        let mut hasher = Hasher::sha256();
        let mut size = 0;
        loop {
            // As it was decoded: no byte is copied before it is written.
            let bytes = reader
                .fill_buf()
                .map_err(|error| self.unreadable(index, error))?;
            if bytes.is_empty() {
                break;
            }
            if listed.is_none() {
                hasher.update(bytes);
            }
            if let Some(file) = file {
                file.write_all(bytes)
                    .at("write file", Path::new(&*self.package.paths[index].path))
                    .map_err(|source| self.failed(source))?;
            }
            let count = bytes.len();
            size += count as u64;
            reader.consume(count);
        }
        if file.is_some() {
            self.outcome.bytes += size;
        }
        Ok(Content::File {
            sha256: listed.unwrap_or_else(|| hasher.finish().sha256),
            size,
            executable,
        })
    }

    /// The digest of a file that need not be computed.
    fn listed(&self, index: usize) -> Option<Sha256> {
        let entry = self.package.paths[index].entry?;
        entry.sha256.filter(|_| self.is_confirmed)
    }

    /// A file whose bytes are all there: written in its final form if it is wanted.
    pub(super) fn bytes(
        &mut self,
        index: usize,
        bytes: Vec<u8>,
        executable: bool,
    ) -> Result<Content, Failure> {
        let content = match self.listed(index) {
            Some(sha256) => Content::File {
                sha256,
                size: bytes.len() as u64,
                executable,
            },
            None => content_of(&bytes, executable),
        };
        if !self.writes_file(index) {
            return Ok(content);
        }
        let planned = &self.package.paths[index];
        let bytes = rewritten(bytes, planned, (self.place.prefix, self.place.subdir))
            .map_err(|too_long| too_long.of(self.package.package, planned))?;
        let mut file = self.create(index, executable)?;
        file.write_all(&bytes)
            .at("write file", Path::new(&*planned.path))
            .map_err(|source| self.failed(source))?;
        drop(file);
        self.outcome.bytes += bytes.len() as u64;
        if self.is_rewritten(index) {
            self.note_changed(index, &bytes, executable)?;
        }
        Ok(content)
    }

    fn note_changed(
        &mut self,
        index: usize,
        bytes: &[u8],
        executable: bool,
    ) -> Result<(), Failure> {
        let planned = &self.package.paths[index];
        let is_binary = matches!(planned.action, Action::RewriteBinary { .. });
        let changed = if is_binary && codesign::is_needed(self.place.subdir, executable, bytes) {
            let path = self.place.root.path().join(&*planned.path);
            let signed = codesign::sign(&path).and_then(|()| self.place.root.read(&*planned.path));
            digest_of(&signed.map_err(|source| self.failed(source))?)
        } else {
            digest_of(bytes)
        };
        self.outcome.changed.insert(index, changed);
        Ok(())
    }

    fn create(&self, index: usize, executable: bool) -> Result<File, Failure> {
        let path: &str = &self.package.paths[index].path;
        self.place
            .replacing(path, || self.place.root.create_file(path, executable))
            .map_err(|source| self.failed(source))
    }

    pub(super) fn failed(&self, source: PathError) -> Failure {
        Failure::Apply(ApplyError::File {
            package: self.package.package.dist(),
            source: below(self.place.root, source),
        })
    }

    pub(super) fn unreadable(&self, index: usize, error: io::Error) -> Failure {
        let path: &str = &self.package.paths[index].path;
        UnpackError::from_read(&self.package.package.dist(), path, error).into()
    }
}

fn content_of(bytes: &[u8], executable: bool) -> Content {
    let (sha256, size) = digest_of(bytes);
    Content::File {
        sha256,
        size,
        executable,
    }
}

pub(super) fn digest_of(bytes: &[u8]) -> (Sha256, u64) {
    let mut hasher = Hasher::sha256();
    hasher.update(bytes);
    (hasher.finish().sha256, bytes.len() as u64)
}
