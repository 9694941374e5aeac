//! What `create` is asked for.

use std::path::PathBuf;

use larder_fs::LinkMode;
use larder_link::{ClobberPolicy, Replace, ScriptPolicy};

use rattler_conda_types::Subdir;

use crate::{LockUse, SolvePolicy, Target, inputs::InputRequest, menus};

use super::{BytecodePolicy, Durable, Ephemeral};

/// What to create, and how.
#[derive(Debug, Clone)]
pub struct CreateOptions {
    /// Manifests or one lock, as the user named them; none means environment.yml.
    pub files: Vec<PathBuf>,
    /// Specs, added to the files, or alone.
    pub specs: Vec<String>,
    /// The wanted categories; none means `main` of a lock alone, and all of manifests.
    pub categories: Vec<String>,
    /// Channels before those of the manifest.
    pub channels: Vec<String>,
    /// How to choose among what fits.
    pub policy: SolvePolicy,
    /// Where.
    pub target: Target,
    /// For which subdir; none means this machine's.
    pub platform: Option<String>,
    /// Do not add the packages that the configuration has for new environments.
    pub no_default_packages: bool,
    /// Replace an environment that is there.
    pub replace: bool,
    /// Replace it even if it is frozen (CEP 22).
    pub override_frozen: bool,
    /// Change nothing.
    pub dry_run: bool,
    /// Stop when every archive is in the store.
    pub download_only: bool,
    /// What to do about the lock beside the manifest.
    pub lock_use: LockUse,
    /// How files get into the environment.
    pub link_mode: LinkMode,
    /// Whether trees are kept.
    pub ephemeral: Ephemeral,
    /// Whether the environment survives a power loss.
    pub durable: Durable,
    /// Two packages with one path.
    pub clobber: ClobberPolicy,
    /// Whether link scripts run.
    pub link_scripts: ScriptPolicy,
    /// Whether Python sources are compiled.
    pub bytecode: BytecodePolicy,
    /// Whether menu entries are made.
    pub shortcuts: menus::Shortcuts,
    /// The command, without anything secret, for the history.
    pub command_line: String,
    /// `YYYY-MM-DD HH:MM:SS`, for the history.
    pub timestamp: String,
}

impl CreateOptions {
    /// What the options name, for an environment on `subdir`.
    pub(crate) fn input(&self, subdir: Subdir) -> InputRequest<'_> {
        InputRequest {
            files: &self.files,
            specs: &self.specs,
            categories: &self.categories,
            subdir: Some(subdir),
        }
    }

    /// What happens to an environment that is there already.
    pub(crate) fn replacing(&self) -> Replace {
        match (self.replace, self.override_frozen) {
            (false, _) => Replace::Never,
            (true, false) => Replace::Existing,
            (true, true) => Replace::EvenFrozen,
        }
    }
}
