//! `larder store import`.

use std::process::ExitCode;

use larder::{ImportOptions, ImportReport, Kind, import as import_archives};

use crate::{
    args::{GlobalArgs, StoreImportArgs},
    commands::{
        context::settings_with_store,
        frame::{self, performed},
    },
    environment::Environment,
    failure::Failure,
    output,
};

pub(super) fn import(
    args: &StoreImportArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let settings = settings_with_store(global, environment)?;
    let options = ImportOptions {
        directories: args.directories.clone(),
        locks: args.locks.clone(),
        dry_run: args.dry_run,
    };
    let report = performed(global, |reporter| {
        import_archives(&options, &settings, reporter)
    })?;
    frame::report(&report, global, |report| tell(report, global));
    Ok(
        match (report.wrong.is_empty(), report.unreadable.is_empty()) {
            (false, _) => ExitCode::from(Kind::Damage.exit_code()),
            (true, false) => ExitCode::from(Kind::World.exit_code()),
            (true, true) => ExitCode::SUCCESS,
        },
    )
}

/// So many archives of unknown digest are named without -v: a directory that is no `pkgs` may be full of them.
const NAMED: usize = 10;

fn tell(report: &ImportReport, global: &GlobalArgs) {
    if report.dry_run || global.verbose > 0 {
        for archive in &report.imported {
            output::line(format!(
                "+ {}  {}",
                archive.path.display(),
                archive.checksum
            ));
        }
    }
    let named = match global.verbose {
        0 => NAMED,
        _ => usize::MAX,
    };
    for path in report.unknown.iter().take(named) {
        output::tell(format!(
            "not taken, nobody says its digest: {}",
            path.display()
        ));
    }
    if let Some(more) = report
        .unknown
        .len()
        .checked_sub(named)
        .filter(|&more| more > 0)
    {
        output::tell(format!("and {more} more, which -v names"));
    }
    for wrong in &report.wrong {
        output::tell(format!(
            "error: {} is damaged: expected {}, found {}",
            wrong.path.display(),
            wrong.expected.join(" or "),
            wrong.found
        ));
    }
    for unreadable in &report.unreadable {
        let (path, reason) = (unreadable.path.display(), &unreadable.reason);
        output::tell(format!("error: {path} cannot be read: {reason}"));
    }
    if !global.quiet {
        summary(report);
    }
}

fn summary(report: &ImportReport) {
    output::tell(format!(
        "{} {} archives ({}), {} were in the store, {} of unknown digest; {}",
        if report.dry_run {
            "would import"
        } else {
            "imported"
        },
        report.imported.len(),
        output::bytes(report.imported_bytes),
        report.present,
        report.unknown.len(),
        output::duration(report.milliseconds)
    ));
    if report.extracted_only > 0 {
        output::tell(format!(
            "{} packages are there only extracted, without an archive: these cannot be taken over",
            report.extracted_only
        ));
    }
    if !report.unknown.is_empty() {
        output::tell("a lock that names them vouches for them: `--lock conda-lock.yml`");
    }
}
