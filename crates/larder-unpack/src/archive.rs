//! [`Archive`]: one open archive, read entry by entry.
//!
//! Never writes to disk and never calls an unpacker: what an entry becomes is the visitor's matter,
//! but each has passed the guard before the visitor sees it.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, Read, Seek as _, SeekFrom},
};

use crate::{
    Entry, EntryKind, EntryProblem, Expected, IdentityProblem, LimitKind, Limits, PackageInfo,
    RelPath, UnpackError,
    bounded::{Bounded, LimitExceeded},
    conda_zip::{CondaZip, Extent},
    guard::{Guard, Tarball},
    kept::Kept,
    tar_stream::{TarError, TarStream},
};

/// The two formats of CEP 35.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArchiveKind {
    /// `.conda`: a ZIP of two tarballs.
    Conda,
    /// `.tar.bz2`: one tarball.
    TarBz2,
}

/// An open archive. The file's bytes are expected to be verified; they are hostile all the same.
#[derive(Debug)]
pub struct Archive {
    file: File,
    package: String,
    limits: Limits,
    container: Container,
}

#[derive(Debug)]
enum Container {
    Conda(CondaZip),
    TarBz2 {
        size: u64,
        /// All of it, once it was decoded to look for `info/`, if it is not large.
        decoded: Option<Vec<u8>>,
    },
}

/// The files below `info/`, by path. `info/repodata_record.json` is never among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InfoFiles(BTreeMap<RelPath, Vec<u8>>);

impl InfoFiles {
    /// The bytes of one file, by its whole path (`info/index.json`).
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.0.get(path).map(Vec::as_slice)
    }

    /// All of them, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&RelPath, &[u8])> {
        self.0.iter().map(|(path, bytes)| (path, bytes.as_slice()))
    }

    pub(crate) fn insert(&mut self, path: RelPath, bytes: Vec<u8>) {
        self.0.insert(path, bytes);
    }
}

const BUFFER: usize = 256 << 10;

impl Archive {
    /// Opens an archive. Of a `.conda` the outer ZIP is checked here: all three members there, once,
    /// stored, of version 2, the tarballs named for one package.
    /// `label` is the package's `name-version-build`, for errors.
    ///
    /// # Errors
    /// [`UnpackError::Container`], [`UnpackError::Read`]
    pub fn new(
        file: File,
        kind: ArchiveKind,
        label: &str,
        limits: Limits,
    ) -> Result<Self, UnpackError> {
        let package = label.to_owned();
        let container = match kind {
            ArchiveKind::Conda => match CondaZip::read(&file) {
                Ok(zip) => Container::Conda(zip),
                Err(source) => return Err(UnpackError::Container { package, source }),
            },
            ArchiveKind::TarBz2 => match file.metadata() {
                Ok(metadata) => Container::TarBz2 {
                    size: metadata.len(),
                    decoded: None,
                },
                Err(error) => return Err(UnpackError::from_read(label, "", error)),
            },
        };
        Ok(Self {
            file,
            package,
            limits,
            container,
        })
    }

    /// The `name-version-build` given when it was opened.
    pub fn label(&self) -> &str {
        &self.package
    }

