//! Conda archives read as hostile input ([`Archive`]), what they say about themselves
//! ([`PackageInfo`]), and extracted packages kept on this machine ([`Trees`]).
//!
//! An untrusted name becomes a path through [`RelPath`] alone; every entry of an archive passes one
//! guard, whether it goes into a tree or straight into an environment. Nothing here knows channels,
//! environments or the network, and nothing here prints.
#![forbid(unsafe_code)]

mod archive;
mod bounded;
mod conda_zip;
mod contents;
mod entry;
mod error;
mod guard;
mod identity;
mod info;
mod kept;
mod limits;
mod links;
mod name_rules;
mod rel_path;
mod tar_stream;
mod trees;

pub use archive::{Archive, ArchiveKind, InfoFiles};
pub use contents::{Content, Contents};
pub use entry::{Entry, EntryKind};
pub use error::{ContainerProblem, ContentProblem, EntryProblem, MetadataProblem, UnpackError};
pub use identity::{Expected, IdentityProblem, split_file_name};
pub use info::{
    FileMode, LinkAction, LinkScript, Listing, PLACEHOLDER_BYTES, PackageInfo, PathEntry, PathKind,
    Placeholder, ScriptShell,
};
pub use limits::{LimitKind, Limits, OutsideLinks};
pub use links::{MAX_STEPS, leads_out};
pub use name_rules::{NameRules, is_conda_meta_name};
pub use rattler_conda_types::package::EntryPoint;
pub use rel_path::{RelPath, RelPathProblem};
pub use tar_stream::{Body, Member, MemberKind, TarError, TarStream};
pub use trees::{
    Checkup, Condition, Damage, ListedTree, Lookup, Tree, Trees, TreesOptions, examine, unusable,
};

#[cfg(test)]
mod tests;
