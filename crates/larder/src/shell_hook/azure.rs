//! Azure Pipelines: logging commands, which the agent reads from a step's output.

use super::{ChangedVariables, Unsaid};

/// Starts of names that Azure keeps to itself.
const RESERVED: [&str; 5] = ["ENDPOINT", "INPUT", "PATH", "SECRET", "SECUREFILE"];

/// One command per line, and what cannot be said.
pub fn azure_commands(variables: &ChangedVariables) -> (String, Vec<Unsaid>) {
    let (said, mut unsaid) = variables.for_steps();
    let mut text = String::new();
    for (name, value) in said {
        match obstacle(name) {
            Some(why) => unsaid.push(Unsaid::new(name, why)),
            None => {
                let (name, value) = (property(name), message(value));
                text.push_str(&format!("##vso[task.setvariable variable={name}]{value}\n"));
            }
        }
    }
    for entry in variables.entries_backwards() {
        match entry.to_str() {
            Some(entry) => text.push_str(&format!("##vso[task.prependpath]{}\n", message(entry))),
            None => unsaid.push(Unsaid::new("PATH", "an entry is not UTF-8")),
        }
    }
    (text, unsaid)
}

fn obstacle(name: &str) -> Option<&'static str> {
    // Steps see variables under this name.
    let seen = name.to_uppercase().replace(['.', ' '], "_");
    if seen != name && !cfg!(windows) {
        Some("Azure would hand it to steps in upper case, without dots and spaces")
    } else if seen != "PATH" && RESERVED.iter().any(|start| seen.starts_with(start)) {
        Some("names that start like this are Azure's own")
    } else {
        None
    }
}

fn message(text: &str) -> String {
    text.replace('%', "%AZP25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(']', "%5D").replace(';', "%3B")
}
