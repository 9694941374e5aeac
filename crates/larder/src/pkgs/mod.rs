//! Package caches of conda and mamba (`pkgs_dirs`): taken over into the store, and made from it.
//!
//! Their layout, as conda 26 and mamba 2 have it: archives under their file names in one directory (mamba
//! also below `<scheme>/<host>/<channel>/<subdir>/`), each with an extracted directory of the same name without
//! the extension, whose `info/repodata_record.json` is the record; `cache/*.json` are channel indexes,
//! `urls.txt` lists where archives came from and says that the directory is a package cache.

mod choose;
mod export;
mod export_options;
mod import;
mod known;
mod place;
mod repodata;
mod scan;

pub use export::export_pkgs;
pub use export_options::{ExportPkgsError, ExportPkgsOptions, ExportPkgsReport, ExportedArchive};
pub use import::{
    ImportError, ImportOptions, ImportReport, ImportedArchive, UnreadableArchive, WrongArchive,
    import,
};