    /// The files below `info/`. Of a `.conda` only the info tarball is decoded; a `.tar.bz2` is
    /// decoded whole, as nothing says where in it they are.
    ///
    /// # Errors
    /// [`UnpackError`]; nothing of the archive can be trusted then.
    pub fn read_info(&mut self) -> Result<InfoFiles, UnpackError> {
        let mut files = InfoFiles::default();
        let package = self.package.clone();
        let tarballs: &[Tarball] = match self.container {
            Container::Conda(_) => &[Tarball::Info],
            Container::TarBz2 { .. } => &[Tarball::Whole],
        };
        let mut visit = |entry: Entry<'_>| {
            if entry.path.is_info() {
                keep_info(&mut files, entry, &package)?;
            }
            Ok::<_, UnpackError>(())
        };
        let mut kept = Kept::default();
        self.walk_keeping(tarballs, &mut visit, Some(&mut kept))?;
        if let Container::TarBz2 { decoded, .. } = &mut self.container {
            *decoded = kept.whole().or(decoded.take());
        }
        Ok(files)
    }

    /// Reads and validates what the archive says about itself, and that it is the package expected, unless a digest
    /// says so.
    /// The contents are not looked at: hold them against it with [`PackageInfo::confirm`].
    ///
    /// # Errors
    /// As [`Archive::read_info`], and [`UnpackError::Metadata`], [`UnpackError::Identity`].
    pub fn read_package_info(&mut self, expected: &Expected) -> Result<PackageInfo, UnpackError> {
        let files = self.read_info()?;
        self.package_info(&files, expected)
    }

    pub(crate) fn package_info(
        &self,
        files: &InfoFiles,
        expected: &Expected,
    ) -> Result<PackageInfo, UnpackError> {
        let info = PackageInfo::parse(files, &self.package)?;
        if !expected.has_digest() {
            self.check_stem(expected)
                .and_then(|()| expected.check(&info.index))
                .map_err(|source| UnpackError::Identity {
                    package: self.package.clone(),
                    source,
                })?;
        }
        Ok(info)
    }

    /// Visits every entry in the archive's order: of a `.conda` those of the pkg tarball, of a
    /// `.tar.bz2` all. After the last one links are checked once more (one may lead out through
    /// another that came later), so what was made of the entries counts only once this returns `Ok`.
    ///
    /// # Errors
    /// The first refused entry, as [`UnpackError`], or what `visit` returned.
    pub fn for_each_entry<E: From<UnpackError>>(
        &mut self,
        mut visit: impl FnMut(Entry<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let tarballs: &[Tarball] = match self.container {
            Container::Conda(_) => &[Tarball::Package],
            Container::TarBz2 { .. } => &[Tarball::Whole],
        };
        self.walk(tarballs, &mut visit)
    }

    /// As [`Archive::for_each_entry`], those of the info tarball first.
    pub(crate) fn for_each_entry_and_info<E: From<UnpackError>>(
        &mut self,
        mut visit: impl FnMut(Entry<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let tarballs: &[Tarball] = match self.container {
            Container::Conda(_) => &[Tarball::Info, Tarball::Package],
            Container::TarBz2 { .. } => &[Tarball::Whole],
        };
        self.walk(tarballs, &mut visit)
    }

    fn check_stem(&self, expected: &Expected) -> Result<(), IdentityProblem> {
        match &self.container {
            Container::Conda(zip) if zip.stem != expected.dist() => {
                Err(IdentityProblem::InnerName {
                    expected: expected.dist(),
                    found: zip.stem.escape_debug().to_string(),
                })
            }
            _ => Ok(()),
        }
    }

    fn walk<E: From<UnpackError>>(
        &self,
        tarballs: &[Tarball],
        visit: &mut dyn FnMut(Entry<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.walk_keeping(tarballs, visit, None)
    }

    /// Keeps what is decoded, for another pass.
    fn walk_keeping<E: From<UnpackError>>(
        &self,
        tarballs: &[Tarball],
        visit: &mut dyn FnMut(Entry<'_>) -> Result<(), E>,
        mut kept: Option<&mut Kept>,
    ) -> Result<(), E> {
        let mut walk = Walk {
            package: &self.package,
            limits: &self.limits,
            guard: Guard::new(self.limits.outside_links),
            info_bytes: 0,
            total: 0,
        };
        for tarball in tarballs {
            let (decoder, compressed) = self
                .decoder(*tarball)
                .map_err(|error| UnpackError::from_read(&self.package, "", error))?;
            let decoder = match kept.as_deref_mut() {
                Some(kept) if self.is_kept() => Box::new(kept.from(decoder)),
                _ => decoder,
            };
            let bounded = Bounded::new(decoder, compressed, walk.total, &self.limits);
            walk.tarball(*tarball, bounded, visit)?;
        }
        walk.guard.finish().map_err(|(path, problem)| {
            UnpackError::entry(&self.package, path.as_str().as_bytes(), problem)
        })?;
        Ok(())
    }

    /// Decoding bzip2 takes longer than all else that is done with a package; zstd does not.
    fn is_kept(&self) -> bool {
        matches!(self.container, Container::TarBz2 { decoded: None, .. })
    }

    fn decoder(&self, tarball: Tarball) -> io::Result<(Box<dyn Read + '_>, u64)> {
        let extent = match (&self.container, tarball) {
            (Container::Conda(zip), Tarball::Info) => zip.info,
            (Container::Conda(zip), _) => zip.package,
            (Container::TarBz2 { size, decoded }, _) => {
                if let Some(bytes) = decoded {
                    return Ok((Box::new(bytes.as_slice()), *size));
                }
                Extent {
                    start: 0,
                    size: *size,
                }
            }
        };
        let mut file = &self.file;
        file.seek(SeekFrom::Start(extent.start))?;
        let bytes = BufReader::with_capacity(BUFFER, file.take(extent.size));
        let decoder: Box<dyn Read + '_> = match self.container {
            Container::Conda(_) => Box::new(zstd::Decoder::with_buffer(bytes)?),
            Container::TarBz2 { .. } => Box::new(bzip2::bufread::MultiBzDecoder::new(bytes)),
        };
        Ok((decoder, extent.size))
    }
}

/// One pass over an archive.
struct Walk<'a> {
    package: &'a str,
    limits: &'a Limits,
    guard: Guard,
    info_bytes: u64,
    total: u64,
}

impl Walk<'_> {
    fn tarball<E: From<UnpackError>>(
        &mut self,
        tarball: Tarball,
        bounded: Bounded<Box<dyn Read + '_>>,
        visit: &mut dyn FnMut(Entry<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut stream = TarStream::new(BufReader::with_capacity(BUFFER, bounded));
        let mut last = Vec::new();
        loop {
            let member = match stream.next_member() {
                Ok(Some(member)) => member,
                Ok(None) => break,
                Err(TarError::Io(error)) => {
                    return Err(UnpackError::from_read(self.package, &escape(&last), error).into());
                }
                Err(TarError::Header(name, problem)) => {
                    let problem = EntryProblem::Header(problem);
                    return Err(UnpackError::entry(self.package, &name, problem).into());
                }
            };
            let admitted = self
                .guard
                .admit(tarball, &member)
                .map_err(|problem| UnpackError::entry(self.package, &member.name, problem))?;
            last.clone_from(&member.name);
            if let Some(entry) = admitted {
                self.check_limits(&entry.path, member.size)?;
                visit(Entry {
                    path: entry.path,
                    kind: entry.kind,
                    reader: &mut stream.body(),
                })?;
            }
        }
        self.total = stream.get_ref().get_ref().total();
        Ok(())
    }

    fn check_limits(&mut self, path: &RelPath, size: u64) -> Result<(), UnpackError> {
        if path.is_info() {
            self.info_bytes = self.info_bytes.saturating_add(size);
        }
        let limits = self.limits;
        let broken = [
            (LimitKind::Entries, self.guard.count(), limits.entries),
            (LimitKind::EntryBytes, size, limits.entry_bytes),
            (LimitKind::InfoBytes, self.info_bytes, limits.info_bytes),
        ]
        .into_iter()
        .find(|(_, found, limit)| found > limit);
        match broken {
            None => Ok(()),
            Some((kind, _, limit)) => Err(UnpackError::Limit {
                package: self.package.to_owned(),
                entry: escape(path.as_str().as_bytes()),
                kind,
                limit,
            }),
        }
    }
}

/// Keeps a file below `info/` in memory; its size has been bounded.
fn keep_info(files: &mut InfoFiles, entry: Entry<'_>, package: &str) -> Result<(), UnpackError> {
    if !matches!(entry.kind, EntryKind::File { .. }) {
        return Ok(());
    }
    let mut bytes = Vec::new();
    entry
        .reader
        .read_to_end(&mut bytes)
        .map_err(|error| UnpackError::from_read(package, entry.path.as_str(), error))?;
    files.insert(entry.path, bytes);
    Ok(())
}

pub(crate) fn escape(name: &[u8]) -> String {
    String::from_utf8_lossy(name).escape_debug().to_string()
}

impl UnpackError {
    /// Wraps what an entry's `reader` returned: a broken limit, or bytes that cannot be read.
    pub fn from_read(package: &str, entry: &str, source: io::Error) -> Self {
        let (package, entry) = (package.to_owned(), entry.to_owned());
        match LimitExceeded::of(&source) {
            Some(exceeded) => Self::Limit {
                package,
                entry,
                kind: exceeded.kind,
                limit: exceeded.limit,
            },
            None => Self::Read {
                package,
                entry,
                source,
            },
        }
    }

    pub(crate) fn entry(package: &str, name: &[u8], source: EntryProblem) -> Self {
        Self::Entry {
            package: package.to_owned(),
            entry: escape(name),
            source,
        }
    }
}

impl ArchiveKind {
    /// `.conda` or `.tar.bz2`, as file names in the store and in channels have it.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Conda => "conda",
            Self::TarBz2 => "tar.bz2",
        }
    }
}
