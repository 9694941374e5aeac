//! Where configuration files may be, in conda's order: later ones win.
//!
//! Looks at nothing itself: the caller's [`Files`] does.

use std::{
    io,
    path::{Path, PathBuf},
};

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// A file.
    File,
    /// A directory.
    Directory,
}

/// Reads files for [`load`](crate::load()).
pub trait Files {
    /// What is there, links followed; `None` if nothing is, or if that cannot be said.
    fn look(&self, path: &Path) -> Option<Found>;
    /// The content of a file.
    ///
    /// # Errors
    /// What the system says.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// The names in a directory, in any order; none if it cannot be read.
    fn names(&self, directory: &Path) -> Vec<String>;
}

/// The directories that configuration is looked for in. A part that is `None` has no files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// Those of the machine: `/etc/conda` and `/var/lib/conda`, or `C:\ProgramData\conda`.
    pub system: Vec<PathBuf>,
    /// Where conda is installed (`CONDA_ROOT`), or mamba's root prefix.
    pub root: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`.
    pub xdg_config: Option<PathBuf>,
    /// The user's home.
    pub home: Option<PathBuf>,
    /// The environment that the command is about.
    pub prefix: Option<PathBuf>,
    /// The file that `CONDARC` names.
    pub condarc: Option<PathBuf>,
    /// The file that `MAMBARC` names.
    pub mambarc: Option<PathBuf>,
}

impl Places {
    /// The directories of the machine on this operating system, as conda has them.
    pub fn of_the_system() -> Vec<PathBuf> {
        if cfg!(windows) {
            vec![PathBuf::from("C:/ProgramData/conda")]
        } else {
            vec![PathBuf::from("/etc/conda"), PathBuf::from("/var/lib/conda")]
        }
    }
}

/// Every path that may be a configuration file or a directory of them, the weakest first: conda's
/// search path, and in each place after conda's files those that only mamba reads.
pub fn candidates(places: &Places) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    let mut add = |directory: &Path, mamba: bool| {
        let names = [".condarc", "condarc", "condarc.d"];
        paths.extend(names.map(|name| directory.join(name)));
        paths.extend(mamba.then(|| directory.join(".mambarc")));
    };
    for directory in &places.system {
        add(directory, true);
    }
    if let Some(root) = &places.root {
        add(root, true);
    }
    if let Some(directory) = &places.xdg_config {
        add(&directory.join("conda"), false);
    }
    if let Some(home) = &places.home {
        add(&home.join(".config/conda"), false);
        add(&home.join(".conda"), false);
        paths.push(home.join(".condarc"));
        paths.push(home.join(".mambarc"));
    }
    if let Some(prefix) = &places.prefix {
        let names = [".condarc", "condarc", "condarc.d"];
        paths.extend(names.map(|name| prefix.join(name)));
    }
    paths.extend(places.condarc.clone());
    paths.extend(places.mambarc.clone());
    paths
}

/// The files among the candidates, each once: a directory stands for its `.yml` and `.yaml` files by
/// name; a file counts by its name, as in conda.
pub(crate) fn existing(places: &Places, files: &dyn Files) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for path in candidates(places) {
        let more = match files.look(&path) {
            Some(Found::File) if is_configuration(&path) => vec![path],
            Some(Found::Directory) => in_directory(&path, files),
            _ => Vec::new(),
        };
        for path in more {
            if !found.contains(&path) {
                found.push(path);
            }
        }
    }
    found
}

/// Whether a candidate lies in the environment and nowhere else: the files of conda's own environment, and of
/// a home, are everybody's.
pub(crate) fn is_of_environment(path: &Path, places: &Places) -> bool {
    let others = Places {
        prefix: None,
        ..places.clone()
    };
    let is_below = |candidate: PathBuf| path.starts_with(candidate);
    let is_others = candidates(&others).into_iter().any(is_below);
    places
        .prefix
        .as_ref()
        .is_some_and(|prefix| path.starts_with(prefix) && !is_others)
}

fn in_directory(directory: &Path, files: &dyn Files) -> Vec<PathBuf> {
    let mut names = files.names(directory);
    names.sort();
    names
        .iter()
        .map(|name| directory.join(name))
        .filter(|path| is_yaml(path) && files.look(path) == Some(Found::File))
        .collect()
}

fn is_configuration(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| [".condarc", "condarc", ".mambarc"].contains(&name)) || is_yaml(path)
}

fn is_yaml(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| ["yml", "yaml"].contains(&extension))
}
