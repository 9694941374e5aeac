//! The `pip:` section of a manifest: read, resolved by uv or pip, and installed by them.
//!
//! Knows the language of requirements files as far as a lock must ([`Section`]), which distributions conda
//! packages bring ([`provided`]), which of a release's wheels fits a target ([`Target`]), and how uv and pip
//! are called ([`Tool`]). Resolves nothing itself, downloads nothing itself, keeps nothing: wheels come from
//! the caller, as files. Credentials reach the tools through their standard input or environment alone, and
//! no value of this crate that is printed.
#![forbid(unsafe_code)]

mod check;
mod edges;
mod environment;
mod error;
mod files;
mod install;
mod line;
mod name;
mod named_file;
mod pip_report;
mod place;
mod private_file;
mod process;
mod provided;
mod pylock;
mod requirement;
mod resolve;
mod resolved;
mod section;
mod stub;
mod target;
mod tool;
mod wheel;

pub use check::{PipCheck, WheelDependencies, check_pip_lock};
pub use environment::Indexes;
pub use error::ToolError;
pub use files::safe_file_name;
pub use install::{InstallRequest, build_wheel, install};
pub use name::normalize;
pub use provided::{Provided, provided};
pub use requirement::{Plain, plain};
pub use resolve::{ResolveRequest, resolve};
pub use section::{
    REQUIREMENTS_BYTES, REQUIREMENTS_DEPTH, REQUIREMENTS_FILES, Section, SectionError, SectionLine,
    speaks_of,
};
pub use target::{Target, TargetError};
pub use tool::{Tool, ToolKind};
pub use wheel::WheelName;
