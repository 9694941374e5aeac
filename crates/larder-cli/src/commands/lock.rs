//! `larder lock`.

use std::process::ExitCode;

use larder::{
    CheckReport, LockOptions, LockReport, Settings, check_lock, check_lock_online,
    lock as lock_manifest,
};

use larder_event::Reporter;

use crate::{
    args::{GlobalArgs, LockArgs},
    environment::Environment,
    failure::Failure,
    output, progress,
};

use super::{
    context::{block_on, override_channels, policy, settings_with_store},
    export,
    lock_each::lock_each,
    merge,
};

pub(super) fn lock(
    args: &LockArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let mut settings = settings_with_store(global, environment)?;
    override_channels(&args.input, &mut settings)?;
    args.remote.open(&mut settings, environment)?;
    let reporter = progress::reporter(global);
    if let Some(command) = &args.command {
        return merge::run(command, &settings, global);
    }
    let options = LockOptions {
        files: args.input.files.clone(),
        channels: args.input.channels.clone(),
        policy: policy(&args.input.policy, &settings)?,
        platforms: args.platforms.clone(),
        output: args.output.clone(),
        format: args.format.map(export::format),
        upgrade: args.upgrade,
        upgrade_packages: args.upgrade_packages.clone(),
        dry_run: args.dry_run || settings.defaults.dry_run,
    };
    if !args.manifests.is_empty() {
        return Ok(lock_each(args, &options, &settings, global));
    }
    if args.check {
        let report = check(args.online, &options, &settings, &*reporter)?;
        return Ok(checked(&report, &given_files(args), global));
    }
    let result = block_on(lock_manifest(&options, &settings, &*reporter))?;
    drop(reporter);
    let report = result.map_err(|error| Failure::new(&error))?;
    if global.json {
        output::json(&report);
    } else {
        if args.diff || args.dry_run {
            differences(&report);
        }
        if !global.quiet {
            summary(&report);
        }
    }
    Ok(ExitCode::from(u8::from(
        args.fail_on_change && report.changed,
    )))
}

/// Checks a lock, with the indexes of its channels if that is wanted.
pub(super) fn check(
    online: bool,
    options: &LockOptions,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<CheckReport, Failure> {
    let report = match online {
        true => block_on(check_lock_online(options, settings, reporter))?,
        false => check_lock(options, settings, reporter),
    };
    report.map_err(|error| Failure::new(&error))
}

/// The options that named what was checked, for the command that mends it.
fn given_files(args: &LockArgs) -> String {
    let files = args.input.files.iter().map(|file| (" -f", file));
    let output = args.output.iter().map(|file| (" -o", file));
    files
        .chain(output)
        .map(|(option, file)| format!("{option} {}", file.display()))
        .collect()
}

/// The answer of `--check`. A stale lock is an answer, not a failure; its exit code is 1 all the same.
fn checked(report: &CheckReport, files: &str, global: &GlobalArgs) -> ExitCode {
    if global.json {
        output::json(report);
    } else {
        tell_checked(report, files, global);
    }
    ExitCode::from(u8::from(!report.fresh))
}

/// The answer of `--check` for people; `file` is what `larder lock` has to be given to mend it.
pub(super) fn tell_checked(report: &CheckReport, file: &str, global: &GlobalArgs) {
    if report.fresh && !global.quiet {
        output::tell(format!("{} is fresh", report.path.display()));
    } else if !report.fresh {
        output::tell(format!("{} is stale:", report.path.display()));
        for (subdir, reasons) in &report.reasons {
            reasons
                .iter()
                .for_each(|reason| output::tell(format!("  {subdir}: {reason}")));
        }
        output::tell(format!("  help: `larder lock{file}` mends it"));
    }
}

/// What changed against the lock that was there, as data.
fn differences(report: &LockReport) {
    match &report.diff {
        Some(diff) if diff.is_empty() => {}
        Some(diff) => output::lines(diff.to_string().trim_end().lines()),
        None => output::tell("there was no lock to compare with"),
    }
}

pub(super) fn summary(report: &LockReport) {
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
