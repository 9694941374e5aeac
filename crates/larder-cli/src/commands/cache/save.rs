//! `larder cache save`.

use std::process::ExitCode;

use larder::cache::{SaveOptions, SaveOutcome, SaveReport, Style, WriteOptions, save_if_possible};
use serde_json::json;

use crate::{
    args::{CacheSaveArgs, GlobalArgs},
    commands::frame::{awaited, summed_up, with_success},
    environment::Environment,
    failure::Failure,
    output,
};

use super::inputs::{self, What};

pub(super) fn save(
    args: &CacheSaveArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    if let Some(reason) = reason_not_to(args) {
        let skipped = json!({ "success": true, "outcome": "skipped", "reason": reason });
        summed_up(&skipped, global, |_| {
            output::tell(format!("nothing is saved: {reason}"));
        });
        return Ok(ExitCode::SUCCESS);
    }
    let mut what = inputs::what(&args.what, &[], (&args.options, environment))?;
    settle_key(args, &mut what);
    // actions/cache warns where there is nothing to save: a job whose tool made no cache directory has not failed.
    if inputs::style(&args.options) == Style::Github && what.paths.iter().all(|path| !path.exists())
    {
        let paths = what
            .paths
            .iter()
            .map(|path| format!("`{}`", path.display()));
        let paths = paths.collect::<Vec<_>>().join(", ");
        output::tell(format!("warning: nothing is saved: not found: {paths}"));
        let skipped = json!({ "success": true, "outcome": "skipped", "reason": "no path exists" });
        summed_up(&skipped, global, |_| {});
        return Ok(ExitCode::SUCCESS);
    }
    let remote = inputs::remote(&args.remote, (global, environment))?;
    let scopes = inputs::scopes(&args.scope, environment, &*remote)?;
    let options = SaveOptions {
        query: inputs::query(&what, &scopes, (&args.options, None)),
        write: scopes.write,
        paths: what.paths,
        named: what.named,
        archive: WriteOptions {
            threads: inputs::threads(),
            level: WriteOptions::LEVEL,
        },
    };
    let report = awaited(global, async |reporter| {
        save_if_possible(&*remote, &options, reporter).await
    })?;
    for path in &report.skipped {
        output::tell(format!(
            "warning: not saved: `{}` is no file, link or directory",
            path.display()
        ));
    }
    summed_up(&with_success(&report), global, |_| summary(&report));
    Ok(ExitCode::SUCCESS)
}

/// Why the job's state says that nothing shall be saved.
fn reason_not_to(args: &CacheSaveArgs) -> Option<String> {
    const YES: [&str; 4] = ["true", "0", "success", "succeeded"];
    if let Some(condition) = &args.condition
        && !YES.contains(&condition.trim().to_lowercase().as_str())
    {
        return Some(format!("the condition is `{condition}`"));
    }
    let is_empty = args
        .restored_key
        .as_ref()
        .is_some_and(|key| key.trim().is_empty());
    is_empty.then(|| "the restore step did not run".to_owned())
}

/// Azure evaluates the key again and saves under what it is now, GitHub under what it was.
fn settle_key(args: &CacheSaveArgs, what: &mut What) {
    let Some(restored) = &args.restored_key else {
        return;
    };
    let key = &mut what.keys.key.fingerprint;
    if restored == key {
        return;
    }
    if inputs::style(&args.options) == Style::Github {
        key.clone_from(restored);
    } else {
        output::tell(format!(
            "warning: the key is `{key}` now, it was `{restored}` when it was looked for: files in it changed; saving under the new one"
        ));
    }
}

fn summary(report: &SaveReport) {
    let key = &report.key;
    match report.outcome {
        SaveOutcome::Saved => output::tell(format!(
            "saved {key}: {} files, links and directories, {} in {}, in {}",
            report.entries,
            output::bytes(report.bytes),
            output::bytes(report.size),
            output::duration(report.milliseconds)
        )),
        SaveOutcome::Exists => output::tell(format!(
            "nothing is saved: there is an entry of {key}, and entries never change"
        )),
        SaveOutcome::ReadOnly => output::tell("nothing is saved: this run may only read"),
        // A warning said why.
        SaveOutcome::Failed => {}
    }
}
