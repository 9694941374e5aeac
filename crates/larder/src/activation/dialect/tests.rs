use std::path::PathBuf;

use super::{ShellKind, is_identifier};
use crate::activation::{Plan, Step};

fn said(shell: ShellKind, steps: &[Step]) -> (String, Vec<String>) {
    let plan = Plan {
        steps: steps.to_vec(),
        ..Plan::default()
    };
    let script = shell.script(&plan);
    (String::from_utf8(script.text).unwrap(), script.unsaid)
}

fn set(name: &str, value: &str) -> Step {
    Step::Variable(name.to_owned(), Some(value.into()))
}

fn unset(name: &str) -> Step {
    Step::Variable(name.to_owned(), None)
}

/// PowerShell cannot be had where the tests run: this is what its documentation asks for.
#[test]
fn powershell_gets_single_quotes_doubled() {
    let steps = [
        set("V", "it's $HOME `x` \"q\"\n\u{2019}\u{2018}"),
        unset("W"),
        Step::Run(PathBuf::from("/o'b/a.ps1")),
    ];
    let (text, unsaid) = said(ShellKind::PowerShell, &steps);
    assert_eq!(
        text,
        "${Env:V} = 'it''s $HOME `x` \"q\"\n\u{2019}\u{2019}\u{2018}\u{2018}'\n\
         Remove-Item -LiteralPath Env:W -ErrorAction SilentlyContinue\n\
         . '/o''b/a.ps1'\n"
    );
    assert!(unsaid.is_empty());
}

/// How cmd reads a line of a batch file: percent signs, then quotes and carets.
fn read_by_cmd(line: &str) -> Option<(String, String)> {
    let line = line.strip_prefix('@')?.replace("%%", "%");
    let (mut read, mut is_quoted, mut is_escaped) = (String::new(), false, false);
    for character in line.chars() {
        match character {
            '"' if !is_escaped => is_quoted = !is_quoted,
            '^' if !is_quoted && !is_escaped => {
                is_escaped = true;
                continue;
            }
            // It would end the command here.
            '&' | '|' | '<' | '>' if !is_quoted && !is_escaped => return None,
            _ => {}
        }
        is_escaped = false;
        read.push(character);
    }
    let inner = read.strip_prefix("SET \"")?;
    let inner = &inner[..inner.rfind('"')?];
    let (name, value) = inner.split_once('=')?;
    Some((name.to_owned(), value.to_owned()))
}

#[test]
fn cmd_reads_back_any_line() {
    for value in [
        "plain",
        "%PATH%",
        "50%",
        "a & b",
        "a\" & calc & \"",
        "\"",
        "\"^\"&|<>()\"^",
        "^",
        "!x!",
        "C:\\a b\\",
    ] {
        let (text, _) = said(ShellKind::Cmd, &[set("V", value)]);
        let read = read_by_cmd(text.trim_end());
        assert_eq!(read, Some(("V".to_owned(), value.to_owned())), "{text}");
    }
    let (text, _) = said(ShellKind::Cmd, &[set("V", "\u{e9}")]);
    assert!(
        text.contains("@CHCP 65001") && text.contains("V=\u{e9}\""),
        "{text}"
    );
    let (text, unsaid) = said(ShellKind::Cmd, &[set("V", "two\nlines"), unset("W")]);
    assert_eq!(text, "@SET \"W=\"\r\n");
    assert_eq!(unsaid, ["V"]);
}

#[test]
fn programs_are_known_by_their_names() {
    for (program, kind) in [
        ("/bin/bash", Some(ShellKind::Bash)),
        ("-zsh", Some(ShellKind::Zsh)),
        ("dash", Some(ShellKind::Posix)),
        ("pwsh.exe", Some(ShellKind::PowerShell)),
        ("/usr/local/bin/nu", Some(ShellKind::Nushell)),
        ("python3", None),
    ] {
        assert_eq!(ShellKind::of_program(program.as_ref()), kind, "{program}");
    }
    for kind in ShellKind::ALL {
        assert_eq!(ShellKind::of_program(kind.name().as_ref()), Some(kind));
    }
}

#[test]
fn only_identifiers_are_names() {
    for name in ["A", "_1", "aB9_"] {
        assert!(is_identifier(name));
    }
    for name in ["", "1A", "A-B", "A B", "A;B", "é"] {
        assert!(!is_identifier(name), "{name}");
    }
}
