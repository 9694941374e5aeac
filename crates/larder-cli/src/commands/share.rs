//! The remote that stores share, as commands use it.

use std::path::Path;

use larder::{Settings, Share, push_environment};
use larder_event::Reporter;

use crate::{
    args::{RemoteArgs, ShareArgs},
    environment::Environment,
    failure::Failure,
};

use super::{cache::inputs::scopes_of_run, context::block_on};

/// Opens the remote that was named, or that LARDER_REMOTE names, if any.
pub(super) fn with_remote(
    named: Option<&str>,
    settings: &mut Settings,
    environment: &Environment,
) -> Result<(), Failure> {
    let url = named
        .map(str::to_owned)
        .or_else(|| environment.text("LARDER_REMOTE"));
    let Some(url) = url else {
        return Ok(());
    };
    let share = Share::open(&url, settings, &scopes_of_run(None, environment));
    let share = share.map_err(|error| Failure::new(&error))?;
    settings.share = Some(share);
    Ok(())
}

impl RemoteArgs {
    /// Opens it.
    pub(super) fn open(
        &self,
        settings: &mut Settings,
        environment: &Environment,
    ) -> Result<(), Failure> {
        with_remote(self.remote.as_deref(), settings, environment)
    }
}

impl ShareArgs {
    /// Puts there what it lacks of an environment that was made, if that is wanted.
    pub(super) fn push(
        &self,
        prefix: &Path,
        (settings, environment): (&Settings, &Environment),
        reporter: &dyn Reporter,
    ) -> Result<(), Failure> {
        if self.push || environment.flag("LARDER_REMOTE_PUSH") {
            block_on(push_environment(prefix, settings, reporter))?;
        }
        Ok(())
    }
}
