//! The YAML files of the repository, as the services read them.

use std::{fs, path::PathBuf};

use serde_json::Value;

/// A file of the repository.
pub(super) fn repository(path: &str) -> PathBuf {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    PathBuf::from(root).canonicalize().unwrap().join(path)
}

pub(super) fn text(path: &str) -> String {
    fs::read_to_string(repository(path)).unwrap()
}

/// A YAML file as JSON.
pub(super) fn yaml(path: &str) -> Value {
    parse(&text(path))
}

pub(super) fn parse(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A step's text in which a template's expressions and the agent's variables have their values.
pub(super) fn filled(text: &str, values: &[(&str, &str)]) -> String {
    let mut text = text.to_owned();
    for (name, value) in values {
        text = text.replace(&format!("${{{{ parameters.{name} }}}}"), value);
        text = text.replace(&format!("$({name})"), value);
    }
    assert!(
        !text.contains("${{") && !text.contains("$("),
        "an expression that the test does not know: {text}"
    );
    text
}
