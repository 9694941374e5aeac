//! Any value reaches any shell as it is: those that are known to be hard, and hundreds at random.

use super::world::{BASH, DASH, FISH, KSH, NUSHELL, Real, TCSH, XONSH, ZSH, environment, listed};
use crate::support::sandbox;

/// What means something somewhere.
const HARD: [&str; 60] = [
    "'",
    "\"",
    "\\",
    "`",
    "$",
    "${HOME}",
    "$(touch hacked)",
    "!",
    "!!",
    "#",
    "%",
    "%PATH%",
    "%%",
    "^",
    "&",
    "|",
    ";",
    "<",
    ">",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "*",
    "?",
    "~",
    "=",
    ",",
    ":",
    " ",
    "  ",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "\u{1b}[31m",
    "é",
    "日本",
    "😀",
    "\u{2018}",
    "\u{2019}",
    "\u{feff}",
    "a",
    "Z",
    "0",
    "-",
    "--",
    "@",
    "/",
    ".",
    "\\n",
    "\\'",
    "'\\''",
    "''",
    "\"\"",
    "\u{7f}",
    "\u{a0}",
    "x y",
];

/// The same values in each run: a failure can be had again.
fn values(count: usize) -> Vec<String> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let single = HARD.iter().map(|hard| (*hard).to_owned());
    let mut values: Vec<String> = single.chain([String::new()]).collect();
    while values.len() < count {
        let length = 1 + next(12);
        values.push((0..length).map(|_| HARD[next(HARD.len())]).collect());
    }
    values
}

fn arrive(shell: Real, can_be_said: impl Fn(&str) -> bool) {
    let sandbox = sandbox();
    let values = values(400);
    let names: Vec<String> = (0..values.len())
        .map(|number| format!("V{number}"))
        .collect();
    let state: Vec<(&str, &str)> = names
        .iter()
        .zip(&values)
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    environment(&sandbox, "env", &state);
    let lines = [
        shell.list(&sandbox, "before"),
        shell.hook(
            &sandbox,
            &format!("shell-hook --shell {} -p env", shell.name),
        ),
        shell.list(&sandbox, "inside"),
    ];
    let Some(run) = shell.run(&sandbox, &lines, &[]) else {
        return;
    };
    let run = run.success();
    let inside = listed(&sandbox, "inside");
    for (name, value) in state {
        let found = inside.get(name).map(|value| String::from_utf8_lossy(value));
        if can_be_said(value) {
            assert_eq!(found.as_deref(), Some(value), "{} {name}", shell.name);
        } else {
            assert_eq!(found, None, "{} {name} {value:?}", shell.name);
            let warning = format!("has no words for `{name}`");
            assert!(run.stderr.contains(&warning), "{}", run.stderr);
        }
    }
    assert!(!sandbox.path("hacked").exists());
}

#[test]
fn any_value_reaches_posix_shells() {
    for shell in [BASH, ZSH, DASH, KSH] {
        arrive(shell, |_| true);
    }
}

#[test]
fn any_value_reaches_fish() {
    arrive(FISH, |_| true);
}

#[test]
fn any_value_reaches_xonsh() {
    arrive(XONSH, |_| true);
}

#[test]
fn any_value_reaches_nushell() {
    arrive(NUSHELL, |_| true);
}

#[test]
fn tcsh_gets_what_it_has_words_for() {
    arrive(TCSH, |value| !value.contains('\n'));
}

#[test]
fn names_that_are_none_are_left_out_and_never_run() {
    let sandbox = sandbox();
    let names = [
        "A B",
        "x;touch hacked",
        "$(touch hacked)",
        "é",
        "1A",
        "A-B",
        "PATH",
        "CONDA_PREFIX_1",
    ];
    let state = names.map(|name| (name, "value"));
    environment(&sandbox, "env", &state);
    for shell in [BASH, FISH, TCSH] {
        let lines = [
            shell.hook(
                &sandbox,
                &format!("shell-hook --shell {} -p env", shell.name),
            ),
            shell.list(&sandbox, "inside"),
        ];
        let Some(run) = shell.run(&sandbox, &lines, &[]) else {
            continue;
        };
        let run = run.success();
        let inside = listed(&sandbox, "inside");
        assert!(
            names
                .iter()
                .all(|name| inside.get(*name).is_none_or(|value| value != b"value"))
        );
        assert!(run.stderr.contains("`x;touch hacked`"), "{}", run.stderr);
        assert!(
            run.stderr.contains("`PATH`, which is activation's own"),
            "{}",
            run.stderr
        );
    }
    assert!(!sandbox.path("hacked").exists());
    // A process can have them.
    let run = sandbox
        .larder(&["run", "-p", "env", "--", "/usr/bin/env"])
        .success();
    assert!(
        run.stdout.contains("\nA B=value\n") || run.stdout.starts_with("A B=value\n"),
        "{}",
        run.stdout
    );
}
