//! The crash matrix: the real binary, killed before each call that changes a file, or with that call
//! failing. Whatever happens: the store is sound, the result is whole (old or new) or not there, the next
//! run succeeds without help, and nothing stays for ever.
//!
//! `ci/matrix` runs all of it and writes `crates/larder-store/CRASHES.md`; a sample runs with the tests.

mod attempt;
mod operations;
pub(crate) mod state;
mod table;
mod world;

use std::collections::BTreeSet;

use larder_testkit::{Action, Errno, Tracer};

use attempt::{Outcome, Subject};
use operations::OPERATIONS;
use table::Table;

/// How many steps the sample of a test disturbs.
const SAMPLE: usize = 36;

/// What is made to fail, and how.
const FAILURES: [Action; 4] = [
    Action::FailFromHere(Errno::NoSpace),
    Action::FailOnce(Errno::Io),
    Action::FailOnce(Errno::Access),
    Action::FailFromHere(Errno::ReadOnly),
];

#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn tracer() -> Option<Tracer> {
    Tracer::new()
        .inspect_err(|reason| eprintln!("skipped: {reason}"))
        .ok()
}

/// Each step of any operation once, evenly thinned out; `action` by the number of the step.
fn sample(action: impl Fn(usize) -> Action) {
    let Some(tracer) = tracer() else { return };
    let subjects: Vec<_> = OPERATIONS
        .iter()
        .map(|operation| Subject::new(operation, &tracer))
        .collect();
    let mut known = BTreeSet::new();
    let mut chosen = Vec::new();
    for subject in &subjects {
        let new = subject.steps.keys().filter(|step| known.insert(*step));
        chosen.extend(new.map(|step| (subject, step)));
    }
    let mut problems = Vec::new();
    for index in 0..SAMPLE.min(chosen.len()) {
        let number = index * chosen.len() / SAMPLE.min(chosen.len());
        let (subject, step) = chosen[number];
        let action = action(index);
        let outcome = subject.attempt(step, 0, action);
        problems.extend(described(subject, step, action, &outcome));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn described(subject: &Subject, step: &str, action: Action, outcome: &Outcome) -> Vec<String> {
    let operation = subject.world.operation.name;
    let what = format!("{operation}, {step}, {action:?}");
    let problems = outcome.problems.iter();
    problems
        .map(|problem| format!("{what}: {problem}"))
        .collect()
}

#[test]
fn a_run_that_is_killed_before_any_step_leaves_old_or_new_and_the_next_one_needs_no_help() {
    sample(|_| Action::Kill);
}

#[test]
fn a_run_with_a_failing_call_says_so_or_does_without_and_leaves_nothing_half_done() {
    sample(|index| FAILURES[index % FAILURES.len()]);
}

#[test]
fn the_table_has_every_operation() {
    let table = table::written();
    for operation in OPERATIONS {
        assert!(table.contains(operation.name), "{}", operation.name);
    }
}

/// A step that the table does not know has not been disturbed.
#[test]
#[ignore = "before a release: ci/matrix writes the table anew"]
fn the_table_has_every_step_of_every_operation() {
    let Some(tracer) = tracer() else { return };
    let table = table::written();
    for operation in OPERATIONS {
        for step in Subject::new(operation, &tracer).steps.keys() {
            let row = format!("| {step} |");
            assert!(table.contains(&row), "{}: {step}", operation.name);
        }
    }
}

/// Everything: every occurrence of every step is killed, and each step's first fails in two ways.
#[test]
#[ignore = "takes an hour: ci/matrix"]
fn the_whole_matrix() {
    let Some(tracer) = tracer() else { return };
    let mut table = Table::default();
    let mut problems = Vec::new();
    for operation in OPERATIONS {
        let subject = Subject::new(operation, &tracer);
        for (number, (step, count)) in subject.steps.iter().enumerate() {
            let kills = (0..*count).map(|occurrence| (occurrence, Action::Kill));
            let failures = FAILURES.into_iter().skip(number % 2).step_by(2);
            let failures = failures.map(|action| (0, action));
            for (occurrence, action) in kills.chain(failures) {
                let outcome = subject.attempt(step, occurrence, action);
                let described = described(&subject, step, action, &outcome);
                described.iter().for_each(|problem| eprintln!("{problem}"));
                table.add(operation, step, action, &outcome);
                problems.extend(described);
            }
        }
        eprintln!("{}: {} steps", operation.name, subject.steps.len());
    }
    table.write(problems.len());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
