//! `larder store list`.

use std::{process::ExitCode, time::SystemTime};

use larder::{ListedArchive, list_store};

use crate::{
    args::{GlobalArgs, StoreListArgs, StoreOrder},
    commands::{context::settings_with_store, frame},
    environment::Environment,
    failure::Failure,
    output,
};

use super::ages::ago;

pub(super) fn list(
    args: &StoreListArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let settings = settings_with_store(global, environment)?;
    let mut archives = list_store(&settings).map_err(|error| Failure::new(&error))?;
    match args.sort {
        StoreOrder::Size => {}
        StoreOrder::LastUsed => archives.sort_by_key(|archive| archive.last_used),
        StoreOrder::Name => archives.sort_by_key(shown),
    }
    frame::report(&archives, global, |archives| table(archives));
    Ok(ExitCode::SUCCESS)
}

fn shown(archive: &ListedArchive) -> String {
    archive.name.as_ref().unwrap_or(&archive.object).clone()
}

fn table(archives: &[ListedArchive]) {
    let now = SystemTime::now();
    let width = archives.iter().map(|archive| shown(archive).len());
    let width = width.max().unwrap_or(0).max("Archive".len());
    let mut lines = vec![format!(
        "{:width$}  {:>9}  {:14}  Needed by",
        "Archive", "Size", "Last used"
    )];
    for archive in archives {
        let used = ago(archive.last_used, now);
        let size = output::bytes(archive.bytes);
        let by = needed_by(archive);
        let archive = shown(archive);
        lines.push(format!("{archive:width$}  {size:>9}  {used:14}  {by}"));
    }
    output::lines(lines);
}

/// A single user by its path, several by their number.
fn needed_by(archive: &ListedArchive) -> String {
    match (&archive.environments[..], &archive.locks[..]) {
        ([], []) => "nobody".into(),
        ([path], []) | ([], [path]) => path.display().to_string(),
        (environments, locks) => {
            let parts = [(environments.len(), "environment"), (locks.len(), "lock")];
            let parts = parts.into_iter().filter(|(number, _)| *number > 0);
            let parts: Vec<_> = parts
                .map(|(number, thing)| output::count(number, thing))
                .collect();
            parts.join(", ")
        }
    }
}
