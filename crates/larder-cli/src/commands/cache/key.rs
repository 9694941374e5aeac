//! `larder cache key`.

use std::process::ExitCode;

use larder::cache::{Key, SegmentKind};
use serde_json::json;

use crate::{
    args::{CacheKeyArgs, GlobalArgs},
    environment::Environment,
    failure::Failure,
    output,
};

use super::inputs;

/// As much of a segment as Azure's agent shows.
const SHOWN: usize = 50;

pub(super) fn key(
    args: &CacheKeyArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let context = (&args.options, environment);
    let keys = inputs::keys(&args.key, &args.restore_keys, context)?;
    if global.json {
        output::json(&json!({
            "success": true,
            "key": keys.key.fingerprint,
            "segments": keys.key.segments,
            "restore_keys": keys.restore_keys,
        }));
        return Ok(ExitCode::SUCCESS);
    }
    if global.verbose > 0 {
        for key in std::iter::once(&keys.key).chain(&keys.restore_keys) {
            show(key);
        }
    }
    output::line(&keys.key.fingerprint);
    for key in &keys.restore_keys {
        output::line(format!("{}|**", key.fingerprint));
    }
    Ok(ExitCode::SUCCESS)
}

/// One line for each segment, and for each file of a pattern.
fn show(key: &Key) {
    for segment in &key.segments {
        let text: String = segment.text.chars().take(SHOWN).collect();
        match &segment.kind {
            SegmentKind::String => output::tell(format!(" - {text} [string]")),
            SegmentKind::File { hash } => output::tell(format!(" - {text} [file] --> {hash}")),
            SegmentKind::Pattern { hash, files } => {
                let count = files.len();
                output::tell(format!(
                    " - {text} [file pattern; matches: {count}] --> {hash}"
                ));
                for file in files {
                    output::tell(format!("   - {} --> {}", file.path, file.sha256));
                }
            }
        }
    }
}
