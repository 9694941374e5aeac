//! Lock files and closures: read, written, compared, checked against what was asked for.
//!
//! Pure: text in, text out. Never touches the network, the solver or the store.
#![forbid(unsafe_code)]

mod address;
mod archive;
mod category;
mod closure;
mod conflict;
mod dependencies;
mod diff;
mod error;
mod explicit;
mod export;
mod file;
mod format;
mod index;
mod kind;
mod matching;
mod names;
mod pip;
mod pixi;
mod raw;
mod read;
mod read_metadata;
mod read_package;
mod record;
mod requirement_bounds;
mod satisfy;
mod scalar;
mod seal;
mod source;
mod spec_channel;
mod topological;
mod wanted;
mod write;

pub use category::{CategorySpecs, PackageCategories, keep_main_alone, package_categories};
pub use closure::{Closure, Completeness, DuplicatePackage, LockedPackage};
pub use conflict::split_conflict;
pub use diff::{Change, Channels, Listed, LockDiff, PackageSide, PlatformDiff, Presence};
pub use error::{ClosureError, LockError, Problem};
pub use export::{ExplicitHash, ExportError, ExportOptions, Exported, ExportedText, Loss};
pub use file::{
    DEFAULT_CATEGORY, InputDigests, LockChannel, LockFile, LockHead, Note, PipPackage, Selection,
};
pub use format::{LockFormat, ParseContext, UnknownFormat};
pub use index::compare_with_index;
pub use kind::{DEFAULT_FILE_NAME, LockKind, detect, may_be_lock_name};
pub use pip::{PipLock, PipRequest, is_distribution_name, passed_on_problem};
pub use requirement_bounds::{
    REQUIREMENT_BYTES, REQUIREMENT_DEPTH, REQUIREMENT_JOINTS, check_requirement,
};
pub use satisfy::{check, check_closure};
pub use scalar::scalar as yaml_scalar;
pub use seal::LockWriter;
pub use source::relative_source;
pub use spec_channel::{spec_channel, spec_channel_urls};
pub use wanted::{Reason, Wanted, WantedSpec};
pub use write::closure_digest;

#[cfg(test)]
mod tests;
