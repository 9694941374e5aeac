//! The terminal and the log of a CI job are doors: no text from outside gets a control character, a character that
//! hides others, or a command of a CI service through them.
//!
//! `sources` holds the code to one printer; the other modules send hostile texts through every way in, with the real
//! binary, and read what it printed.

mod environments;
mod inputs;
mod machine;
mod packages;
mod sources;

use larder_testkit::{Run, Sandbox};

/// A word in every hostile text: where it is printed, the text got through to the printer.
const WORD: &str = "zdoorz";

/// What services obey, with [`WORD`] in it.
const COMMANDS: [&str; 5] = [
    "##vso[task.setvariable variable=zdoorz]1",
    "::add-mask::zdoorz",
    "##[group]zdoorz",
    "##teamcity[zdoorz]",
    "###vso[zdoorz]",
];

/// What could make a command the beginning of a line, or hide it: a text for each row, and one with the command alone.
const LEADS: [&[&str]; 4] = [
    &["x\n"],
    &["\n", "x\r\n", "x\r", "x\n  "],
    &[
        "x\u{85}",
        "x\u{2028}",
        "\u{1b}[2K\r",
        "\u{9b}1A",
        "\u{202e}\u{200b}",
        "\u{b}",
    ],
    &[""],
];

/// Hostile texts, with other commands for each door.
fn hostile_texts(door: &str) -> Vec<String> {
    let shift: usize = door.bytes().map(usize::from).sum();
    let mut commands = COMMANDS.iter().cycle().skip(shift % COMMANDS.len());
    let text = |leads: &&[&str]| {
        let pieces = leads
            .iter()
            .map(|lead| format!("{lead}{}", commands.next().unwrap_or(&"")));
        pieces.collect::<String>()
    };
    LEADS.iter().map(text).collect()
}

/// Whether a terminal does something else with it than to show it.
fn is_hidden(character: char) -> bool {
    let is_format = matches!(
        character,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    );
    character.is_control() || is_format
}

/// Fails if a terminal or a service would obey something in a stream.
fn assert_harmless(stream: &str, about: &str) {
    for line in stream.split('\n') {
        let hidden: Vec<char> = line.chars().filter(|c| is_hidden(*c)).collect();
        assert!(hidden.is_empty(), "{about}: {hidden:?} in {line:?}");
        assert!(!line.trim_start().starts_with("::"), "{about}: {line:?}");
        for command in ["##vso[", "##[", "##teamcity["] {
            assert!(!line.contains(command), "{about}: {line:?}");
        }
    }
}

/// The doors of one test, and which of them let no text through to the printer.
#[derive(Default)]
struct Doors {
    silent: Vec<String>,
}

impl Doors {
    /// Sends every hostile text through a door. `open` is given a new sandbox and the text, and returns what runs
    /// printed.
    fn check(&mut self, name: &str, open: impl Fn(&Sandbox, &str) -> Vec<Run>) {
        let mut is_reached = false;
        for text in hostile_texts(name) {
            let sandbox = crate::support::app_and_lib();
            for run in open(&sandbox, &text) {
                let about = format!("{name} with {text:?}");
                assert!(run.status != 101, "{about}: {}", run.stderr);
                assert_harmless(&run.stdout, &format!("stdout of {about}"));
                assert_harmless(&run.stderr, &format!("stderr of {about}"));
                is_reached |= run.stdout.contains(WORD) || run.stderr.contains(WORD);
            }
        }
        if !is_reached {
            self.silent.push(name.to_owned());
        }
    }

    /// Fails if a door that was to be tested was not: its texts were dropped or refused before anything was printed.
    fn all_but_these_speak(self, expected: &[&str]) {
        let unexpected = self
            .silent
            .iter()
            .filter(|name| !expected.contains(&name.as_str()));
        let unexpected: Vec<_> = unexpected.collect();
        assert!(
            unexpected.is_empty(),
            "no text came through: {unexpected:?}"
        );
    }
}

/// A text as a string of JSON and YAML, in ASCII.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for unit in text.encode_utf16() {
        match char::from_u32(u32::from(unit)) {
            Some(c) if c.is_ascii_graphic() && c != '"' && c != '\\' => quoted.push(c),
            Some(' ') => quoted.push(' '),
            _ => quoted.push_str(&format!("\\u{unit:04x}")),
        }
    }
    quoted + "\""
}
