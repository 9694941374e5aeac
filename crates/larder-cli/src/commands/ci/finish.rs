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
    commands::{
        context::{command_line, settings},
        frame::performed,
    },
    environment::Environment,
    failure::Failure,
    output,
};

use super::{inputs::JobStatus, keep::Settled, making::may_be_of_step, service, state::State};

pub(super) fn finish(
    args: &CiFinishArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let service = service::of(&args.job, environment);
    let directory = service::directory(service, environment)?;
    let files = State::files(&args.job, &directory, environment);
    for file in &files {
        State::read(file)?;
    }
    let status = JobStatus::of(args, service, environment);
    let summary = service::summary_file(service, None, (&directory, environment));
    let mut warnings = Vec::new();
    let (mut saved, mut pushed) = (None, None);
    for file in &files {
        // Not before: the end of another step may have handed something over.
        let state = State::read(file)?;
        let settled = save(&state, status, &mut warnings, (global, environment));
        let line = line(&state, status, settled.as_ref());
        if let Some(summary) = summary.as_ref().filter(|_| settled.is_some()) {
            service::append(summary, &format!("{}\n", output::markdown(&line)))?;
        }
        if !global.json && !global.quiet {
            output::tell(line);
        }
        // Last: the summary may be in the directory that goes.
        let how = (global, environment);
        remove_left(&state, (file, &directory), &mut warnings, how);
        match settled {
            Some(Settled::Saved(report)) => saved = Some(report),
            Some(Settled::Pushed(report)) => pushed = Some(report),
            None => {}
        }
        // Removed with its directory, if that was to go.
        if file.exists() {
            State::clear(file)?;
        }
    }
    if global.json {
        output::json(&json!({
            "success": true,
            "job_succeeded": status == JobStatus::Succeeded,
            "saved": saved,
            "pushed": pushed,
            "warnings": warnings,
        }));
    }
    for warning in warnings {
        output::tell(format!("warning: {warning}"));
    }
    Ok(ExitCode::SUCCESS)
}

/// Saves or shares what one `setup` of a job that succeeded left. What fails is a warning.
fn save(
    state: &State,
    status: JobStatus,
    warnings: &mut Vec<String>,
    (global, environment): (&GlobalArgs, &Environment),
) -> Option<Settled> {
    let left = state.left.as_ref();
    let left = left.filter(|_| status == JobStatus::Succeeded)?;
    let lost = |failure: Failure| warnings.push(format!("{}: {}", left.loss(), failure.text()));
    left.settle(global, environment).map_err(lost).ok()
}

/// Removes what `setup` said, however the job went. What fails is a warning.
///
/// The file may be from somebody else (a cache that was restored, a clone): it decides when something goes, never
/// what. That is this step's own directory, and an environment that a step of this user made.
fn remove_left(
    state: &State,
    (file, own): (&Path, &Path),
    warnings: &mut Vec<String>,
    (global, environment): (&GlobalArgs, &Environment),
) {
    if let Some(prefix) = &state.environment {
        if !may_be_of_step(prefix, environment) {
            let shown = prefix.display();
            warnings.push(format!(
                "`{shown}` is not removed: no step of this user made it"
            ));
        } else if let Err(failure) = remove_environment(prefix, global, environment) {
            warnings.push(failure.text());
        }
    }
    for directory in &state.remove {
        if directory != own {
            let shown = directory.display();
            warnings.push(format!(
                "`{shown}` is not removed: it is not this step's directory"
            ));
            continue;
        }
        // Steps of one job share it, and their ends come one after the other.
        if let Some((other, mut state)) = State::other_pending(file, own) {
            if !state.remove.contains(directory) {
                state.remove.push(directory.clone());
            }
            if let Err(failure) = state.write(&other) {
                warnings.push(failure.text());
            }
            continue;
        }
        if let Err(error) = fs::remove_dir_all(directory) {
            let shown = directory.display();
            warnings.push(format!("`{shown}` is not removed: {error}"));
        }
    }
}

fn line(state: &State, status: JobStatus, settled: Option<&Settled>) -> String {
    match settled {
        Some(Settled::Saved(report)) => saved_line(report),
        Some(Settled::Pushed(report)) => pushed_line(report),
        None if status == JobStatus::Failed => {
            "larder: nothing is saved, as the job did not succeed".to_owned()
        }
        None if state.left.is_some() => "larder: nothing is saved".to_owned(),
        None => "larder: nothing to save, the cache has all of it".to_owned(),
    }
}

fn pushed_line(report: &PushReport) -> String {
    format!(
        "larder: shared {}, {}; {} there before",
        output::count(report.sent, "object"),
        output::bytes(report.sent_bytes),
        report.already_there
    )
}

fn saved_line(report: &SaveReport) -> String {
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
    performed(global, |reporter| remove(&options, &settings, reporter)).map(drop)
}
