//! GitLab: a dotenv report, which later jobs of a pipeline get. One `NAME=value` per line, no quoting.

use super::{ChangedVariables, Unsaid};

/// How many variables a report may have where nobody has raised the limit.
pub const GITLAB_VARIABLES: usize = 20;
/// How many bytes a report may have.
pub const GITLAB_BYTES: usize = 5 * 1024;

/// The file's text, and what cannot be said. PATH is said whole: later jobs need the same image.
pub fn gitlab_dotenv(variables: &ChangedVariables) -> (String, Vec<Unsaid>) {
    let (mut said, mut unsaid) = variables.for_steps();
    if variables.prepended.is_some() {
        let path = variables.effect.set.iter();
        let mut path = path.filter(|(name, _)| name.eq_ignore_ascii_case("PATH"));
        if let Some((name, value)) = path.next() {
            match (name.to_str(), value.to_str()) {
                (Some(name), Some(value)) => said.push((name, value)),
                _ => unsaid.push(Unsaid::new(name, "it is not UTF-8")),
            }
        }
    }
    let mut text = String::new();
    for (name, value) in said {
        match obstacle(name, value) {
            Some(why) => unsaid.push(Unsaid::new(name, why)),
            None => text.push_str(&format!("{name}={value}\n")),
        }
    }
    (text, unsaid)
}

fn obstacle(name: &str, value: &str) -> Option<&'static str> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !name.chars().all(is_of_name) || name.len() > 255 {
        Some("GitLab takes at most 255 letters, digits and `_` for a name")
    } else if value.contains(['\n', '\r']) {
        Some("its value has more than one line")
    } else if value.trim() != value {
        Some("GitLab would strip the space around its value")
    } else if value.contains('$') {
        Some("GitLab may expand the `$` in its value")
    } else {
        None
    }
}
