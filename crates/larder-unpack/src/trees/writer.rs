//! Writing an archive's entries into a new directory, hashing on the way.
//!
//! Files are made relative to open directory handles, always new, never through a link, with the mode
//! they keep: no chmod, no flush, and times only for Python sources.

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    time::{Duration, UNIX_EPOCH},
};

use larder_digest::Hasher;
use larder_fs::{Dir, PathContext as _, PathError};

use crate::{
    Archive, Content, Contents, Entry, EntryKind, Expected, InfoFiles, PackageInfo, RelPath,
    UnpackError,
};

mod directories;

use directories::Directories;

/// Small files, almost all of them, are one read and one write.
const BUFFER: usize = 256 << 10;

/// Unpacks `archive` into the empty directory `root` and checks everything that can be checked.
pub(super) fn write_tree(
    mut archive: Archive,
    root: &Path,
    expected: &Expected,
    record_json: Option<&str>,
) -> Result<PackageInfo, UnpackError> {
    let package = archive.label().to_owned();
    let root = Dir::open(root).map_err(|source| write_error(&package, ".", source))?;
    let mut writer = Writer {
        package: &package,
        directories: Directories::new(root),
        contents: Contents::default(),
        info: InfoFiles::default(),
        buffer: vec![0; BUFFER],
    };
    archive.for_each_entry_and_info(|entry| writer.write(entry))?;
    if let Some(json) = record_json {
        writer.write_record(json)?;
    }
    let Writer { contents, info, .. } = writer;
    let mut info = archive.package_info(&info, expected)?;
    info.confirm(&contents, &package)?;
    Ok(info)
}

struct Writer<'a> {
    package: &'a str,
    directories: Directories,
    contents: Contents,
    info: InfoFiles,
    buffer: Vec<u8>,
}

impl Writer<'_> {
    fn write(&mut self, entry: Entry<'_>) -> Result<(), UnpackError> {
        let path = entry.path.clone();
        let content = match entry.kind {
            EntryKind::File {
                executable,
                modified,
                ..
            } => Some(self.file(entry, executable, modified)?),
            EntryKind::Directory => {
                self.at(&path, |directories| {
                    directories.make(path.as_str()).map(drop)
                })?;
                Some(Content::Directory)
            }
            EntryKind::Symlink { target } => {
                self.at(&path, |directories| {
                    directories
                        .parent_of(&path)?
                        .symlink(&target, path.file_name())
                })?;
                Some(Content::Symlink { target })
            }
            EntryKind::HardLink { to } => {
                self.at(&path, |directories| directories.hard_link(&to, &path))?;
                self.contents.get(to.as_str()).cloned()
            }
        };
        if let Some(content) = content.filter(|_| !path.is_info()) {
            self.contents.insert(path, content);
        }
        Ok(())
    }

    fn file(
        &mut self,
        entry: Entry<'_>,
        executable: bool,
        modified: u64,
    ) -> Result<Content, UnpackError> {
        let Entry { path, reader, .. } = entry;
        let mut file = self.at(&path, |directories| {
            directories
                .parent_of(&path)?
                .create_file(path.file_name(), executable)
        })?;
        let mut hasher = Hasher::sha256();
        let mut kept = PackageInfo::reads(&path).then(Vec::new);
        loop {
            let count = fill(reader, &mut self.buffer)
                .map_err(|error| UnpackError::from_read(self.package, path.as_str(), error))?;
            if count == 0 {
                break;
            }
            let bytes = &self.buffer[..count];
            hasher.update(bytes);
            if let Some(kept) = &mut kept {
                kept.extend_from_slice(bytes);
            }
            self.write_bytes(&mut file, bytes, &path)?;
            if count < self.buffer.len() {
                break;
            }
        }
        // Python uses a package's bytecode only while its source has the time that is noted in it.
        if path.as_str().ends_with(".py") {
            self.at(&path, |_| {
                let time = UNIX_EPOCH.checked_add(Duration::from_secs(modified));
                file.set_modified(time.unwrap_or(UNIX_EPOCH))
                    .at("set time of", path.as_path())
            })?;
        }
        if let Some(bytes) = kept {
            self.info.insert(path, bytes);
        }
        let digests = hasher.finish();
        Ok(Content::File {
            sha256: digests.sha256,
            size: digests.size,
            executable,
        })
    }

    fn write_bytes(
        &self,
        file: &mut File,
        bytes: &[u8],
        path: &RelPath,
    ) -> Result<(), UnpackError> {
        file.write_all(bytes)
            .at("write", self.directories.path_of(path))
            .map_err(|source| write_error(self.package, path.as_str(), source))
    }

    fn write_record(&mut self, json: &str) -> Result<(), UnpackError> {
        let name = "info/repodata_record.json";
        let package = self.package;
        let write = |directories: &mut Directories| {
            let path = directories.root_path().join(name);
            let mut file = directories
                .make("info")?
                .create_file("repodata_record.json", false)?;
            file.write_all(json.as_bytes()).at("write", path)
        };
        write(&mut self.directories).map_err(|source| write_error(package, name, source))
    }

    fn at<T>(
        &mut self,
        path: &RelPath,
        operation: impl FnOnce(&mut Directories) -> Result<T, PathError>,
    ) -> Result<T, UnpackError> {
        operation(&mut self.directories)
            .map_err(|source| write_error(self.package, path.as_str(), source))
    }
}

fn write_error(package: &str, entry: &str, source: PathError) -> UnpackError {
    UnpackError::Write {
        package: package.to_owned(),
        entry: entry.to_owned(),
        source,
    }
}

/// Reads until `buffer` is full or the entry ends.
fn fill(reader: &mut dyn std::io::Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
