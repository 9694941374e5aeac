//! `larder lock`.

use std::process::ExitCode;

use larder::{LockOptions, LockReport, lock as lock_manifest};

use crate::{
    args::{GlobalArgs, LockArgs},
    environment::Environment,
    failure::Failure,
    output, progress,
};

use super::context::{block_on, priority, settings};

pub(super) fn lock(
    args: &LockArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let settings = settings(global, environment)?;
    let reporter = progress::reporter(global);
    let options = LockOptions {
        files: args.input.files.clone(),
        channels: args.input.channels.clone(),
        priority: priority(args.input.channel_priority),
        platforms: args.platforms.clone(),
        output: args.output.clone(),
        upgrade: args.upgrade,
        dry_run: args.dry_run,
    };
    let result = block_on(lock_manifest(&options, &settings, &*reporter))?;
    drop(reporter);
    let report = result.map_err(|error| Failure::new(&error))?;
    if global.json {
        output::json(&report);
    } else if !global.quiet {
        summary(&report);
    }
    Ok(ExitCode::SUCCESS)
}

fn summary(report: &LockReport) {
    let counts: Vec<_> = report
        .packages
        .iter()
        .map(|(subdir, count)| format!("{subdir} {count}"))
        .collect();
    let verb = match (report.changed, report.dry_run) {
        (false, _) => "unchanged",
        (true, true) => "would be written",
        (true, false) => "written",
    };
    output::tell(format!(
        "{} {verb}: {} packages, in {}",
        report.path.display(),
        counts.join(", "),
        output::duration(report.milliseconds)
    ));
}
