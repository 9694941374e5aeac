//! What a pack holds for conda and micromamba: environment files and the index of the channel that it is
//! once tar has unpacked it. larder itself does not read them.

use std::{collections::BTreeMap, fmt::Write as _};

use larder_lock::{Closure, PipLock};
use serde_json::{Map, Value, json};

use crate::locked_source::Sourced;

/// `environment.yml`, or one for each platform: names and texts.
pub(super) fn manifests(source: &Sourced, channels: Vec<String>) -> Vec<(String, String)> {
    let name = |closure: &Closure| match source.closures.as_slice() {
        [_] => "environment.yml".to_owned(),
        _ => format!("environment-{}.yml", closure.subdir()),
    };
    let closures = source.closures.iter();
    closures
        .zip(&source.pips)
        .map(|(closure, pip)| (name(closure), manifest(source, (closure, pip), &channels)))
        .collect()
}

fn manifest(source: &Sourced, (closure, pip): (&Closure, &PipLock), channels: &[String]) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    if let Some(name) = &source.name {
        let _ = writeln!(text, "name: {}", quoted(name));
    }
    text.push_str("channels:\n");
    for channel in channels {
        let _ = writeln!(text, "  - ./{channel}");
    }
    text.push_str("  - nodefaults\ndependencies:\n");
    for package in closure.packages() {
        let record = &package.record.package_record;
        let spec = format!("{}={}={}", package.name(), record.version, record.build);
        let _ = writeln!(text, "  - {}", quoted(&spec));
    }
    if !pip.packages.is_empty() {
        text.push_str("  - pip:\n    - \"--no-index\"\n    - \"--find-links ./wheels\"\n");
    }
    for package in &pip.packages {
        let requirement = format!("{}=={}", package.name, package.version);
        let _ = writeln!(text, "    - {}", quoted(&requirement));
    }
    if !source.variables.is_empty() {
        text.push_str("variables:\n");
    }
    for (name, value) in &source.variables {
        let _ = writeln!(text, "  {}: {}", quoted(name), quoted(value));
    }
    text
}

/// A string of JSON is one of YAML.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A `repodata.json` (CEP 36).
pub(super) fn repodata(subdir: &str, records: BTreeMap<String, Map<String, Value>>) -> Vec<u8> {
    let (mut old, mut new) = (Map::new(), Map::new());
    for (name, record) in records {
        let group = if name.ends_with(".conda") {
            &mut new
        } else {
            &mut old
        };
        group.insert(name, record.into());
    }
    let index = json!({
        "info": {"subdir": subdir},
        "packages": old,
        "packages.conda": new,
        "removed": [],
        "repodata_version": 1,
    });
    format!("{index:#}\n").into_bytes()
}
