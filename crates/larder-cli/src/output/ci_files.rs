//! Values in the languages of CI services: the files that GitHub's runner reads, logging commands of Azure's agent,
//! GitLab's dotenv, summaries in Markdown. Each takes any value and gives text in which it cannot end its field.

use std::path::Path;

/// A command for Azure's agent: `##vso[name property=value;]message`.
#[derive(Debug)]
pub(crate) struct AzureCommand(String);

impl AzureCommand {
    /// `name` is `area.action`.
    pub(crate) fn new(
        name: &'static str,
        properties: &[(&'static str, &str)],
        message: &str,
    ) -> Self {
        let properties: String = properties
            .iter()
            .map(|(name, value)| format!("{name}={}", azure_property(value)))
            .collect::<Vec<_>>()
            .join(";");
        let gap = if properties.is_empty() { "" } else { " " };
        let message = azure_message(message);
        Self(format!("##vso[{name}{gap}{properties}]{message}\n"))
    }

    /// The command as a line.
    pub(crate) fn as_line(&self) -> &str {
        &self.0
    }
}

/// The agent's escapes in a message.
fn azure_message(text: &str) -> String {
    text.replace('%', "%AZP25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// The agent's escapes in the value of a property, which `;` and `]` would end.
fn azure_property(text: &str) -> String {
    azure_message(text).replace(']', "%5D").replace(';', "%3B")
}

/// A line or lines for GITHUB_OUTPUT, GITHUB_ENV and GITHUB_STATE.
pub(crate) fn github_assignment(name: &str, value: &str) -> String {
    if !value.contains(['\n', '\r']) {
        return format!("{name}={value}\n");
    }
    let is_line = |end: &str| value.lines().any(|line| line == end);
    let mut number = 0_u32;
    loop {
        let end = format!("LARDER_END_{number}");
        if !is_line(&end) {
            return format!("{name}<<{end}\n{value}\n{end}\n");
        }
        number += 1;
    }
}

/// A line for GITHUB_PATH; `None` for a directory that is not one line of text.
pub(crate) fn github_path(directory: &Path) -> Option<String> {
    let text = directory.to_str()?;
    (!text.contains(['\n', '\r'])).then(|| format!("{text}\n"))
}

/// A line of a dotenv file; `None` for a value of several lines, for which GitLab's format has no words.
pub(crate) fn dotenv_line(name: &str, value: &str) -> Option<String> {
    (!value.contains(['\n', '\r'])).then(|| format!("{name}={value}\n"))
}

/// One line of text in a summary: no mark-up of its own.
pub(crate) fn markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in super::one_line(text).chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '`' | '*' | '_' | '[' | ']' | '|' | '!' | '\\' | '#' | '~' => {
                escaped.push('\\');
                escaped.push(character);
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
