//! `larder sync`.

use std::process::ExitCode;

use larder::{CreateOptions, LockUse, PipExtras, Settings, SyncOptions, sync as sync_environment};

use crate::{
    args::{GlobalArgs, SyncArgs},
    environment::Environment,
    failure::Failure,
    output, progress,
};

use super::{
    context::{block_on, settings_with_store, target},
    create::making,
    env, verify,
};

pub(super) fn sync(
    args: &SyncArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let mut settings = settings_with_store(global, environment)?;
    args.making.share.remote.open(&mut settings, environment)?;
    let reporter = progress::reporter(global);
    let options = options(args, &settings, environment);
    let tell = |found: &larder::VerifyReport| {
        if !global.json {
            verify::print(found, verify::limit(global));
        }
    };
    let result = block_on(sync_environment(&options, &settings, &*reporter, tell))?;
    let report = result.map_err(|error| Failure::new(&error))?;
    if !report.update.dry_run {
        let of = (&settings, environment);
        args.making
            .share
            .push(&report.update.prefix, of, &*reporter)?;
    }
    drop(reporter);
    if global.json {
        output::json(&report);
    } else {
        env::tell_of_update(&report.update, global);
    }
    Ok(ExitCode::SUCCESS)
}

fn options(args: &SyncArgs, settings: &Settings, environment: &Environment) -> SyncOptions {
    SyncOptions {
        create: CreateOptions {
            files: args.files.clone(),
            categories: args.category.categories.clone(),
            target: target(&args.target),
            platform: args.platform.clone(),
            dry_run: args.dry_run,
            lock_use: match args.frozen {
                true => LockUse::Frozen,
                false => LockUse::Checked,
            },
            ..making(&args.making, settings, environment)
        },
        quick: args.quick,
        pip: match args.prune_pip {
            true => PipExtras::Remove,
            false => PipExtras::Keep,
        },
        override_frozen: args.override_frozen,
    }
}
