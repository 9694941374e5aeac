//! What a caller decides about an environment. Nothing here is read from the machine.

use std::{path::PathBuf, sync::Arc};

use indexmap::IndexMap;
use larder_bytecode::Bytecodes;
use larder_fs::{Durability, LinkMode};
use rattler_conda_types::Subdir;

use crate::{Addition, Fingerprint, Held, JournalKey, ScriptHost};

/// Everything that planning and applying need to know besides the packages.
#[derive(Debug, Clone)]
pub struct LinkOptions {
    /// Where the environment goes: absolute, without `.` and `..`, not a link itself. Written into files.
    pub prefix: PathBuf,
    /// How files of trees get into the environment.
    pub link_mode: LinkMode,
    /// How many threads link; 0 counts as 1.
    pub threads: usize,
    /// The subdir that the environment is for.
    pub subdir: Subdir,
    /// Environment variables for `conda-meta/state`, names and values as the user wrote them.
    pub variables: IndexMap<String, String>,
    /// For `history`: the command, without anything secret in it.
    pub command_line: String,
    /// For `history`: `YYYY-MM-DD HH:MM:SS`.
    pub timestamp: String,
    /// For `history`: the program's name.
    pub tool: String,
    /// For `history`: the program's version.
    pub version: String,
    /// For `history`: the MatchSpecs that the user asked for.
    pub update_specs: Vec<String>,
    /// Whether link scripts run.
    pub link_scripts: ScriptPolicy,
    /// What link scripts see, and how the environment is activated for them.
    pub script_host: Option<Arc<dyn ScriptHost>>,
    /// What happens when two packages ship one path.
    pub clobber: ClobberPolicy,
    /// Who sees to the packages' menu entries.
    pub menus: Menus,
    /// What happens to an environment that is there already.
    pub replace: Replace,
    /// What the environment is made from, to be recorded in it.
    pub fingerprint: Option<Fingerprint>,
    /// The prefix, if the caller holds it already.
    pub held: Option<Arc<Held>>,
    /// What runs of this user seal with what they leave in prefixes: without it nothing that a killed run
    /// left is trusted. Counts only without `held`, which has its own.
    pub journal_key: JournalKey,
    /// Where bytecode of `noarch: python` packages is, and is kept when it was made; without it they get
    /// none. On the file system of trees and environments, so that it can be linked.
    pub bytecode: Option<Arc<Bytecodes>>,
    /// What must survive a power loss: with [`Durability::Ordered`] the environment is the old or the new
    /// one, whole, whenever the power goes; with [`Durability::Flush`] it is the new one when this returns.
    pub durability: Durability,
    /// What comes besides packages.
    pub addition: Option<Arc<dyn Addition>>,
}

/// Whether link scripts run. CEP 34 says that they must.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ScriptPolicy {
    /// They run; one that fails fails the whole run.
    #[default]
    Run,
    /// They do not run, and a warning names the packages that have some.
    Skip,
}

/// What happens when two packages ship one path with different content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClobberPolicy {
    /// The later package in topological order wins, and a warning names both.
    #[default]
    Warn,
    /// The plan fails.
    Error,
}

/// Who sees to the menu entries of packages that have some (CEP 11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Menus {
    /// Nobody: a warning names the packages.
    #[default]
    Nobody,
    /// The caller, afterwards.
    Caller,
}

/// What happens to an environment that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Replace {
    /// The run fails; only an empty directory may be there.
    #[default]
    Never,
    /// The new environment takes its place in one step, and the old one is removed.
    Existing,
    /// The same, even if the old one is frozen (CEP 22).
    EvenFrozen,
}

impl LinkOptions {
    /// Defaults for everything but place and subdir: automatic link mode, two threads, scripts run,
    /// nothing is replaced, no bytecode, all is flushed, an empty history block.
    pub fn new(prefix: impl Into<PathBuf>, subdir: Subdir) -> Self {
        Self {
            prefix: prefix.into(),
            link_mode: LinkMode::default(),
            threads: 2,
            subdir,
            variables: IndexMap::new(),
            command_line: String::new(),
            timestamp: String::new(),
            tool: String::from("larder"),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            update_specs: Vec::new(),
            link_scripts: ScriptPolicy::default(),
            script_host: None,
            clobber: ClobberPolicy::default(),
            menus: Menus::default(),
            replace: Replace::default(),
            fingerprint: None,
            held: None,
            journal_key: JournalKey::default(),
            bytecode: None,
            durability: Durability::Flush,
            addition: None,
        }
    }
}
