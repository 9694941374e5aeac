//! `larder store gc --remote`.

use std::{process::ExitCode, time::SystemTime};

use larder::{RemoteGcOptions, RemoteGcReport, gc_remote as collect};

use crate::{
    args::{GlobalArgs, StoreGcArgs},
    commands::{
        context::settings_with_store,
        frame::{self, awaited},
        share::with_remote,
    },
    environment::Environment,
    failure::Failure,
    output,
};

pub(super) fn gc_remote(
    (url, args): (&str, &StoreGcArgs),
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let mut settings = settings_with_store(global, environment)?;
    with_remote(Some(url), &mut settings, environment)?;
    let options = RemoteGcOptions {
        life: args.unused_for,
        grace: args.remote.grace,
        dry_run: args.dry_run,
        now: SystemTime::now(),
    };
    let report = awaited(global, async |reporter| {
        collect(&options, &settings, reporter).await
    })?;
    frame::report(&report, global, |report| tell(report, global));
    Ok(ExitCode::SUCCESS)
}

fn tell(report: &RemoteGcReport, global: &GlobalArgs) {
    if report.dry_run || global.verbose > 0 {
        for object in &report.objects {
            output::line(format!("- {object}"));
        }
    }
    if global.quiet {
        return;
    }
    let (removed, freed) = match report.dry_run {
        true => ("would remove", "would free"),
        false => ("removed", "freed"),
    };
    output::tell(format!(
        "{}: {removed} {}, {} and {}; {freed} {}; {} stay ({}), {} count",
        report.remote,
        output::count(report.removed, "object"),
        output::count(report.expired_roots, "old push record"),
        output::count(report.solves, "remembered solve"),
        output::bytes(report.freed_bytes),
        output::count(report.kept, "object"),
        output::bytes(report.kept_bytes),
        output::count(report.roots, "push record"),
    ));
    if report.spared > 0 {
        output::tell(format!(
            "{} spared: somebody pushed what needs them meanwhile",
            output::count(report.spared, "object")
        ));
    }
}
