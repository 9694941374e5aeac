//! `larder manifest`.

use std::process::ExitCode;

use larder::{ManifestReport, manifest as read_manifest};
use serde_json::Value;

use crate::{
    args::{GlobalArgs, ManifestArgs},
    environment::Environment,
    failure::Failure,
    output,
};

use super::{
    context::settings,
    frame::{self, performed},
};

pub(super) fn manifest(
    args: &ManifestArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let settings = settings(global, environment)?;
    let report = performed(global, |reporter| {
        read_manifest(&args.files, &settings, reporter)
    })?;
    frame::report(&report, global, text);
    Ok(ExitCode::SUCCESS)
}

/// The report's keys and values as indented lines; what stands in the file with its place behind it.
fn text(report: &ManifestReport) {
    let Ok(Value::Object(report)) = serde_json::to_value(report) else {
        return;
    };
    for (key, value) in report {
        match value {
            Value::Null | Value::Bool(false) => {}
            // Warnings went to stderr as they were found.
            Value::Array(_) if key == "warnings" => {}
            Value::Array(items) if items.is_empty() => {}
            Value::Array(items) => {
                output::line(format!("{key}:"));
                items
                    .iter()
                    .for_each(|item| output::line(format!("  {}", item_text(item))));
            }
            Value::Object(map) if map.is_empty() => {}
            Value::Object(map) => {
                output::line(format!("{key}:"));
                map.iter()
                    .for_each(|(name, value)| output::line(format!("  {name}: {}", plain(value))));
            }
            value => output::line(format!("{key}: {}", plain(&value))),
        }
    }
}

fn item_text(item: &Value) -> String {
    let Value::Object(line) = item else {
        return plain(item);
    };
    let of = |key: &str| line.get(key).map(plain).unwrap_or_default();
    let selector = match line.get("selector") {
        Some(Value::String(selector)) => format!("  only if {selector}"),
        _ => String::new(),
    };
    format!(
        "{:40} {}:{}:{}{selector}",
        of("text"),
        of("file"),
        of("line"),
        of("column")
    )
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
