//! The frame of a command: an operation runs while somebody watches, then its report is told, as a document or
//! in words. Knows no command.

use std::process::ExitCode;

use larder::{Explain, Kind};
use larder_event::Reporter;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{args::GlobalArgs, failure::Failure, output, progress};

use super::context::block_on;

/// Runs an operation. Who watches it is gone before its report is told: bars and lines do not mix.
pub(super) fn performed<T, E: Explain + 'static>(
    global: &GlobalArgs,
    operation: impl FnOnce(&dyn Reporter) -> Result<T, E>,
) -> Result<T, Failure> {
    let reporter = progress::reporter(global);
    let result = operation(&*reporter);
    drop(reporter);
    result.map_err(|error| Failure::new(&error))
}

/// As [`performed`], for an operation that waits.
pub(super) fn awaited<T, E: Explain + 'static>(
    global: &GlobalArgs,
    operation: impl AsyncFnOnce(&dyn Reporter) -> Result<T, E>,
) -> Result<T, Failure> {
    let reporter = progress::reporter(global);
    let result = block_on(operation(&*reporter))?;
    drop(reporter);
    result.map_err(|error| Failure::new(&error))
}

/// Tells a report: as a document if that is wanted, else as `print` does.
pub(super) fn report<T: Serialize>(report: &T, global: &GlobalArgs, print: impl FnOnce(&T)) {
    if global.json {
        output::json(report);
    } else {
        print(report);
    }
}

/// As [`report`], where there is nothing to print but what `--quiet` does without.
pub(super) fn summed_up<T: Serialize>(found: &T, global: &GlobalArgs, tell: impl FnOnce(&T)) {
    report(found, global, |found| {
        if !global.quiet {
            tell(found);
        }
    });
}

/// A report as a document that says that it is one of a success.
pub(super) fn with_success(report: &impl Serialize) -> Value {
    let mut document = json!({ "success": true });
    if let (Some(all), Ok(Value::Object(report))) =
        (document.as_object_mut(), serde_json::to_value(report))
    {
        all.extend(report);
    }
    document
}

/// The exit code of a command whose report says by itself what is wrong.
pub(super) fn exit_code(is_well: bool, otherwise: Kind) -> ExitCode {
    match is_well {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(otherwise.exit_code()),
    }
}
