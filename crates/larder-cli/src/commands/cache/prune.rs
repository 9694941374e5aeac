//! `larder cache prune`.

use std::{process::ExitCode, time::SystemTime};

use larder::cache::{PruneOptions, prune as prune_entries};
use serde_json::json;

use crate::{
    args::{CachePruneArgs, GlobalArgs},
    commands::context::block_on,
    environment::Environment,
    failure::Failure,
    output,
};

use super::{inputs, list};

pub(super) fn prune(
    args: &CachePruneArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let remote = inputs::remote(&args.remote, (global, environment))?;
    let options = PruneOptions {
        unused_for: Some(args.unused_for),
        max_bytes: args.max_size,
        dry_run: args.dry_run,
        now: SystemTime::now(),
    };
    let pruned = block_on(prune_entries(&*remote, &options))?;
    let pruned = pruned.map_err(|error| Failure::new(&error))?;
    let freed: u64 = pruned.removed.iter().map(|entry| entry.size).sum();
    if global.json {
        output::json(&json!({
            "success": true,
            "dry_run": args.dry_run,
            "removed": pruned.removed.iter().map(list::entry).collect::<Vec<_>>(),
            "freed_bytes": freed,
            "kept": pruned.kept,
            "kept_bytes": pruned.kept_bytes,
        }));
        return Ok(ExitCode::SUCCESS);
    }
    if args.dry_run || global.verbose > 0 {
        for entry in &pruned.removed {
            output::line(list::line(entry));
        }
    }
    if !global.quiet {
        let removed = if args.dry_run {
            "would remove"
        } else {
            "removed"
        };
        output::tell(format!(
            "{removed} {} of {} entries, {}; {} stay",
            pruned.removed.len(),
            pruned.removed.len() + pruned.kept,
            output::bytes(freed),
            output::bytes(pruned.kept_bytes)
        ));
    }
    Ok(ExitCode::SUCCESS)
}
