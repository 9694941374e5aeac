//! `larder lock MANIFEST...`: each file by itself, as pre-commit hands over what changed.
//!
//! One file that fails does not keep the others from being locked or checked.

use std::process::ExitCode;

use larder::{CheckReport, LockOptions, LockReport, LockSources, Settings, lock, lock_sources};
use serde_json::{Value, json};

use crate::{
    args::{GlobalArgs, LockArgs},
    failure::Failure,
    output, progress,
};

use super::{context::block_on, lock as command};

enum Answer {
    Checked(CheckReport),
    Locked(LockReport),
    Failed(Failure),
}

/// Locks or checks each file of `args`. The exit code is the worst; JSON is a list, one item a lock.
pub(super) fn lock_each(
    args: &LockArgs,
    options: &LockOptions,
    settings: &Settings,
    global: &GlobalArgs,
) -> ExitCode {
    let mut worst = 0;
    let mut list = Vec::new();
    for sources in lock_sources(&args.manifests, settings) {
        let options = LockOptions {
            files: sources.files.clone(),
            output: sources.output.clone(),
            ..options.clone()
        };
        let answer = answer(args, &options, settings, global).unwrap_or_else(Answer::Failed);
        worst = worst.max(exit_code(&answer, args));
        if global.json {
            list.push(as_json(&answer));
        } else {
            tell(&answer, &sources, global);
        }
    }
    if global.json {
        output::json(&list);
    }
    ExitCode::from(worst)
}

fn answer(
    args: &LockArgs,
    options: &LockOptions,
    settings: &Settings,
    global: &GlobalArgs,
) -> Result<Answer, Failure> {
    let reporter = progress::reporter(global);
    if args.check {
        let report = command::check(args.online, options, settings, &*reporter);
        return report.map(Answer::Checked);
    }
    let report = block_on(lock(options, settings, &*reporter))?;
    report
        .map(Answer::Locked)
        .map_err(|error| Failure::new(&error))
}

fn exit_code(answer: &Answer, args: &LockArgs) -> u8 {
    match answer {
        Answer::Checked(report) => u8::from(!report.fresh),
        Answer::Locked(report) => u8::from(args.fail_on_change && report.changed),
        Answer::Failed(failure) => failure.code_number(),
    }
}

fn as_json(answer: &Answer) -> Value {
    match answer {
        Answer::Checked(report) => json!(report),
        Answer::Locked(report) => json!(report),
        Answer::Failed(failure) => failure.json(),
    }
}

fn tell(answer: &Answer, sources: &LockSources, global: &GlobalArgs) {
    match answer {
        Answer::Checked(report) => {
            let file = sources.files.first();
            let file = file.map(|file| format!(" {}", file.display()));
            command::tell_checked(report, &file.unwrap_or_default(), global);
        }
        Answer::Locked(report) if !global.quiet => command::summary(report),
        Answer::Locked(_) => {}
        Answer::Failed(failure) => failure.tell(global),
    }
}
