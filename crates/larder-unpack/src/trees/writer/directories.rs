//! The open directories on the way to the last entry. Archives list a directory's files together, so
//! most files need no directory to be opened.

use std::{
    io,
    path::{Path, PathBuf},
};

use larder_fs::{Dir, LinkFile, LinkMode, Linker, PathError};

use crate::RelPath;

pub(super) struct Directories {
    root: Dir,
    /// Each below the one before, the first below the root.
    open: Vec<(String, Dir)>,
}

impl Directories {
    pub(super) fn new(root: Dir) -> Self {
        Self {
            root,
            open: Vec::new(),
        }
    }

    pub(super) fn root_path(&self) -> &Path {
        self.root.path()
    }

    pub(super) fn path_of(&self, path: &RelPath) -> PathBuf {
        self.root.path().join(path)
    }

    /// The directory that holds `path`, made if need be.
    pub(super) fn parent_of(&mut self, path: &RelPath) -> Result<&Dir, PathError> {
        match path.parent() {
            None => Ok(&self.root),
            Some(parent) => self.make(parent),
        }
    }

    /// Opens a directory and those above it, making what is missing. Links are not followed.
    pub(super) fn make(&mut self, directory: &str) -> Result<&Dir, PathError> {
        let shared = self
            .open
            .iter()
            .zip(directory.split('/'))
            .take_while(|((name, _), component)| name == component)
            .count();
        self.open.truncate(shared);
        for component in directory.split('/').skip(shared) {
            let above = self
                .open
                .last()
                .map_or(&self.root, |(_, directory)| directory);
            let directory = open_or_create(above, component)?;
            self.open.push((component.to_owned(), directory));
        }
        Ok(self
            .open
            .last()
            .map_or(&self.root, |(_, directory)| directory))
    }

    /// Makes `path` another name of the file `to`; where the file system has no hard links, a copy.
    pub(super) fn hard_link(&mut self, to: &RelPath, path: &RelPath) -> Result<(), PathError> {
        if let Some(parent) = path.parent() {
            self.make(parent)?;
        }
        let file = LinkFile {
            from: &self.root,
            name: to.as_path(),
            to: &self.root,
            to_name: path.as_path(),
        };
        Linker::new(LinkMode::Auto).link(file).map(drop)
    }
}

fn open_or_create(above: &Dir, name: &str) -> Result<Dir, PathError> {
    match above.open_dir(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            above.create_dir(name)?;
            above.open_dir(name)
        }
        other => other,
    }
}
