//! `larder cache restore`.

use std::process::ExitCode;

use larder::cache::{Hit, RestoreOptions, RestoreReport, restore as restore_entry};

use crate::{
    args::{CacheRestoreArgs, GlobalArgs},
    commands::frame::{awaited, summed_up, with_success},
    environment::Environment,
    failure::Failure,
    output,
};

use super::{inputs, outputs::tell_services};

pub(super) fn restore(
    args: &CacheRestoreArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let what = inputs::what(&args.what, &args.restore_keys, (&args.options, environment))?;
    let remote = inputs::remote(&args.remote, (global, environment))?;
    let scopes = inputs::scopes(&args.scope, environment, &*remote)?;
    let options = RestoreOptions {
        query: inputs::query(&what, &scopes, (&args.options, args.prefix_match)),
        paths: what.paths,
        keep: std::iter::once(environment.working_directory.clone())
            .chain(environment.home())
            .collect(),
        write: scopes.write,
        lookup_only: args.lookup_only,
        threads: inputs::threads(),
        max_bytes: args.max_unpacked,
    };
    let report = awaited(global, async |reporter| {
        restore_entry(&*remote, &options, reporter).await
    })?;
    tell_services(args, &report, (global, environment))?;
    summed_up(&with_success(&report), global, |_| {
        summary(&report, args.lookup_only);
    });
    if args.fail_on_miss && report.hit == Hit::False {
        if !global.json {
            output::tell("error: nothing matches, and --fail-on-miss was given");
        }
        return Ok(ExitCode::from(larder::Kind::Refused.exit_code()));
    }
    Ok(ExitCode::SUCCESS)
}

fn summary(report: &RestoreReport, lookup_only: bool) {
    let Some(matched) = report.matched_key.as_deref() else {
        output::tell(format!("cache miss: nothing for {}", report.key));
        return;
    };
    let hit = match report.hit {
        Hit::True => "cache hit",
        _ => "cache hit by a restore key",
    };
    if lookup_only {
        let size = output::bytes(report.size);
        output::tell(format!("{hit}: {matched} ({size}), not restored"));
        return;
    }
    output::tell(format!(
        "{hit}: {matched}; restored {} files, links and directories, {} from {}, in {}",
        report.entries,
        output::bytes(report.bytes),
        output::bytes(report.size),
        output::duration(report.milliseconds)
    ));
}
