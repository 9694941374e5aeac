//! The configuration of a run: conda's files and variables, for the environment that is meant.

use larder::{
    ConfigurationError, LoadedConfiguration, Settings, existing_prefix, read_configuration,
};

use crate::{
    args::{GlobalArgs, TargetArgs},
    environment::Environment,
    failure::Failure,
    output, progress,
};

use super::context::{base_settings, target};

/// What to do about a configuration that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    /// Stop: the command depends on it.
    Refuse,
    /// Say so and go on with what can be used.
    Tell,
}

/// Reads the configuration for the environment that `meant` names, else for the active one.
pub(super) fn load(
    meant: Option<&TargetArgs>,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<LoadedConfiguration, Failure> {
    let read = |prefix| {
        let places = environment.configuration_places(prefix);
        read_configuration(&places, &environment.text_variables())
    };
    let active = environment.path("CONDA_PREFIX");
    let Some(meant) = meant.filter(|meant| meant.name.is_some() || meant.prefix.is_some()) else {
        return Ok(read(active));
    };
    // Where a named environment is depends on the configuration, but not on that in an environment.
    let mut settings = base_settings(global, environment)?;
    let _ = settings.configure(&read(None).config);
    Ok(read(existing_prefix(&target(meant), &settings).ok()))
}

/// The settings of a run: the variables of larder, and what the configuration says.
pub(super) fn settings(
    loaded: LoadedConfiguration,
    strictness: Strictness,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<Settings, Failure> {
    let mut settings = base_settings(global, environment)?;
    let mut errors: Vec<ConfigurationError> = loaded
        .errors
        .into_iter()
        .map(ConfigurationError::from)
        .collect();
    if let Err(error) = settings.configure(&loaded.config) {
        errors.push(error);
    }
    match (strictness, errors.into_iter().next()) {
        (Strictness::Refuse, Some(error)) => return Err(Failure::new(&error)),
        (Strictness::Tell, Some(error)) if !global.quiet => {
            output::tell(format!("warning: {error}: this is left out"));
        }
        _ => {}
    }
    if strictness == Strictness::Refuse {
        warn(&loaded.warnings, &settings, global);
    }
    Ok(settings)
}

/// What has no effect, or an effect that nobody should overlook.
fn warn(warnings: &[larder::ConfigWarning], settings: &Settings, global: &GlobalArgs) {
    if warnings.is_empty() && settings.network.unverified.is_none() {
        return;
    }
    let reporter = progress::reporter(global);
    for warning in warnings {
        reporter.warn(warning.code(), warning.to_string());
    }
    if let Some(place) = &settings.network.unverified {
        let text = format!("{place}: `ssl_verify` lets any server pass for any other");
        reporter.warn("config::unverified", text);
    }
}

/// Options that the configuration sets for every command. What is wrong with it, commands say.
pub(super) fn global(global: &GlobalArgs, environment: &Environment) -> GlobalArgs {
    let config = read_configuration(
        &environment.configuration_places(environment.path("CONDA_PREFIX")),
        &environment.text_variables(),
    )
    .config;
    let is_set = |key: &str| config.flag(key).unwrap_or(false);
    let verbosity = config.number("verbosity").unwrap_or(0.0).clamp(0.0, 3.0) as u8;
    GlobalArgs {
        json: global.json || is_set("json"),
        // Whoever asks for more gets more.
        quiet: global.quiet || (is_set("quiet") && global.verbose == 0),
        verbose: if global.quiet {
            0
        } else {
            global.verbose.max(verbosity)
        },
        offline: global.offline || is_set("offline"),
    }
}
