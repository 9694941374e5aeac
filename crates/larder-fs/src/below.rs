//! [`Below`]: a directory tree that others may have filled with links, changed without ever leaving it.
//!
//! Each component of a path is opened relative to the one before it and must be a directory, not a link.
//! So a path such as `lib/x` cannot touch anything behind `lib -> ~/precious`, whoever makes that link and
//! whenever. The handle of the last parent is kept, because journals list a directory's paths together.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{Dir, PathContext as _, PathError};

/// A tree of directories whose paths are text with `/`, relative, without `..`.
#[derive(Debug)]
pub struct Below {
    /// `None` if the root does not exist: then nothing exists below it.
    root: Option<Dir>,
    path: PathBuf,
    last: Option<(String, Dir)>,
}

impl Below {
    /// Takes an open directory.
    pub fn new(root: Dir) -> Self {
        Self {
            path: root.path().to_owned(),
            root: Some(root),
            last: None,
        }
    }

    /// The directory `name` in an open one; empty for ever if it does not exist.
    ///
    /// # Errors
    /// If there is something else than a directory.
    pub fn in_dir(parent: &Dir, name: &str) -> Result<Self, PathError> {
        match parent.open_dir(name) {
            Ok(root) => Ok(Self::new(root)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self {
                root: None,
                path: parent.path().join(name),
                last: None,
            }),
            Err(error) => Err(error),
        }
    }

    /// The path of something below the root, for messages.
    pub fn at(&self, path: &str) -> PathBuf {
        self.path.join(path)
    }

    /// Forgets the directory that is kept open: after directories themselves were moved, its path may
    /// mean another one.
    pub fn forget(&mut self) {
        self.last = None;
    }

    /// The open directory that holds `path`, and the last component.
    fn parent<'p>(&mut self, path: &'p str) -> Result<(&Dir, &'p str), PathError> {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        // Callers check paths as `RelPath`; a component `..` would leave the handle.
        if matches!(name, "" | "." | "..") {
            return Err(io::Error::from(io::ErrorKind::InvalidInput)).at("use the path", path);
        }
        let Some(root) = &self.root else {
            return Err(io::Error::from(io::ErrorKind::NotFound)).at("open directory", &self.path);
        };
        if parent.is_empty() {
            return Ok((root, name));
        }
        if !matches!(&self.last, Some((known, _)) if known == parent) {
            let dir = open_components(root, parent)?;
            self.last = Some((parent.to_owned(), dir));
        }
        match &self.last {
            Some((_, dir)) => Ok((dir, name)),
            None => Ok((root, name)),
        }
    }

    /// Whether something is at `path`, reached through directories alone; a link counts as itself.
    pub fn exists(&mut self, path: &str) -> bool {
        self.parent(path)
            .is_ok_and(|(dir, name)| dir.stamp(name).is_ok())
    }

    /// Creates the directory `path`; its parent must exist.
    ///
    /// # Errors
    /// If the name is taken, or the parent is not reached through directories alone.
    pub fn create_dir(&mut self, path: &str) -> Result<(), PathError> {
        let (dir, name) = self.parent(path)?;
        dir.create_dir(name)
    }

    /// Creates the directory `path` and those above it that are missing.
    ///
    /// # Errors
    /// If a file or link is in the way.
    pub fn create_dirs(&mut self, path: &str) -> Result<(), PathError> {
        for (end, _) in path.match_indices('/').chain([(path.len(), "")]) {
            match self.create_dir(&path[..end]) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                other => other?,
            }
        }
        // `AlreadyExists` is said of links as well.
        self.parent(&format!("{path}/x")).map(drop)
    }

    /// Removes the directory `path` if it is empty.
    ///
    /// # Errors
    /// If it is not empty, a link, or not there.
    pub fn remove_dir(&mut self, path: &str) -> Result<(), PathError> {
        let (dir, name) = self.parent(path)?;
        let result = dir.remove_dir(name);
        self.forget();
        result
    }

    /// Renames `path` to `to_path` below another root, replacing a file there.
    ///
    /// # Errors
    /// As the system reports them, or if a parent is not reached through directories alone.
    pub fn rename(&mut self, path: &str, to: &mut Self, to_path: &str) -> Result<(), PathError> {
        let (from_dir, from_name) = self.parent(path)?;
        let (to_dir, to_name) = to.parent(to_path)?;
        from_dir.rename(from_name, to_dir, to_name)
    }

    /// Renames `path` to `to_path` below another root, if that name is free.
    ///
    /// # Errors
    /// Kind `AlreadyExists` if it is taken; else as [`Below::rename`].
    pub fn rename_noreplace(
        &mut self,
        path: &str,
        to: &mut Self,
        to_path: &str,
    ) -> Result<(), PathError> {
        let (from_dir, from_name) = self.parent(path)?;
        let (to_dir, to_name) = to.parent(to_path)?;
        from_dir.rename_noreplace(from_name, to_dir, to_name)
    }

    /// Gives the file `path` a second name, `to_path` below another root; a link is linked itself.
    ///
    /// # Errors
    /// As [`Dir::hard_link`].
    pub fn hard_link(&mut self, path: &str, to: &mut Self, to_path: &str) -> Result<(), PathError> {
        let (from_dir, from_name) = self.parent(path)?;
        let (to_dir, to_name) = to.parent(to_path)?;
        from_dir.hard_link(from_name, to_dir, to_name)
    }
}

