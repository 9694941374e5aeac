//! `larder verify`.

use std::process::ExitCode;

use larder::{
    Drifted, Kind, VerifyEnvironmentReport, VerifyOptions, VerifyReport,
    verify as verify_environment,
};

use crate::{
    args::{GlobalArgs, VerifyArgs},
    environment::Environment,
    failure::Failure,
    output,
};

use super::{
    context::{existing, settings},
    frame::{self, exit_code, performed},
};

/// How many paths of one kind are listed before the rest is only counted.
const LISTED: usize = 20;

pub(super) fn verify(
    args: &VerifyArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let prefix = existing(&args.target, global, environment)?;
    let options = VerifyOptions {
        threads: settings(global, environment)?.threads,
        quick: args.quick,
    };
    let report = performed(global, |reporter| {
        verify_environment(&prefix, options, reporter)
    })?;
    frame::report(&report, global, |report| {
        print(&report.found, limit(global));
        if !global.quiet {
            output::tell(summary(report));
        }
    });
    Ok(exit_code(report.success, Kind::Refused))
}

/// How many paths of one kind are listed.
pub(super) fn limit(global: &GlobalArgs) -> usize {
    if global.verbose > 0 {
        usize::MAX
    } else {
        LISTED
    }
}

/// What differs, as data.
pub(super) fn print(found: &VerifyReport, limit: usize) {
    let (missing, changed): (Vec<_>, Vec<_>) = found
        .drifted
        .iter()
        .partition(|drifted| drifted.drift.is_missing());
    let shown = |drifted: &&Drifted| {
        let Drifted {
            package,
            path,
            drift,
        } = drifted;
        if drift.is_missing() {
            format!("{path} ({package})")
        } else {
            format!("{path} {drift} ({package})")
        }
    };
    section("changed", changed.iter().map(shown).collect(), limit);
    section("missing", missing.iter().map(shown).collect(), limit);
    section("extra", found.extra.clone(), limit);
    let pip = found.pip.iter().map(|package| {
        let installer = package.installer.as_deref().unwrap_or("an unnamed tool");
        format!("{} {} (by {installer})", package.name, package.version)
    });
    section("installed on top", pip.collect(), limit);
    let records = found.damaged_records.iter();
    let records = records.map(|record| format!("conda-meta/{}: {}", record.path, record.problem));
    section("unreadable record", records.collect(), limit);
}

/// One line for each, the kind in front so that the lines can be searched.
fn section(kind: &str, lines: Vec<String>, limit: usize) {
    for line in lines.iter().take(limit) {
        output::line(format!("{kind}: {line}"));
    }
    if lines.len() > limit {
        let rest = lines.len() - limit;
        output::line(format!("{kind}: and {rest} more (-v lists all)"));
    }
}

fn summary(report: &VerifyEnvironmentReport) -> String {
    let VerifyReport {
        packages,
        files,
        drifted,
        extra,
        pip,
        damaged_records,
    } = &report.found;
    let (packages, paths) = (
        output::count(*packages, "package"),
        output::count(*files as usize, "path"),
    );
    let took = output::duration(report.milliseconds);
    if report.success {
        return format!(
            "{} is as recorded: {packages}, {paths} in {took}",
            report.prefix.display()
        );
    }
    let missing = drifted
        .iter()
        .filter(|drifted| drifted.drift.is_missing())
        .count();
    let counts = [
        (drifted.len() - missing, "changed"),
        (missing, "missing"),
        (extra.len(), "extra"),
        (pip.len(), "installed on top"),
        (damaged_records.len(), "records unreadable"),
    ];
    let counts: Vec<_> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    format!(
        "{} has drifted: {} ({packages}, {paths} in {took})",
        report.prefix.display(),
        counts.join(", ")
    )
}
