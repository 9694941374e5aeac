//! Text from outside, made harmless for a terminal and for the log of a CI job.
//!
//! Names, versions, paths, URLs, messages of servers and of tools reach the screen in every command, and their
//! writers are not trusted. Three things must not happen: an escape sequence that changes the terminal, a character
//! that hides or reorders what the reader sees, and a line that a CI service takes for a command to itself.
//!
//! Services read a job's log line by line:
//!
//! | service | takes for a command |
//! |---|---|
//! | GitHub Actions | `::name::` at the line's beginning, white space before it included; `##[name]` anywhere in it |
//! | Azure Pipelines | `##vso[` anywhere in the line, `##[` at its beginning |
//! | TeamCity | `##teamcity[` |
//! | GitLab, Travis | `section_start:`, `travis_fold:` with an escape sequence |
//! | Buildkite | `--- `, `+++ `, `~~~ `, `^^^ ` at the line's beginning |
//!
//! All of them are broken on every machine: larder cannot know who reads its output later.

use std::fmt::Write as _;

/// How far later lines of one message are indented: further than `  because:` and `  help:`, so that no text from
/// outside looks like a line of larder's own.
const CONTINUATION: &str = "    ";

/// Beginnings of lines that a service acts on, and what is printed instead.
const LINE_COMMANDS: [(&str, &str); 9] = [
    ("::", ": :"),
    ("section_start:", "section_start :"),
    ("section_end:", "section_end :"),
    ("travis_fold:", "travis_fold :"),
    ("travis_time:", "travis_time :"),
    ("--- ", "- -- "),
    ("+++ ", "+ ++ "),
    ("~~~ ", "~ ~~ "),
    ("^^^ ", "^ ^^ "),
];

/// One message as it may be printed, without a line break at its end.
///
/// A line break that is followed by two spaces is layout: larder's own messages continue that way (the excerpt below
/// an error in a manifest, the list below a conflict). The rest of such a line is printed further indented. Every
/// other line break came with a value, and is printed as `\n`.
pub(super) fn escape_message(text: &str) -> String {
    let mut message = String::with_capacity(text.len());
    for (index, line) in text.trim_end_matches('\n').split("\n  ").enumerate() {
        if index > 0 {
            message.push('\n');
            message.push_str(CONTINUATION);
        }
        message.push_str(&escape_line(line));
    }
    message
}

/// One line as it may be printed: whatever could end it is escaped.
pub(super) fn escape_line(line: &str) -> String {
    let mut escaped = String::with_capacity(line.len());
    for character in line.chars() {
        match character {
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            _ if is_unsafe(character) => {
                // Writing to a String cannot fail.
                let _ = write!(escaped, "\\u{{{:x}}}", u32::from(character));
            }
            _ => escaped.push(character),
        }
    }
    break_commands(escaped)
}

/// A JSON document with the same meaning in which no string has a character or a `##` that could do harm. Outside of
/// strings JSON has none of them.
pub(super) fn escape_json(document: &str) -> String {
    let mut escaped = String::with_capacity(document.len());
    let mut before = ' ';
    for character in document.chars() {
        let is_layout = matches!(character, '\n' | '\t');
        // The second of two: `#` followed by `\u0023` is no `##` for whoever looks for that.
        let is_second_hash = character == '#' && before == '#';
        if is_second_hash || (is_unsafe(character) && !is_layout) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(character);
        }
        before = character;
    }
    escaped
}

/// Whether a document of several lines can be printed as it is: [`escape_line`] would change none of its lines, tabs
/// aside.
pub(super) fn is_safe_document(document: &str) -> bool {
    document.lines().all(|line| {
        let line = line.replace('\t', " ");
        escape_line(&line) == line
    })
}

/// Whether a character moves the cursor, ends a line, or is invisible or reorders its neighbours.
fn is_unsafe(character: char) -> bool {
    // C0, DEL and C1, among them NEL, which ends a line for some readers.
    character.is_control()
        || matches!(
            character,
            '\u{ad}' // soft hyphen
            | '\u{34f}' // combining grapheme joiner
            | '\u{61c}' // Arabic letter mark
            | '\u{115f}'..='\u{1160}' | '\u{3164}' | '\u{ffa0}' // fillers, which are blank
            | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' // zero-width characters, directional marks
            | '\u{2028}'..='\u{202e}' // line and paragraph separators, embeddings and overrides
            | '\u{2060}'..='\u{206f}' // word joiner, invisible operators, isolates
            | '\u{fe00}'..='\u{fe0f}' // variation selectors
            | '\u{feff}' // byte order mark
            | '\u{fff0}'..='\u{fffb}' // interlinear annotations
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}' // tags, more variation selectors
        )
}

/// Breaks what a CI service would obey. The line is free of control characters already.
fn break_commands(line: String) -> String {
    let mut line = match line.contains("##") {
        true => break_hashes(&line),
        false => line,
    };
    // The runner of GitHub trims the line first, and .NET takes more characters for white space than ASCII has.
    let start = line.len() - line.trim_start().len();
    for (command, broken) in LINE_COMMANDS {
        if line[start..].starts_with(command) {
            line.replace_range(start..start + command.len(), broken);
        }
    }
    line
}

/// `##vso[` becomes `# #vso[`, `###[` becomes `# # #[`: no two are adjacent. A run before white space, as in a
/// heading or a rule of Markdown, and one at the end are no command.
fn break_hashes(line: &str) -> String {
    let mut broken = String::with_capacity(line.len() + 8);
    let mut rest = line;
    while let Some(at) = rest.find("##") {
        let run = rest[at..].bytes().take_while(|byte| *byte == b'#').count();
        broken.push_str(&rest[..at]);
        let after = &rest[at + run..];
        match after.chars().next() {
            None => broken.push_str(&rest[at..at + run]),
            Some(next) if next.is_whitespace() => broken.push_str(&rest[at..at + run]),
            Some(_) => {
                broken.push('#');
                broken.extend(std::iter::repeat_n(" #", run - 1));
            }
        }
        rest = after;
    }
    broken.push_str(rest);
    broken
}

#[cfg(test)]
mod tests;
