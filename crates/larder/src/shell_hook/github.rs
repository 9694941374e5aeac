//! GitHub Actions: the files that `GITHUB_ENV` and `GITHUB_PATH` name.
//!
//! The runner reads `NAME<<END`, lines, `END`; of `GITHUB_PATH` each line goes in front of PATH.

use super::{ChangedVariables, Unsaid};

/// What to append to the two files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GithubFiles {
    /// For `GITHUB_ENV`.
    pub env: String,
    /// For `GITHUB_PATH`.
    pub path: String,
    /// What cannot be said.
    pub unsaid: Vec<Unsaid>,
}

/// Writes the variables down for GitHub's runner.
pub fn github_files(variables: &ChangedVariables) -> GithubFiles {
    let (said, unsaid) = variables.for_steps();
    let mut files = GithubFiles {
        unsaid,
        ..GithubFiles::default()
    };
    for (name, value) in said {
        match obstacle(name, value) {
            Some(why) => files.unsaid.push(Unsaid::new(name, why)),
            None => {
                let end = delimiter(value);
                files
                    .env
                    .push_str(&format!("{name}<<{end}\n{value}\n{end}\n"));
            }
        }
    }
    for entry in variables.entries_backwards() {
        match entry.to_str().filter(|entry| !entry.contains(['\n', '\r'])) {
            Some(entry) => files.path.push_str(&format!("{entry}\n")),
            None => files
                .unsaid
                .push(Unsaid::new("PATH", "an entry is no line of UTF-8")),
        }
    }
    files
}

fn obstacle(name: &str, value: &str) -> Option<&'static str> {
    let upper = name.to_uppercase();
    // The runner takes what is before the first `=` or `<<` for the name.
    if name.is_empty() || name.contains(['\n', '\r', '=']) || name.contains("<<") {
        Some("its name has a line end, `=` or `<<` in it")
    } else if upper == "NODE_OPTIONS" {
        Some("GitHub refuses it for safety's sake")
    } else if upper.starts_with("GITHUB_") || upper.starts_with("RUNNER_") {
        Some("it is the runner's own")
    } else if value.ends_with('\r') {
        Some("its value ends with a carriage return, which the runner takes for a line's end")
    } else {
        None
    }
}

/// A line that the value does not have.
fn delimiter(value: &str) -> String {
    let is_line = |end: &str| value.lines().any(|line| line == end);
    let mut number = 0_u32;
    loop {
        let end = format!("LARDER_END_{number}");
        if !is_line(&end) {
            return end;
        }
        number += 1;
    }
}
