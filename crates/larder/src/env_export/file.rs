//! environment.yml as conda writes it, and the same as JSON.

use std::{borrow::Cow, fmt::Write as _, path::PathBuf};

use indexmap::IndexMap;
use larder_lock::yaml_scalar;
use serde_json::{Value, json};

/// What is written.
pub(super) struct EnvironmentFile {
    pub(super) name: Option<String>,
    pub(super) channels: Vec<String>,
    pub(super) dependencies: Vec<String>,
    pub(super) pip: Vec<String>,
    pub(super) variables: IndexMap<String, String>,
    pub(super) prefix: PathBuf,
}

impl EnvironmentFile {
    pub(super) fn to_yaml(&self) -> String {
        let mut text = String::new();
        if let Some(name) = &self.name {
            line(&mut text, format_args!("name: {}", yaml_scalar(name)));
        }
        if !self.channels.is_empty() {
            text.push_str("channels:\n");
            items(&mut text, "  ", &self.channels);
        }
        if self.dependencies.is_empty() && self.pip.is_empty() {
            text.push_str("dependencies: []\n");
        } else {
            text.push_str("dependencies:\n");
        }
        items(&mut text, "  ", &self.dependencies);
        if !self.pip.is_empty() {
            text.push_str("  - pip:\n");
            items(&mut text, "      ", &self.pip);
        }
        if !self.variables.is_empty() {
            text.push_str("variables:\n");
            for (name, value) in &self.variables {
                let (name, value) = (yaml_scalar(name), yaml_scalar(value));
                line(&mut text, format_args!("  {name}: {value}"));
            }
        }
        let prefix = self.prefix.to_string_lossy();
        line(&mut text, format_args!("prefix: {}", path(&prefix)));
        text
    }

    pub(super) fn to_json(&self) -> String {
        let mut dependencies: Vec<Value> =
            self.dependencies.iter().map(|spec| json!(spec)).collect();
        if !self.pip.is_empty() {
            dependencies.push(json!({ "pip": self.pip }));
        }
        let mut file = json!({ "name": self.name });
        if !self.channels.is_empty() {
            file["channels"] = json!(self.channels);
        }
        file["dependencies"] = dependencies.into();
        if !self.variables.is_empty() {
            file["variables"] = json!(self.variables);
        }
        file["prefix"] = json!(self.prefix);
        format!("{file:#}\n")
    }
}

fn items(text: &mut String, indent: &str, items: &[String]) {
    for item in items {
        line(text, format_args!("{indent}- {}", spec(item)));
    }
}

/// Specs stay as people write them: `numpy >=1,<2` needs no quotes in a list.
fn spec(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._+/@=~!*<>%-, |".contains(c);
    let is_spec = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.contains([' ', ','])
        && !text.ends_with(' ')
        && text.chars().all(is_plain);
    match is_spec {
        true => text.into(),
        false => yaml_scalar(text),
    }
}

/// Ordinary paths stay as conda writes them; scripts take them out of this line.
fn path(path: &str) -> Cow<'_, str> {
    let is_ordinary = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    match path.starts_with('/') && path.chars().all(is_ordinary) {
        true => path.into(),
        false => yaml_scalar(path),
    }
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{arguments}");
}
