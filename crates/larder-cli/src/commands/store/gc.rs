//! `larder store gc`.

use std::{process::ExitCode, time::SystemTime};

use larder::{GcArchive, GcOptions, GcReport, gc as collect_garbage};

use crate::{
    args::{GlobalArgs, StoreGcArgs},
    commands::{
        context::settings_with_store,
        frame::{self, performed},
    },
    environment::Environment,
    failure::Failure,
    output,
};

use super::{ages::ago, gc_remote};

pub(super) fn gc(
    args: &StoreGcArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    if let Some(url) = &args.remote.remote {
        return gc_remote::gc_remote((url, args), global, environment);
    }
    let settings = settings_with_store(global, environment)?;
    let options = options(args);
    let report = performed(global, |reporter| {
        collect_garbage(&options, &settings, reporter)
    })?;
    frame::report(&report, global, |report| {
        if args.dry_run || global.verbose > 0 {
            list(&report.archives, options.now);
        }
        if !global.quiet {
            summary(report);
        }
    });
    Ok(ExitCode::SUCCESS)
}

fn options(args: &StoreGcArgs) -> GcOptions {
    GcOptions {
        keep: args.keep.clone(),
        unused_for: args.unused_for,
        max_bytes: args.max_size,
        trees: args.trees,
        dry_run: args.dry_run,
        now: SystemTime::now(),
    }
}

/// One line for each archive.
fn list(archives: &[GcArchive], now: SystemTime) {
    let shown = |archive: &GcArchive| {
        archive
            .name
            .clone()
            .unwrap_or_else(|| archive.object.clone())
    };
    let width = archives
        .iter()
        .map(|one| shown(one).len())
        .max()
        .unwrap_or(0);
    for archive in archives {
        let needed = if archive.needed { ", still needed" } else { "" };
        output::line(format!(
            "- {:width$}  {:>9}  last used {}{needed}",
            shown(archive),
            output::bytes(archive.bytes),
            ago(archive.last_used, now)
        ));
    }
}

/// What went, what stays, and what the locks want that is not there.
fn summary(report: &GcReport) {
    let (removed, freed) = if report.dry_run {
        ("would remove", "would free")
    } else {
        ("removed", "freed")
    };
    let mut parts = vec![output::count(report.removed, "archive")];
    let others = [
        (report.roots, "dead root"),
        (report.memos, "remembered solve"),
        (report.indexes, "index file"),
        (report.bytecode, "bytecode file"),
        (report.trees, "tree"),
        (report.built_wheels, "built wheel"),
        (report.tools, "tool environment"),
        (report.left_over, "left-over file"),
    ];
    let others = others.into_iter().filter(|(number, _)| *number > 0);
    parts.extend(others.map(|(number, thing)| output::count(number, thing)));
    let trees = report.kept_trees.map(|count| output::count(count, "tree"));
    let trees = trees
        .map(|trees| format!(", and {trees}"))
        .unwrap_or_default();
    output::tell(format!(
        "{removed} {}; {freed} {}; {} stay ({}){trees}",
        parts.join(", "),
        output::bytes(report.freed_bytes),
        output::count(report.kept, "archive"),
        output::bytes(report.kept_bytes)
    ));
    if report.spared > 0 {
        output::tell(format!(
            "{} spared: somebody began to use them meanwhile",
            output::count(report.spared, "archive")
        ));
    }
    if let Some(first) = report.missing.first() {
        output::tell(format!(
            "not in the store: {} that the locks name, such as {first}",
            output::count(report.missing.len(), "archive")
        ));
    }
}
