//! `larder config`.

use std::process::ExitCode;

use larder::{
    ConfigurationReport, DescribedKey, ReportedItem, ReportedSetting, configuration, describe_keys,
};

use crate::{
    args::{ConfigArgs, GlobalArgs},
    environment::Environment,
    failure::Failure,
    output,
};

use super::{configured::load, context::base_settings};

pub(super) fn config(
    args: &ConfigArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    if args.describe {
        let keys = describe_keys(&args.keys).map_err(|error| Failure::new(&error))?;
        if global.json {
            output::json(&keys);
        } else {
            keys.iter().for_each(describe);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let loaded = load(Some(&args.target), global, environment)?;
    let mut report = configuration(&loaded, &args.keys).map_err(|error| Failure::new(&error))?;
    let mut settings = base_settings(global, environment)?;
    if let Err(error) = settings.configure(&loaded.config) {
        report.errors.push(error.to_string());
    }
    if global.json {
        output::json(&report);
    } else {
        if args.show_sources {
            sources(&report);
        } else {
            report.settings.iter().for_each(setting);
        }
        tell(&report);
    }
    Ok(ExitCode::from(u8::from(!report.errors.is_empty())))
}

/// A value as a .condarc has it, its place as a comment.
fn setting(setting: &ReportedSetting) {
    let ReportedSetting { key, value, .. } = setting;
    let source = setting.source.as_deref().unwrap_or("default");
    let mut comment = source.to_owned();
    if !setting.is_honoured {
        comment = format!("{source}; no effect: {}", setting.text);
    }
    if setting.items.is_empty() {
        let value = if value.is_empty() { "~" } else { value };
        output::line(format!("{key}: {value}  # {comment}"));
        return;
    }
    match setting.is_honoured {
        true => output::line(format!("{key}:")),
        false => output::line(format!("{key}:  # no effect: {}", setting.text)),
    }
    let width = setting.items.iter().map(|item| item.value.chars().count());
    let width = width.max().unwrap_or(0);
    for ReportedItem { value, source } in &setting.items {
        let dash = if setting.is_mapping { "" } else { "- " };
        output::line(format!("  {dash}{value:width$}  # {source}"));
    }
}

/// What each source sets by itself, source by source.
fn sources(report: &ConfigurationReport) {
    let files = report.files.iter();
    let files: Vec<String> = files.map(|file| file.display().to_string()).collect();
    for file in &files {
        output::line(format!("# {file}"));
        let prefix = format!("{file}:");
        parts(report, |source| {
            source
                .strip_prefix(&prefix)
                .map(|line| format!("line {line}"))
        });
    }
    let of_variable = |source: &str| {
        let is_file = files
            .iter()
            .any(|file| source.starts_with(&format!("{file}:")));
        (!is_file).then(|| source.to_owned())
    };
    let settings = report.settings.iter();
    let mut all = settings.flat_map(|setting| &setting.sources);
    if all.any(|part| of_variable(&part.source).is_some()) {
        output::line("# variables");
        parts(report, of_variable);
    }
}

/// The parts of settings whose source `place` knows.
fn parts(report: &ConfigurationReport, place: impl Fn(&str) -> Option<String>) {
    for setting in &report.settings {
        for part in &setting.sources {
            if let Some(place) = place(&part.source) {
                output::line(format!("{}: {}  # {place}", setting.key, part.value));
            }
        }
    }
}

fn tell(report: &ConfigurationReport) {
    for warning in &report.warnings {
        output::tell(format!("warning: {warning}"));
    }
    for error in &report.errors {
        output::tell(format!("error: {error}"));
    }
}

fn describe(key: &DescribedKey) {
    let aliases = match key.aliases.as_slice() {
        [] => String::new(),
        aliases => format!(", also {}", aliases.join(", ")),
    };
    let default = match key.default {
        "" => String::new(),
        default => format!(" [default: {default}]"),
    };
    output::line(format!("{}{aliases}", key.key));
    let text = match key.treatment {
        "honoured" => format!("{}{default}", key.text),
        "accepted" => format!("no effect: {}", key.text),
        _ => format!("not honoured, with a warning: {}", key.text),
    };
    output::line(format!("    {text}"));
}
