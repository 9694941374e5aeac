//! `larder store path`.

use std::process::ExitCode;

use crate::{
    args::GlobalArgs, commands::context::settings_with_store, environment::Environment,
    failure::Failure, output,
};

pub(super) fn path(global: &GlobalArgs, environment: &Environment) -> Result<ExitCode, Failure> {
    let settings = settings_with_store(global, environment)?;
    if global.json {
        output::json(&serde_json::json!({
            "store": settings.store, "lower": settings.lower_stores, "trees": settings.trees,
        }));
    } else {
        output::line(settings.store.display());
    }
    Ok(ExitCode::SUCCESS)
}
