//! Plan and apply: the trees of a closure's packages become a new environment.
//!
//! [`plan`] decides, from descriptions alone, what will be at each path; [`apply`] builds it beside its
//! place and moves it there in one step; [`stream()`] does both from archives that have no tree;
//! [`recover`] clears away what a killed run left. What lands is what CEP 32, 34, 17 and 20 say, so that
//! conda, mamba and pixi can work with it.
//!
//! This crate fetches nothing and makes no trees, reads no environment variables, and never prints.
#![forbid(unsafe_code)]

mod addition;
mod apply;
mod bytecode;
mod certainty;
mod channel;
mod clobber;
mod codesign;
mod crash;
mod entry_point;
mod error;
mod fingerprint;
mod held;
mod history;
mod installed;
mod layout;
mod menus;
mod options;
mod order;
mod package;
mod parallel;
mod pip_file;
mod place;
mod plan;
mod record;
mod remove;
mod replace;
mod rewritten;
mod scratch;
mod scripts;
mod state;
mod stream;
mod unlink_scripts;
mod update;
mod verify;

pub use addition::{Addition, AdditionFailed};
pub use apply::{Applied, apply};
pub use clobber::Clobber;
pub use crash::{Recovered, recover};
pub use error::{ApplyError, PlanError, RecordError};
pub use fingerprint::{Fingerprint, fingerprint, remember};
pub use held::Held;
pub use installed::{Installation, Installed, InstalledKind, InstalledPath, installed};
pub use larder_bytecode::{
    BundleFile, Bundles, Bytecodes, BytecodesOptions, CacheSecret, SecretError, bundle_files,
};
pub use larder_fs::LinkMode;
pub use options::{ClobberPolicy, LinkOptions, Menus, Replace, ScriptPolicy};
pub use package::LinkPackage;
pub use pip_file::{PIP_FILE, PipFile, PipInstalled};
pub use place::{check_place, frozen, is_unfinished, is_updating};
pub use plan::{How, LinkPlan, PlanLine, plan};
pub use record::package_record;
pub use remove::remove;
pub use replace::{TEXT_GROWTH, TEXT_GROWTH_FLOOR};
pub use rewritten::REWRITTEN_BYTES;
pub use scratch::{ScratchDir, scratch_beside};
pub use scripts::{ScriptError, ScriptHost, ScriptMessage};
pub use state::{set_state_variables, state_variables};
pub use stream::{Archives, OpenedArchive, Streamed, stream};
pub use unlink_scripts::run_unlink_scripts;
pub use update::{
    ChangedPolicy, Difference, FrozenPolicy, Kept, Planned, UpdateError, UpdateOptions, UpdatePlan,
    Updated, difference, plan_update, update,
};
pub use verify::{
    DamagedRecord, Drift, Drifted, PipPackage, VerifyOptions, VerifyReport, pip_packages, verify,
};

#[cfg(test)]
mod tests;
