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
mod control_files;
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
mod platform_record;
mod record;
mod remove;
mod replace;
mod rewritten;
mod scratch;
mod scripts;
mod seal;
mod state;
mod stream;
mod unlink_scripts;
mod update;
mod verify;

pub use addition::{Addition, AdditionFailed};
pub use apply::{Applied, apply};
pub use clobber::Clobber;
pub use control_files::{
    MAX_HISTORY, MAX_RECORD, MAX_RECORDS, MAX_RECORDS_TOTAL, MAX_SMALL, is_environment,
    open_conda_meta, read_control_file, record_names,
};
pub use crash::{Recovered, recover};
pub use error::{ApplyError, PlanError, RecordError};
pub use fingerprint::{Fingerprint, fingerprint, remember};
pub use held::Held;
pub use installed::{Installation, Installed, InstalledKind, InstalledPath, installed};
pub use larder_bytecode::{
    BYTECODE_BUNDLE_BYTES, BYTECODE_INDEX_BYTES, BundleFile, BytecodeBundles, Bytecodes,
    BytecodesOptions, CacheSecret, SecretError, list_bundle_files,
};
pub use larder_fs::LinkMode;
pub use options::{ClobberPolicy, LinkOptions, Menus, Replace, ScriptPolicy};
pub use package::{LinkPackage, warn_of_other_package};
pub use pip_file::{PIP_FILE, PipFile, PipInstalled};
pub use place::{check_place, frozen, is_unfinished, is_updating};
pub use plan::{How, LinkPlan, PlanLine, plan};
pub use platform_record::{PLATFORM_RECORD, PlatformRecorded, record_platform};
pub use record::package_record;
pub use remove::remove;
pub use replace::{TEXT_GROWTH, TEXT_GROWTH_FLOOR};
pub use rewritten::REWRITTEN_BYTES;
pub use scratch::{ScratchDir, scratch_beside};
pub use scripts::{ScriptError, ScriptHost, ScriptMessage};
pub use seal::JournalKey;
pub use state::{set_state_variables, state_variables};
pub use stream::{Archives, OpenedArchive, Streamed, stream};
pub use unlink_scripts::run_unlink_scripts;
pub use update::{
    ChangedPolicy, Difference, FrozenPolicy, Kept, MAX_JOURNAL, Planned, UpdateError,
    UpdateOptions, UpdatePlan, Updated, difference, plan_update, update,
};
pub use verify::{
    DamagedRecord, Drift, Drifted, PipPackage, VerifyOptions, VerifyReport, pip_packages,
    prefix_record, prefix_records, verify,
};

/// What fuzz targets call (tests/fuzz): the readers of files that somebody else put into a prefix.
#[cfg(fuzzing)]
pub mod fuzzing {
    use crate::{Installed, installed, update::journal::Journal, verify};

    /// Reads the JSON of a journal, whose seal was right, and says every path in it.
    pub fn journal_paths(json: &[u8]) -> Option<Vec<String>> {
        let journal = Journal::parse(json).ok()?;
        let mut paths = journal.emptied;
        for moves in [journal.files, journal.records] {
            paths.extend(moves.outs.into_iter().map(|out| out.path));
            paths.extend(moves.directories);
            paths.extend(moves.ins.into_iter().map(|new| new.path));
        }
        paths.push(journal.saved);
        Some(paths)
    }

    /// Reads a record in both ways that larder has.
    pub fn record(file_name: &str, bytes: &[u8]) -> Option<Installed> {
        let _ = verify::parse_record(file_name, bytes);
        installed::parse(file_name, bytes).ok()
    }
}

#[cfg(test)]
mod tests;
