//! `larder store pull`.

use std::process::ExitCode;

use larder::{PullOptions, PullReport, pull as pull_store};

use crate::{
    args::{GlobalArgs, StorePullArgs},
    commands::{
        context::settings_with_store,
        frame::{awaited, summed_up},
        pack::platforms,
    },
    environment::Environment,
    failure::Failure,
    output,
};

use super::push::{choice, list};

pub(super) fn pull(
    args: &StorePullArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let mut settings = settings_with_store(global, environment)?;
    args.moved.remote.open(&mut settings, environment)?;
    let options = PullOptions {
        choice: choice(&args.moved),
        platforms: platforms(&args.platforms),
        dry_run: args.moved.dry_run,
    };
    let report = awaited(global, async |reporter| {
        pull_store(&options, &settings, reporter).await
    })?;
    summed_up(&report, global, tell);
    Ok(ExitCode::SUCCESS)
}

fn tell(report: &PullReport) {
    let fetched = match report.dry_run {
        true => "would fetch",
        false => "fetched",
    };
    output::tell(format!(
        "{}: {fetched} {} ({}), {} in the store ({}); {:.1} s",
        report.remote,
        output::count(report.fetched, "object"),
        output::bytes(report.fetched_bytes),
        report.already_there,
        output::bytes(report.already_there_bytes),
        report.seconds
    ));
    if report.from_channel > 0 {
        output::tell(format!(
            "{} from the channel, because the remote's were no good",
            output::count(report.from_channel, "object")
        ));
    }
    list("not on the remote", &report.missing);
}
