//! `larder ci finish`.

use std::{fs, path::Path, process::ExitCode};

use larder::{
    PushReport, RemoveOptions,
    cache::{SaveOutcome, SaveReport},
    remove,
};
use serde_json::json;

use crate::{
    args::{CiFinishArgs, GlobalArgs},
    commands::context::{command_line, settings},
    environment::Environment,
    failure::Failure,
    output, progress,
};

use super::{service, state::State, store};

pub(super) fn finish(
    args: &CiFinishArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let service = service::of(&args.job, environment);
    let directory = service::directory(service, environment)?;
    let file = State::file(&args.job, &directory, environment);
    let state = State::read(&file)?;
    let mut warnings = Vec::new();
    let saved = match &state.save {
        Some(save) => match store::save(save, global, environment) {
            Ok(report) => Some(report),
            Err(failure) => {
                warnings.push(format!("the store is not saved: {}", failure.text()));
                None
            }
        },
        None => None,
    };
    let pushed = match &state.push {
        Some(push) => match store::push(push, global, environment) {
            Ok(report) => Some(report),
            Err(failure) => {
                warnings.push(format!("nothing is shared: {}", failure.text()));
                None
            }
        },
        None => None,
    };
    if let Some(prefix) = &state.environment
        && let Err(failure) = remove_environment(prefix, global, environment)
    {
        warnings.push(failure.text());
    }
    for directory in &state.remove {
        if let Err(error) = fs::remove_dir_all(directory) {
            let shown = directory.display();
            warnings.push(format!("`{shown}` is not removed: {error}"));
        }
    }
    let line = match &pushed {
        Some(report) => pushed_line(report),
        None => line(saved.as_ref(), state.save.is_some() || state.push.is_some()),
    };
    let summary = service::summary_file(service, None, (&directory, environment));
    if let Some(file) = summary.filter(|_| saved.is_some() || pushed.is_some()) {
        service::append(&file, &format!("{line}\n"))?;
    }
    if global.json {
        output::json(&json!({
            "success": true,
            "saved": saved,
            "pushed": pushed,
            "warnings": warnings,
        }));
    } else if !global.quiet {
        output::tell(line);
    }
    for warning in warnings {
        output::tell(format!("warning: {warning}"));
    }
    Ok(ExitCode::SUCCESS)
}

fn pushed_line(report: &PushReport) -> String {
    format!(
        "larder: shared {}, {}; {} there before",
        output::count(report.sent, "object"),
        output::bytes(report.sent_bytes),
        report.already_there
    )
}

/// What became of the store, in a line.
fn line(saved: Option<&SaveReport>, is_new: bool) -> String {
    let Some(report) = saved else {
        return match is_new {
            true => "larder: nothing is saved".to_owned(),
            false => "larder: nothing to save, the cache has all of it".to_owned(),
        };
    };
    let key = &report.key;
    match report.outcome {
        SaveOutcome::Saved => format!(
            "larder: saved {key}, {} in {}",
            output::bytes(report.size),
            output::duration(report.milliseconds)
        ),
        SaveOutcome::Exists => format!("larder: another job saved {key}"),
        SaveOutcome::ReadOnly => "larder: nothing is saved, this run may only read".to_owned(),
        SaveOutcome::Failed => "larder: nothing is saved, the cache failed".to_owned(),
    }
}

/// The job is over, so it does not matter that the environment is active.
fn remove_environment(
    prefix: &Path,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<(), Failure> {
    let settings = settings(global, &environment.with("CONDA_PREFIX", ""))?;
    let options = RemoveOptions {
        prefix: prefix.to_owned(),
        override_frozen: true,
        dry_run: false,
        command_line: command_line(),
    };
    let reporter = progress::reporter(global);
    let removed = remove(&options, &settings, &*reporter);
    removed.map(drop).map_err(|error| Failure::new(&error))
}
