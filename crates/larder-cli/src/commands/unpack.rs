//! `larder unpack`.

use std::process::ExitCode;

use larder::{
    CreateOptions, KeepObjects, LockUse, Settings, UnpackOptions, UnpackReport,
    unpack as unpack_environment,
};

use crate::{
    args::{GlobalArgs, UnpackArgs},
    environment::Environment,
    failure::Failure,
    output,
};

use super::{
    context::{block_on, settings_with_store, target},
    create::{making, watched},
};

pub(super) fn unpack(
    args: &UnpackArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let mut settings = settings_with_store(global, environment)?;
    args.making.share.remote.open(&mut settings, environment)?;
    let options = options(args, &settings, environment)?;
    let result = watched(args.making.timings.as_deref(), global, |reporter| {
        block_on(unpack_environment(&options, &settings, reporter))
    })?;
    let report = result.map_err(|error| Failure::new(&error))?;
    if global.json {
        output::json(&report);
    } else if report.environment.dry_run {
        list(&report, global.quiet);
    } else if !global.quiet {
        summary(&report);
    }
    Ok(ExitCode::SUCCESS)
}

fn options(
    args: &UnpackArgs,
    settings: &Settings,
    environment: &Environment,
) -> Result<UnpackOptions, Failure> {
    let digest = |text: &String| {
        let digest = text.strip_prefix("sha256:").unwrap_or(text);
        digest.parse::<larder::Sha256>().map_err(|error| {
            Failure::refused("usage::sha256", format!("`--sha256 {text}`: {error}"))
        })
    };
    Ok(UnpackOptions {
        pack: args.pack.clone(),
        sha256: args.sha256.as_ref().map(digest).transpose()?,
        lock: args.lock.clone(),
        categories: args.categories.clone(),
        keep: if args.no_store {
            KeepObjects::No
        } else {
            KeepObjects::Yes
        },
        create: CreateOptions {
            target: target(&args.target),
            platform: args.platform.clone(),
            replace: args.yes,
            dry_run: args.dry_run || settings.defaults.dry_run,
            lock_use: if args.frozen {
                LockUse::Frozen
            } else {
                LockUse::Checked
            },
            ..making(&args.making, settings, environment)
        },
    })
}

/// What `--dry-run` prints: one line for each package.
fn list(report: &UnpackReport, is_quiet: bool) {
    let environment = &report.environment;
    for package in &environment.actions.link {
        output::line(format!(
            "+ {}/{}::{}",
            package.channel, package.platform, package.dist_name
        ));
    }
    if !is_quiet {
        output::tell(format!(
            "would make {} with {} packages ({}); the pack is for {}",
            environment.prefix.display(),
            environment.actions.link.len(),
            output::bytes(report.archive_bytes),
            report.platforms.join(", ")
        ));
    }
}

fn summary(report: &UnpackReport) {
    let environment = &report.environment;
    if environment.made_by_another {
        output::tell(format!(
            "{}: made by another run, with the very packages of the pack",
            environment.prefix.display()
        ));
        return;
    }
    output::tell(format!(
        "{}: {} packages, {} archives of the pack were new, linked {} files; {} in all",
        environment.prefix.display(),
        environment.actions.link.len(),
        report.added,
        environment.paths,
        output::duration(environment.milliseconds)
    ));
}
