//! `larder store push`.

use std::{path::PathBuf, process::ExitCode};

use larder::{Kind, PushOptions, PushReport, ShareChoice, push as push_store};

use crate::{
    args::{GlobalArgs, StorePushArgs},
    commands::context::{block_on, settings_with_store},
    environment::Environment,
    failure::Failure,
    output, progress,
};

pub(super) fn push(
    args: &StorePushArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let mut settings = settings_with_store(global, environment)?;
    args.remote.open(&mut settings, environment)?;
    let options = PushOptions {
        choice: choice(&args.files, args.all),
        dry_run: args.dry_run,
    };
    let reporter = progress::reporter(global);
    let result = block_on(push_store(&options, &settings, &*reporter))?;
    drop(reporter);
    let report = result.map_err(|error| Failure::new(&error))?;
    if global.json {
        output::json(&report);
    } else if !global.quiet {
        tell(&report);
    }
    Ok(match report.success {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(Kind::Damage.exit_code()),
    })
}

/// Which objects are meant.
pub(super) fn choice(files: &[PathBuf], all: bool) -> ShareChoice {
    match (files, all) {
        (_, true) => ShareChoice::All,
        ([], false) => ShareChoice::Roots,
        (files, false) => ShareChoice::Locks(files.to_vec()),
    }
}

fn tell(report: &PushReport) {
    let sent = match report.dry_run {
        true => "would send",
        false => "sent",
    };
    let solves = match report.solves {
        0 => String::new(),
        number => format!(" and {}", output::count(number, "remembered solve")),
    };
    output::tell(format!(
        "{}: {sent} {} ({}){solves}, {} there ({}); {:.1} s",
        report.remote,
        output::count(report.sent, "object"),
        output::bytes(report.sent_bytes),
        report.already_there,
        output::bytes(report.already_there_bytes),
        report.seconds
    ));
    let lists = [
        ("not in the store", &report.missing),
        ("damaged in the store, and not sent", &report.damaged),
        (
            "just being collected on the remote: push again",
            &report.doubtful,
        ),
    ];
    for (what, names) in lists {
        list(what, names);
    }
}

/// How many things, and one of them.
pub(super) fn list(what: &str, names: &[String]) {
    if let Some(first) = names.first() {
        let count = output::count(names.len(), "object");
        output::tell(format!("{what}: {count}, such as {first}"));
    }
}
