//! PATH: the directories of an environment, and how they come and go without disturbing the others.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use rattler_conda_types::Subdir;

/// What stands between two entries here.
const SEPARATOR: &str = if cfg!(windows) { ";" } else { ":" };

/// The entries for PATH, first one first (CEP 32, "Activating and deactivating"). Of the four MSYS2
/// flavours on Windows the first that exists is taken.
pub fn path_entries(prefix: &Path, subdir: Subdir) -> Vec<PathBuf> {
    if !subdir.is_windows() {
        return vec![prefix.join("bin")];
    }
    let flavour = ["ucrt64", "clang64", "mingw64", "clangarm64"]
        .map(|flavour| prefix.join("Library").join(flavour).join("bin"))
        .into_iter()
        .find(|directory| directory.is_dir());
    let fixed = [
        "Library/mingw-w64/bin",
        "Library/usr/bin",
        "Library/bin",
        "Scripts",
        "bin",
    ];
    let fixed = fixed.into_iter().map(|directory| {
        directory
            .split('/')
            .fold(prefix.to_owned(), |path, part| path.join(part))
    });
    std::iter::once(prefix.to_owned())
        .chain(flavour)
        .chain(fixed)
        .collect()
}

/// A PATH as its entries. Bytes that are no text and empty entries stay as they are; a PATH that is not
/// set has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SearchPath(Vec<OsString>);

impl SearchPath {
    pub(super) fn of(value: Option<&OsStr>) -> Self {
        let entries = value.map(std::env::split_paths).into_iter().flatten();
        Self(entries.map(PathBuf::into_os_string).collect())
    }

    /// `None` if there are no entries, that is if it is not to be set.
    pub(super) fn value(&self) -> Option<OsString> {
        (!self.0.is_empty()).then(|| self.0.join(OsStr::new(SEPARATOR)))
    }

    /// In front.
    pub(super) fn with(mut self, entries: &[PathBuf]) -> Self {
        self.insert(0, entries);
        self
    }

    /// New entries where the first of the old ones are, else in front: what a user put before an
    /// environment stays before the next one, and comes back as it was.
    pub(super) fn replaced(mut self, old: &[PathBuf], new: &[PathBuf]) -> Self {
        let mut place = 0;
        for (number, entry) in old.iter().enumerate() {
            let found = self.0.iter().position(|known| Path::new(known) == entry);
            if let Some(index) = found {
                self.0.remove(index);
                place = if number == 0 { index } else { place };
            }
        }
        self.insert(place, new);
        self
    }

    fn insert(&mut self, place: usize, entries: &[PathBuf]) {
        let entries = entries.iter().map(|entry| entry.clone().into_os_string());
        self.0.splice(place..place, entries);
    }
}

/// Whether a directory can be an entry at all.
pub(super) fn can_be_entry(entry: &Path) -> bool {
    !entry
        .as_os_str()
        .as_encoded_bytes()
        .windows(1)
        .any(|byte| byte == SEPARATOR.as_bytes())
}
