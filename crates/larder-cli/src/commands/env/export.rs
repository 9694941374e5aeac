//! `larder env export`.

use std::process::ExitCode;

use larder::{EnvExportOptions, EnvFormat, env_export};

use crate::{
    args::{EnvExportArgs, ExportFormat, GlobalArgs},
    commands::{context::existing_with_settings, frame::performed},
    environment::Environment,
    failure::Failure,
    output,
};

pub(super) fn export(
    args: &EnvExportArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let (prefix, mut settings) = existing_with_settings(&args.target, global, environment)?;
    if args.override_channels {
        settings.default_channels.clear();
    }
    // As with conda, `--json` without a file means the environment as JSON.
    let json = (global.json && args.file.is_none()).then_some(EnvFormat::Json);
    let options = EnvExportOptions {
        prefix,
        format: args.format.map(format).or(json),
        no_builds: args.no_builds,
        from_history: args.from_history,
        ignore_channels: args.ignore_channels,
        channels: args.channels.clone(),
        output: args.file.clone(),
    };
    let report = performed(global, |reporter| env_export(&options, &settings, reporter))?;
    match &report.file {
        None if options.format == Some(EnvFormat::Json) => output::json_text(&report.text),
        None => output::document(&report.text)?,
        Some(_) if global.json => output::json(&report),
        Some(path) if !global.quiet => output::tell(format!("{} written", path.display())),
        Some(_) => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn format(format: ExportFormat) -> EnvFormat {
    match format {
        ExportFormat::Yaml => EnvFormat::Yaml,
        ExportFormat::Json => EnvFormat::Json,
        ExportFormat::Explicit => EnvFormat::Explicit,
        ExportFormat::CondaLock => EnvFormat::CondaLock,
        ExportFormat::Pixi => EnvFormat::Pixi,
        ExportFormat::Requirements => EnvFormat::Requirements,
    }
}
