//! `larder store export`.

use std::process::ExitCode;

use larder::{ExportPkgsOptions, ExportPkgsReport, Kind, LockedSource, Target, export_pkgs};

use crate::{
    args::{GlobalArgs, StoreExportArgs, StoreLayout},
    commands::{
        context::settings_with_store,
        frame::{self, awaited, exit_code},
        pack::platforms,
    },
    environment::Environment,
    failure::Failure,
    output,
};

pub(super) fn export(
    args: &StoreExportArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let settings = settings_with_store(global, environment)?;
    let StoreLayout::CondaPkgs = args.layout;
    let options = ExportPkgsOptions {
        directory: args.directory.clone(),
        source: source(args),
        platforms: platforms(&args.platforms),
        dry_run: args.dry_run,
    };
    let report = awaited(global, async |reporter| {
        export_pkgs(&options, &settings, reporter).await
    })?;
    frame::report(&report, global, |report| tell(report, global));
    Ok(exit_code(report.success, Kind::Refused))
}

fn source(args: &StoreExportArgs) -> Option<LockedSource> {
    match (&args.prefix, &args.lock) {
        (Some(prefix), _) => Some(LockedSource::Environment(Target {
            name: None,
            prefix: Some(prefix.clone()),
        })),
        (None, Some(lock)) => Some(LockedSource::Files {
            files: vec![lock.clone()],
            categories: Vec::new(),
        }),
        (None, None) => None,
    }
}

fn tell(report: &ExportPkgsReport, global: &GlobalArgs) {
    if report.dry_run || global.verbose > 0 {
        for archive in &report.exported {
            output::line(format!("+ {}  {}", archive.path.display(), archive.url));
        }
    }
    if global.quiet {
        return;
    }
    output::tell(format!(
        "{}: {} {} packages ({}), {} were there; {}",
        report.directory.display(),
        if report.dry_run {
            "would export"
        } else {
            "exported"
        },
        report.exported.len(),
        output::bytes(report.exported_bytes),
        report.present,
        output::duration(report.milliseconds)
    ));
    if report.unknown > 0 {
        output::tell(format!(
            "{} archives of the store are left out: no environment and no lock knows where they are from",
            report.unknown
        ));
    }
}
