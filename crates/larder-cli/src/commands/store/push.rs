//! `larder store push`.

use std::process::ExitCode;

use larder::{Kind, PushOptions, PushReport, ShareChoice, push as push_store};

use crate::{
    args::{GlobalArgs, MovedArgs, StorePushArgs},
    commands::{
        context::settings_with_store,
        frame::{awaited, exit_code, summed_up},
    },
    environment::Environment,
    failure::Failure,
    output,
};

pub(super) fn push(
    args: &StorePushArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let mut settings = settings_with_store(global, environment)?;
    args.moved.remote.open(&mut settings, environment)?;
    let options = PushOptions {
        choice: choice(&args.moved),
        dry_run: args.moved.dry_run,
    };
    let report = awaited(global, async |reporter| {
        push_store(&options, &settings, reporter).await
    })?;
    summed_up(&report, global, |report| tell(report, &args.moved));
    Ok(exit_code(report.success, Kind::Damage))
}

const NOT_HERE: &str = "not in the store";

/// Which objects are meant.
pub(super) fn choice(moved: &MovedArgs) -> ShareChoice {
    match &moved.files[..] {
        _ if moved.all => ShareChoice::All,
        [] => ShareChoice::Roots,
        files => ShareChoice::Locks(files.to_vec()),
    }
}

fn tell(report: &PushReport, moved: &MovedArgs) {
    if report.objects == 0 && report.solves == 0 {
        // Neither whether the remote is there nor whether it may be written to was asked.
        let why = match choice(moved) {
            ShareChoice::All => "the store is empty",
            ShareChoice::Locks(_) => "the store has nothing of what is locked",
            _ => "no environment and no lock of this machine needs anything of the store",
        };
        output::tell(format!("nothing to push to {}: {why}", report.remote));
        return list(NOT_HERE, &report.missing);
    }
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
        (NOT_HERE, &report.missing),
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
