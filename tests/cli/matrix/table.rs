//! The matrix as a page: steps by operations, each cell with what was found.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::PathBuf,
};

use larder_testkit::Action;

use super::{
    attempt::Outcome,
    operations::{OPERATIONS, Operation},
    state::State,
};

const START: &str = "<!-- ci/matrix writes what follows -->\n";

type Cells = BTreeMap<(String, &'static str), BTreeMap<String, usize>>;

/// What was found, for each step and operation.
#[derive(Default)]
pub(super) struct Table {
    killed: Cells,
    failed: Cells,
    attempts: usize,
}

fn page() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../larder-store/CRASHES.md")
}

/// The page as it is.
pub(super) fn written() -> String {
    fs::read_to_string(page()).unwrap()
}

impl Table {
    pub(super) fn add(
        &mut self,
        operation: &'static Operation,
        step: &str,
        action: Action,
        outcome: &Outcome,
    ) {
        let state = match outcome.state {
            None => "BROKEN",
            Some(State::Absent) => "-",
            Some(State::Old) => "old",
            Some(State::Partly) => "partly",
            Some(State::Updating) => "updating",
            Some(State::Unfinished) => "unfinished",
            Some(State::New) => "new",
        };
        let (cells, found) = match action {
            Action::Kill => (&mut self.killed, state.to_owned()),
            _ => (&mut self.failed, format!("{state} {}", outcome.status)),
        };
        if outcome.call.is_some() {
            let cell = cells.entry((step.to_owned(), operation.name)).or_default();
            *cell.entry(found).or_default() += 1;
            self.attempts += 1;
        }
    }

    /// Writes the page anew below its introduction.
    pub(super) fn write(&self, problems: usize) {
        let old = written();
        let (head, _) = old.split_once(START).unwrap();
        let mut text = format!(
            "{head}{START}\n{} disturbed runs, {problems} problems.\n",
            self.attempts
        );
        text.push_str("\n## Killed before the step\n\n");
        write_cells(&mut text, &self.killed);
        text.push_str("\n## The step's call fails\n\n");
        write_cells(&mut text, &self.failed);
        fs::write(page(), text).unwrap();
    }
}

fn write_cells(text: &mut String, cells: &Cells) {
    let names: Vec<_> = OPERATIONS.iter().map(|operation| operation.name).collect();
    writeln!(text, "| step | {} |", names.join(" | ")).unwrap();
    writeln!(text, "|{}", "---|".repeat(names.len() + 1)).unwrap();
    let steps: BTreeSet<&String> = cells.keys().map(|(step, _)| step).collect();
    for step in steps {
        write!(text, "| {step} |").unwrap();
        for name in &names {
            let cell = cells.get(&(step.clone(), *name));
            let found: Vec<_> = cell
                .into_iter()
                .flatten()
                .map(|(found, count)| match count {
                    1 => found.clone(),
                    _ => format!("{found} ×{count}"),
                })
                .collect();
            write!(text, " {} |", found.join(", ")).unwrap();
        }
        text.push('\n');
    }
}
