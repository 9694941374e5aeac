//! `larder pack`.

use std::process::ExitCode;

use larder::{
    LockedSource, PackOptions, PackReport, PlatformChoice, Target, pack as pack_environment,
};

use crate::{
    args::{GlobalArgs, PackArgs},
    environment::Environment,
    failure::Failure,
    output,
};

use super::{
    context::settings_with_store,
    frame::{awaited, summed_up},
};

pub(super) fn pack(
    args: &PackArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let settings = settings_with_store(global, environment)?;
    let options = PackOptions {
        source: source(args),
        platforms: platforms(&args.platforms),
        name: args.name.clone(),
        output: args.output.clone(),
        dry_run: args.dry_run,
    };
    let report = awaited(global, async |reporter| {
        pack_environment(&options, &settings, reporter).await
    })?;
    summed_up(&report, global, summary);
    Ok(ExitCode::SUCCESS)
}

fn source(args: &PackArgs) -> LockedSource {
    match &args.prefix {
        Some(prefix) => LockedSource::Environment(Target {
            name: None,
            prefix: Some(prefix.clone()),
        }),
        None => LockedSource::Files {
            files: args.file.iter().cloned().collect(),
            categories: args.category.categories.clone(),
        },
    }
}

/// The platforms of the command line; `all` stands for those of the lock.
pub(super) fn platforms(names: &[String]) -> PlatformChoice {
    match names {
        [] => PlatformChoice::Own,
        names if names.iter().any(|name| name == "all") => PlatformChoice::All,
        names => PlatformChoice::Named(names.to_vec()),
    }
}

fn summary(report: &PackReport) {
    let packages = report.packages.iter();
    let packages: Vec<_> = packages
        .map(|(platform, count)| format!("{count} for {platform}"))
        .collect();
    let fetched = format!(
        "{} to fetch ({})",
        report.fetched,
        output::bytes(report.fetched_bytes)
    );
    if report.dry_run {
        output::tell(format!(
            "would write {}: packages: {}; {} in the store, {fetched}",
            report.path.display(),
            packages.join(", "),
            report.reused,
        ));
        return;
    }
    let wheels = match report.wheels {
        0 => String::new(),
        count => format!(" and {count} wheels"),
    };
    output::tell(format!(
        "{}: packages: {}; {} archives{wheels}, {}, {} fetched, in {}",
        report.path.display(),
        packages.join(", "),
        report.archives,
        output::bytes(report.size),
        report.fetched,
        output::duration(report.milliseconds)
    ));
    if let Some(sha256) = &report.sha256 {
        output::tell(format!("sha256 {sha256}"));
    }
}
