//! The directories that activation puts in front of PATH.

use std::path::{Path, PathBuf};

use rattler_conda_types::Subdir;

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
