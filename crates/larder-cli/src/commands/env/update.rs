//! `larder env update`.

use std::process::ExitCode;

use larder::{
    Counted, CreateOptions, Extras, Settings, UpdateOptions, UpdateReport,
    update as update_environment,
};

use super::take_specs;
use crate::{
    args::{EnvUpdateArgs, GlobalArgs, MakingArgs},
    commands::{
        context::{block_on, override_channels, policy, settings_with_store, target},
        create::{
            files_here, for_conda, from_remote, lock_changes, making, origin, pip_packages,
            shortcuts,
        },
    },
    environment::Environment,
    failure::Failure,
    output, progress,
};

pub(super) fn update(
    args: &EnvUpdateArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let mut settings = settings_with_store(global, environment)?;
    override_channels(&args.input, &mut settings)?;
    for_conda(&args.conda, global, &mut settings);
    args.making.share.remote.open(&mut settings, environment)?;
    let mut files = args.input.files.clone();
    let specs = take_specs(&mut files, &args.specs, environment);
    let here = files_here(&files, &settings, global)?;
    let mut options = options(args, &settings, environment)?;
    options.create.files.clone_from(&here.files);
    options.create.specs = specs;
    run(&options, &settings, (&args.making, environment, global))
}

/// `create --compat 26.5`: what is there stays and gets what the file says.
pub(in crate::commands) fn in_place(
    create: CreateOptions,
    settings: &Settings,
    how: (&MakingArgs, &Environment, &GlobalArgs),
) -> Result<ExitCode, Failure> {
    let options = UpdateOptions {
        override_frozen: create.override_frozen,
        create,
        extras: Extras::Keep,
    };
    run(&options, settings, how)
}

fn run(
    options: &UpdateOptions,
    settings: &Settings,
    (making, environment, global): (&MakingArgs, &Environment, &GlobalArgs),
) -> Result<ExitCode, Failure> {
    let reporter = progress::reporter(global);
    let result = block_on(update_environment(options, settings, &*reporter))?;
    let report = result.map_err(|error| Failure::new(&error))?;
    if !report.dry_run {
        let of = (settings, environment);
        making.share.push(&report.prefix, of, &*reporter)?;
    }
    drop(reporter);
    tell(&report, global);
    Ok(ExitCode::SUCCESS)
}

fn options(
    args: &EnvUpdateArgs,
    settings: &Settings,
    environment: &Environment,
) -> Result<UpdateOptions, Failure> {
    Ok(UpdateOptions {
        create: CreateOptions {
            files: args.input.files.clone(),
            categories: args.category.categories.clone(),
            channels: args.input.channels.clone(),
            policy: policy(&args.input.policy, settings)?,
            target: target(&args.target),
            platform: args.platform.clone(),
            dry_run: args.dry_run,
            shortcuts: shortcuts(&args.conda),
            lock_use: args.lock.lock_use(),
            ..making(&args.making, settings, environment)
        },
        extras: match args.prune {
            true => Extras::Prune,
            false => Extras::Keep,
        },
        override_frozen: args.override_frozen,
    })
}

/// The report, as JSON or as text.
pub(in crate::commands) fn tell(report: &UpdateReport, global: &GlobalArgs) {
    if global.json {
        return output::json(report);
    }
    if report.dry_run {
        for package in &report.actions.unlink {
            output::line(format!("- {}", described(package)));
        }
        for package in &report.actions.link {
            output::line(format!("+ {}", described(package)));
        }
    }
    if !global.quiet {
        output::tell(summary(report));
        lock_changes(report.lock_changes.as_ref());
    }
}

fn described(package: &larder::LinkedPackage) -> String {
    let larder::LinkedPackage {
        channel,
        platform,
        dist_name,
        ..
    } = package;
    format!("{channel}/{platform}::{dist_name}")
}

/// One line.
fn summary(report: &UpdateReport) -> String {
    let prefix = report.prefix.display();
    let took = output::duration(report.milliseconds);
    let solve = report.solve.map_or("known", origin);
    if report.message.is_some() {
        return format!("{prefix}: up to date ({solve}), {took}");
    }
    let (linked, unlinked) = (report.actions.link.len(), report.actions.unlink.len());
    let fetched = match report.sources.fetched() {
        Counted { objects: 0, .. } => "nothing fetched".to_owned(),
        Counted { objects, bytes } => format!(
            "fetched {objects} ({}{})",
            output::bytes(bytes),
            from_remote(&report.sources)
        ),
    };
    let linked = output::count(linked, "package");
    let linked = match (report.pip_changed, report.pip_packages) {
        (true, 0) => format!("{linked} and the pip section"),
        (_, count) => format!("{linked}{}", pip_packages(count)),
    };
    match (report.created, report.dry_run) {
        (true, true) => format!("would make {prefix} with {linked} ({solve})"),
        (true, false) => format!("{prefix}: made with {linked} ({solve}), {fetched}; {took}"),
        (false, true) => format!(
            "would unlink {unlinked}, link {linked} and keep {} of {prefix} ({solve})",
            report.kept
        ),
        (false, false) => format!(
            "{prefix}: unlinked {unlinked}, linked {linked}, kept {} ({solve}), {fetched}; {took}",
            report.kept
        ),
    }
}