impl Dir {
    /// Opens a directory below this one, component by component; none may be a link.
    ///
    /// # Errors
    /// If a component is missing, a file or a link.
    pub fn open_below(&self, path: &str) -> Result<Self, PathError> {
        open_components(self, path)
    }
}

fn open_components(root: &Dir, path: &str) -> Result<Dir, PathError> {
    let mut components = path.split('/');
    let open = |dir: &Dir, component: &str| match component {
        "" | "." | ".." => {
            let error = io::Error::from(io::ErrorKind::InvalidInput);
            Err(error).at("use the path", Path::new(path))
        }
        name => dir.open_dir(name),
    };
    let mut dir = open(root, components.next().unwrap_or_default())?;
    for component in components {
        dir = open(&dir, component)?;
    }
    Ok(dir)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::Below;
    use crate::Dir;

    #[test]
    fn nothing_is_changed_behind_a_link() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        for directory in ["root/real", "outside/deep"] {
            fs::create_dir_all(at(directory)).unwrap();
        }
        fs::write(at("root/real/file"), "x").unwrap();
        fs::write(at("outside/file"), "precious").unwrap();
        symlink(at("outside"), at("root/out")).unwrap();
        let open = || Below::new(Dir::open(at("root")).unwrap());
        let (mut root, mut other) = (open(), open());
        for path in [
            "out/new",
            "out/deep/new",
            "../outside/new",
            "real/../out/new",
        ] {
            assert!(root.create_dir(path).is_err(), "{path}");
            assert!(root.create_dirs(path).is_err(), "{path}");
            assert!(
                root.rename("real/file", &mut other, path).is_err(),
                "{path}"
            );
            assert!(
                root.hard_link("real/file", &mut other, path).is_err(),
                "{path}"
            );
            assert!(
                root.rename_noreplace("real/file", &mut other, path)
                    .is_err()
            );
        }
        assert!(!root.exists("out/file"));
        assert!(root.rename("out/file", &mut other, "real/taken").is_err());
        assert!(root.remove_dir("out/deep").is_err());
        assert!(root.remove_dir("out").is_err());
        assert!(root.create_dirs("out").is_err());
        root.create_dirs("real/a/b").unwrap();
        root.rename_noreplace("real/file", &mut other, "real/a/b/file")
            .unwrap();
        assert!(root.exists("real/a/b/file"));
        assert_eq!(fs::read_to_string(at("outside/file")).unwrap(), "precious");
        assert!(at("outside/deep").is_dir());
        assert!(!at("outside/new").exists());
    }
}
