//! [`BytecodeDraft`]: the bytecode of one package while it is being compiled, in a temporary directory.

use std::{collections::HashSet, fs, io::Write as _, path::PathBuf};

use larder_fs::{Dir, PathContext as _, PathError, Stamp};
use larder_unpack::RelPath;
use tempfile::TempDir;

use crate::{
    PycFile,
    index_file::{BytecodeIndex, sha256},
    key::pyc_path,
};

/// Bytecode that is being compiled. Removed when dropped, unless [`Bytecodes::publish`](crate::Bytecodes) has renamed it.
pub(crate) struct BytecodeDraft {
    /// Contains the directory `new`, which becomes the directory of the bytecode.
    temporary: TempDir,
    files_root: Dir,
    directories: HashSet<String>,
    index: BytecodeIndex,
}

/// Name of the subdirectory with the pyc files, at their paths in the package.
pub(crate) const FILES: &str = "files";

impl BytecodeDraft {
    pub(crate) fn new(
        temporary: TempDir,
        tag: &str,
        boot_id: Option<String>,
    ) -> Result<Self, PathError> {
        let files = temporary.path().join("new").join(FILES);
        fs::create_dir_all(&files).at("create directory", &files)?;
        Ok(Self {
            files_root: Dir::open(files)?,
            temporary,
            directories: HashSet::new(),
            index: BytecodeIndex {
                tag: tag.to_owned(),
                boot_id,
                is_settled: false,
                files: Vec::new(),
                skipped: Vec::new(),
            },
        })
    }

    /// Writes the bytecode of one source.
    pub(crate) fn add_pyc(&mut self, source: &RelPath, pyc: &[u8]) -> Result<(), PathError> {
        let path = pyc_path(source.as_str(), &self.index.tag);
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        if !self.directories.contains(parent) {
            let directory = self.files_root.path().join(parent);
            fs::create_dir_all(&directory).at("create directory", directory)?;
            self.directories.insert(parent.to_owned());
        }
        let mut file = self.files_root.create_file(&path, false)?;
        let written = file.write_all(pyc).and_then(|()| Stamp::of(&file));
        let stamp = written.at("write file", self.files_root.path().join(&path))?;
        self.index.files.push(PycFile {
            source: source.clone(),
            sha256: sha256(pyc),
            stamp,
        });
        Ok(())
    }

    /// Records that a source does not compile.
    pub(crate) fn add_skipped(&mut self, source: &RelPath) {
        self.index.skipped.push(source.clone());
    }

    /// Writes the index, which completes the directory `new`.
    pub(crate) fn finish(mut self) -> Result<FinishedBytecode, PathError> {
        self.index.files.sort_by(|a, b| a.source.cmp(&b.source));
        self.index.skipped.sort();
        let new = self.temporary.path().join("new");
        self.index.write(&new)?;
        Ok(FinishedBytecode {
            index: self.index,
            new,
            _temporary: self.temporary,
        })
    }
}

/// A draft that can be renamed into place.
pub(crate) struct FinishedBytecode {
    pub(crate) index: BytecodeIndex,
    pub(crate) new: PathBuf,
    _temporary: TempDir,
}
