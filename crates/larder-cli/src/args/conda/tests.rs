use clap::{Command, CommandFactory as _};

use super::{REFUSED, hint_for};
use crate::args::Cli;

const TABLE: &str = include_str!("../../../CONDA.md");

/// A row of the table of flags.
struct Row {
    command: String,
    flags: Vec<String>,
    here: String,
}

fn rows() -> Vec<Row> {
    let begin = TABLE.find("<!-- flags -->").unwrap();
    let end = TABLE.find("<!-- end of flags -->").unwrap();
    let cells = |line: &str| -> Vec<String> {
        let cells = line.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect()
    };
    let lines = TABLE[begin..end].lines();
    let rows = lines.filter(|line| line.starts_with("| `"));
    rows.map(cells)
        .map(|cells| Row {
            command: cells[0].trim_matches('`').to_owned(),
            flags: cells[1]
                .split(' ')
                .map(|flag| flag.trim_matches(['`', ',']).to_owned())
                .filter(|flag| flag.starts_with('-'))
                .collect(),
            here: cells[2].clone(),
        })
        .collect()
}

fn command(root: &Command, path: &str) -> Command {
    path.split(' ').fold(root.clone(), |command, name| {
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

#[test]
fn every_flag_of_condas_is_taken_accepted_or_refused_as_the_table_says() {
    let mut root = Cli::command();
    root.build();
    let rows = rows();
    assert!(rows.len() > 80, "{}", rows.len());
    for Row {
        command: path,
        flags,
        here,
    } in rows
    {
        let command = command(&root, &path);
        for flag in flags {
            let known = knows(&command, &flag);
            match &*here {
                "taken" | "accepted" | "differs" => assert!(known, "{path} {flag}"),
                "refused" => {
                    assert!(!known, "{path} {flag} is known");
                    assert!(hint_for(&flag).is_some(), "{path} {flag} has no hint");
                }
                other => panic!("{path} {flag}: `{other}`"),
            }
        }
    }
}

#[test]
fn every_hint_is_for_a_flag_of_the_table() {
    let rows = rows();
    for (flag, _) in REFUSED {
        let is_refused = |row: &Row| row.here == "refused" && row.flags.iter().any(|f| f == flag);
        assert!(rows.iter().any(is_refused), "{flag}");
    }
}
