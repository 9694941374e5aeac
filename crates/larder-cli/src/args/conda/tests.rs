use std::collections::BTreeSet;

use clap::{Command, CommandFactory as _};

use super::{COMMANDS, REFUSED, hint_for_command, hint_for_flag, rows};
use crate::args::Cli;

const PAGE: &str = include_str!("../../../CONDA.md");

/// A row of one of the tables of flags.
struct FlagRow {
    commands: Vec<String>,
    flags: Vec<String>,
    here: String,
}

/// The lines of a table of the page, between its two marks.
fn table(name: &str) -> impl Iterator<Item = &'static str> {
    let begin = PAGE.find(&format!("<!-- {name} -->")).unwrap();
    let end = PAGE.find(&format!("<!-- end of {name} -->")).unwrap();
    let lines = PAGE[begin..end]
        .lines()
        .skip_while(|line| !line.starts_with("|---"));
    lines.skip(1).filter(|line| line.starts_with('|'))
}

/// Texts in backticks.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

fn flag_rows(name: &str) -> Vec<FlagRow> {
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let commands = match cells[0] {
            "every" => vec!["*".to_owned()],
            "(none)" => vec![String::new()],
            names => quoted(names),
        };
        FlagRow {
            commands,
            flags: quoted(cells[1]),
            here: cells[2].to_owned(),
        }
    };
    table(name).map(row).collect()
}

fn all_flag_rows() -> Vec<FlagRow> {
    let mut rows = flag_rows("flags");
    rows.extend(flag_rows("flags of micromamba"));
    rows
}

/// Every command that one of the rows names.
fn named_commands(rows: &[FlagRow]) -> BTreeSet<&str> {
    let names = rows.iter().flat_map(|row| &row.commands);
    names
        .map(String::as_str)
        .filter(|name| *name != "*")
        .collect()
}

fn command(root: &Command, path: &str) -> Command {
    path.split_terminator(' ')
        .fold(root.clone(), |command, name| {
            let found = command.find_subcommand(name);
            found
                .unwrap_or_else(|| panic!("there is no command `{path}`"))
                .clone()
        })
}

fn knows(command: &Command, flag: &str) -> bool {
    command
        .get_arguments()
        .any(|argument| match flag.strip_prefix("--") {
            Some(long) => {
                let aliases = argument.get_all_aliases().unwrap_or_default();
                argument.get_long() == Some(long) || aliases.contains(&long)
            }
            None => argument
                .get_short()
                .is_some_and(|short| flag == format!("-{short}")),
        })
}

fn check(root: &Command, path: &str, flag: &str, here: &str) {
    let known = knows(&command(root, path), flag);
    match here {
        "taken" | "accepted" | "differs" => assert!(known, "{path} {flag}"),
        "refused" => {
            assert!(!known, "{path} {flag} is known");
            assert!(
                hint_for_flag(path, flag).is_some(),
                "{path} {flag} has no hint"
            );
        }
        other => panic!("{path} {flag}: `{other}`"),
    }
}

#[test]
fn every_flag_of_condas_is_taken_accepted_or_refused_as_the_table_says() {
    let mut root = Cli::command();
    root.build();
    let rows = all_flag_rows();
    assert!(rows.len() > 180, "{}", rows.len());
    let has_own_row = |path: &str, flag: &str| {
        let mut own = rows
            .iter()
            .filter(|row| row.commands.iter().any(|name| name == path));
        own.any(|row| row.flags.iter().any(|name| name == flag))
    };
    for row in &rows {
        for flag in &row.flags {
            for path in &row.commands {
                if path != "*" {
                    check(&root, path, flag, &row.here);
                    continue;
                }
                for path in named_commands(&rows) {
                    if !has_own_row(path, flag) {
                        check(&root, path, flag, &row.here);
                    }
                }
            }
        }
    }
}

#[test]
fn every_hint_is_for_a_flag_of_the_table() {
    let refused: Vec<FlagRow> = all_flag_rows()
        .into_iter()
        .filter(|row| row.here == "refused")
        .collect();
    for row in rows(REFUSED) {
        let [commands, flags, hint] = row[..] else {
            panic!("{row:?}");
        };
        assert!(hint.len() > 5, "{row:?}");
        for flag in flags.split(' ') {
            for command in commands.split(',') {
                let is_meant = |row: &FlagRow| {
                    let has_command = row.commands.iter().any(|name| name == command);
                    let has_flag = row.flags.iter().any(|name| name == flag);
                    has_flag && (command == "*" || has_command || row.commands == ["*"])
                };
                assert!(refused.iter().any(is_meant), "{command} {flag}");
            }
        }
    }
}

#[test]
fn every_command_that_is_missing_has_a_hint_and_a_row() {
    let mut root = Cli::command();
    root.build();
    let in_page: BTreeSet<String> = table("commands")
        .flat_map(|line| quoted(line.split('|').nth(1).unwrap()))
        .collect();
    let with_hint: BTreeSet<String> = rows(COMMANDS)
        .flat_map(|row| row[0].split(' '))
        .map(str::to_owned)
        .collect();
    assert!(in_page.len() > 30, "{}", in_page.len());
    assert_eq!(in_page, with_hint);
    for name in &in_page {
        assert!(root.find_subcommand(name).is_none(), "larder has `{name}`");
        assert!(
            hint_for_command(name).is_some_and(|hint| hint.len() > 5),
            "{name}"
        );
    }
}

#[test]
fn a_row_for_the_command_counts_before_one_for_every_command() {
    let hint = |command, flag| hint_for_flag(command, flag).unwrap();
    assert!(hint("config", "--all").contains("--describe"));
    assert!(hint("create", "--all").contains("--upgrade"));
    assert_eq!(hint_for_flag("create", "--no-such-flag"), None);
}
