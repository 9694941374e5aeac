//! How link scripts see the environment that they belong to: activated, as conda runs them.

use std::{borrow::Cow, ffi::OsString, fmt, io, path::Path, sync::Arc};

use larder_link::ScriptHost;
use rattler_conda_types::Subdir;
use rattler_shell::environment::EnvironmentSnapshot;

use crate::{Prompt, Settings, activation};

/// The variables and the activation that link scripts get.
pub(crate) struct LinkScriptHost {
    /// Without what scripts must not see.
    outside: EnvironmentSnapshot,
    prompt: Prompt,
}

impl LinkScriptHost {
    /// From what this process was started with.
    pub(crate) fn new(settings: &Settings) -> Arc<Self> {
        let variables = settings.child_variables.for_scripts();
        let owned = variables.map(|(name, value)| (name.to_owned(), Cow::into_owned(value)));
        Arc::new(Self {
            outside: owned.collect(),
            prompt: settings.prompt.clone(),
        })
    }
}

impl ScriptHost for LinkScriptHost {
    fn variables(&self) -> Vec<(OsString, OsString)> {
        let variables = self.outside.iter();
        variables
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    fn activated_script(
        &self,
        prefix: &Path,
        subdir: Subdir,
        script: &Path,
    ) -> io::Result<Vec<u8>> {
        let shell = activation::Shell {
            outside: &self.outside,
            subdir,
            prompt: &self.prompt,
            extension: activation::ShellKind::CAPTURING.extension(),
        };
        activation::script_inside(prefix, script, &shell).map_err(io::Error::other)
    }
}

impl fmt::Debug for LinkScriptHost {
    /// Variables are nobody's business.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkScriptHost").finish_non_exhaustive()
    }
}
