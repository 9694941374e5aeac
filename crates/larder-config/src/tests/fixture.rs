//! Files in memory.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    path::{Path, PathBuf},
};

use crate::{Files, Found, Loaded, Places, load};

/// Files by their absolute path; a directory is there if something is in it.
#[derive(Default)]
pub(super) struct Memory(BTreeMap<PathBuf, Vec<u8>>);

impl Memory {
    pub(super) fn with(mut self, path: &str, text: &str) -> Self {
        self.0.insert(path.into(), text.into());
        self
    }
}

impl Files for Memory {
    fn look(&self, path: &Path) -> Option<Found> {
        if self.0.contains_key(path) {
            return Some(Found::File);
        }
        let is_in = |file: &PathBuf| file.starts_with(path);
        self.0.keys().any(is_in).then_some(Found::Directory)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let bytes = self.0.get(path).cloned();
        bytes.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn names(&self, directory: &Path) -> Vec<String> {
        let name = |path: &PathBuf| {
            let first = path.strip_prefix(directory).ok()?.components().next()?;
            Some(first.as_os_str().to_str()?.to_owned())
        };
        self.0.keys().filter_map(name).collect()
    }
}

/// Every place there is.
pub(super) fn places() -> Places {
    Places {
        system: vec!["/etc/conda".into(), "/var/lib/conda".into()],
        root: Some("/opt/conda".into()),
        xdg_config: Some("/xdg".into()),
        home: Some("/home/me".into()),
        prefix: Some("/env".into()),
        condarc: Some("/named/rc.yml".into()),
        mambarc: None,
    }
}

/// What `files` and the variables give.
pub(super) fn loaded(files: &Memory, variables: &[(&str, &str)]) -> Loaded {
    let variable = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let variables: HashMap<String, String> = variables.iter().map(variable).collect();
    load(&places(), &variables, files)
}

/// What one file says, which must have no errors.
pub(super) fn of(text: &str) -> Loaded {
    let loaded = loaded(&Memory::default().with("/home/me/.condarc", text), &[]);
    assert!(loaded.errors.is_empty(), "{:?}", loaded.errors);
    loaded
}

/// The items of a list, as texts.
pub(super) fn list(loaded: &Loaded, name: &str) -> Vec<String> {
    let items = loaded.config.list(name).iter();
    items.map(|item| item.value.clone()).collect()
}
