//! `larder cache list`.

use std::{process::ExitCode, time::SystemTime};

use larder::cache::{Entry, list as list_entries};
use serde_json::{Value, json};

use crate::{
    args::{CacheListArgs, GlobalArgs},
    commands::{context::block_on, store::ago},
    environment::Environment,
    failure::Failure,
    output,
};

use super::inputs;

pub(super) fn list(
    args: &CacheListArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let remote = inputs::remote(&args.remote, (global, environment))?;
    let entries = block_on(list_entries(&*remote))?.map_err(|error| Failure::new(&error))?;
    if global.json {
        output::json(&entries.iter().map(entry).collect::<Vec<_>>());
        return Ok(ExitCode::SUCCESS);
    }
    for entry in &entries {
        output::line(line(entry));
    }
    if !global.quiet {
        let bytes = entries.iter().map(|entry| entry.size).sum();
        let count = match entries.len() {
            1 => "1 entry".to_owned(),
            count => format!("{count} entries"),
        };
        output::tell(format!(
            "{count}, {} at {}",
            output::bytes(bytes),
            remote.url()
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Seconds since 1970.
fn seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// An entry as JSON; times in seconds since 1970.
pub(super) fn entry(entry: &Entry) -> Value {
    json!({
        "key": entry.key,
        "scope": entry.scope,
        "version": entry.version,
        "size": entry.size,
        "created": seconds(entry.created),
        "last_used": seconds(entry.used),
    })
}

/// An entry for people.
pub(super) fn line(entry: &Entry) -> String {
    let size = output::bytes(entry.size);
    let used = ago(seconds(entry.used), SystemTime::now());
    format!(
        "{size:>9}  {used:14}  {}  {}",
        entry.scope.as_str(),
        entry.key
    )
}
