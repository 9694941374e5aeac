//! In, deeper, and out again, in every shell that is here.

use larder_testkit::{Run, Sandbox};

use super::world::{
    BASH, DASH, FISH, KSH, NUSHELL, Real, STRICT_BASH, TCSH, Variables, XONSH, ZSH, environment,
    listed, scripts,
};
use crate::support::{channel, conda, program, sandbox};

/// What the shell has before.
const OUTSIDE: [(&str, &str); 3] = [
    ("V", "old 'v'"),
    ("OUTER", "out  er"),
    ("KEPT", "$x `y` \\"),
];
/// A name that no shell likes.
const OTHER: &str = "./envs/b c'd";

fn world() -> Sandbox {
    let sandbox = sandbox();
    environment(
        &sandbox,
        "envs/a",
        &[("V", "va"), ("NEW", "n"), ("OUTER", "***unset***")],
    );
    environment(&sandbox, OTHER, &[("V", "vb"), ("W", "w")]);
    sandbox
}

fn text<'v>(variables: &'v Variables, name: &str) -> Option<&'v str> {
    let value = variables.get(name)?;
    Some(std::str::from_utf8(value).unwrap())
}

fn shows(variables: &Variables, expected: &[(&str, Option<&str>)]) {
    for (name, value) in expected {
        assert_eq!(text(variables, name), *value, "{name}");
    }
}

/// The steps with the function `larder`, the variables written down after each.
fn walk(shell: Real) {
    let sandbox = world();
    let other = shell.quoted(OTHER);
    let steps = [
        String::new(),
        "larder activate ./envs/a".to_owned(),
        format!("larder activate {other}"),
        "larder deactivate".to_owned(),
        "larder deactivate".to_owned(),
        "larder activate ./envs/a".to_owned(),
        format!("larder activate --stack {other}"),
        "larder deactivate".to_owned(),
        "larder deactivate".to_owned(),
        "larder deactivate".to_owned(),
    ];
    let mut lines = vec![shell.hook(&sandbox, &format!("shell-hook --shell {}", shell.name))];
    for (number, step) in steps.iter().enumerate() {
        lines.push(step.clone());
        lines.push(shell.list(&sandbox, &format!("listed{number}")));
    }
    let Some(run) = shell.run(&sandbox, &lines, &OUTSIDE) else {
        return;
    };
    let run = run.success();
    assert_eq!(run.stdout, "");
    let at: Vec<Variables> = (0..steps.len())
        .map(|number| listed(&sandbox, &format!("listed{number}")))
        .collect();
    inside_a(&sandbox, &at[0], &at[1]);
    inside_other(&sandbox, &at[0], &at[2]);
    assert_eq!(at[3], at[1], "back in the first");
    assert_eq!(at[4], at[0], "out");
    stacked(&sandbox, &at[0], &at[6]);
    assert_eq!(at[7], at[5], "back from the stack");
    assert_eq!(at[8], at[0], "out again");
    assert_eq!(at[9], at[0], "nothing to leave");
}

fn inside_a(sandbox: &Sandbox, outside: &Variables, inside: &Variables) {
    let prefix = sandbox.path("envs/a");
    let path = format!(
        "{}/bin:{}",
        prefix.display(),
        text(outside, "PATH").unwrap()
    );
    shows(
        inside,
        &[
            ("PATH", Some(&path)),
            ("CONDA_PREFIX", prefix.to_str()),
            ("CONDA_DEFAULT_ENV", Some("a")),
            ("CONDA_PROMPT_MODIFIER", Some("(a) ")),
            ("CONDA_SHLVL", Some("1")),
            ("CONDA_PREFIX_1", None),
            ("V", Some("va")),
            ("__CONDA_SHLVL_0_V", Some("old 'v'")),
            ("NEW", Some("n")),
            ("OUTER", None),
            ("KEPT", text(outside, "KEPT")),
        ],
    );
}

fn inside_other(sandbox: &Sandbox, outside: &Variables, inside: &Variables) {
    let prefix = sandbox.path("envs/b c'd");
    let path = format!(
        "{}/bin:{}",
        prefix.display(),
        text(outside, "PATH").unwrap()
    );
    shows(
        inside,
        &[
            ("PATH", Some(&path)),
            ("CONDA_PREFIX", prefix.to_str()),
            ("CONDA_PROMPT_MODIFIER", Some("(b c'd) ")),
            ("CONDA_SHLVL", Some("2")),
            ("CONDA_PREFIX_1", sandbox.path("envs/a").to_str()),
            ("V", Some("vb")),
            ("W", Some("w")),
            ("NEW", None),
            ("OUTER", text(outside, "OUTER")),
        ],
    );
}

fn stacked(sandbox: &Sandbox, outside: &Variables, inside: &Variables) {
    let (a, other) = (sandbox.path("envs/a"), sandbox.path("envs/b c'd"));
    let outer = text(outside, "PATH").unwrap();
    let path = format!("{}/bin:{}/bin:{outer}", other.display(), a.display());
    shows(
        inside,
        &[
            ("PATH", Some(&path)),
            ("CONDA_STACKED_2", Some("true")),
            ("V", Some("vb")),
            ("NEW", Some("n")),
            ("OUTER", None),
        ],
    );
}

#[test]
fn cep32_43_bash_has_the_variables_of_before() {
    walk(BASH);
    walk(STRICT_BASH);
}

#[test]
fn zsh_has_the_variables_of_before() {
    walk(ZSH);
}

#[test]
fn dash_and_ksh_have_the_variables_of_before() {
    walk(DASH);
    walk(KSH);
}

#[test]
fn fish_has_the_variables_of_before() {
    walk(FISH);
}

#[test]
fn xonsh_has_the_variables_of_before() {
    walk(XONSH);
}

#[test]
fn nushell_has_the_variables_of_before() {
    walk(NUSHELL);
}

/// tcsh has no function `larder`: it evaluates.
#[test]
fn tcsh_has_the_variables_of_before() {
    let sandbox = world();
    let lines = [
        TCSH.list(&sandbox, "before"),
        TCSH.hook(&sandbox, "shell-hook --shell tcsh -p envs/a"),
        TCSH.list(&sandbox, "inside"),
        TCSH.hook(&sandbox, "deactivate --shell tcsh"),
        TCSH.list(&sandbox, "after"),
    ];
    if let Some(run) = TCSH.run(&sandbox, &lines, &OUTSIDE) {
        run.success();
        let before = listed(&sandbox, "before");
        inside_a(&sandbox, &before, &listed(&sandbox, "inside"));
        assert_eq!(listed(&sandbox, "after"), before);
    }
}

fn order(shell: Real) {
    let sandbox = world();
    scripts(&sandbox, "envs/a");
    let lines = [
        shell.hook(
            &sandbox,
            &format!("shell-hook --shell {} -p envs/a", shell.name),
        ),
        shell.list(&sandbox, "inside"),
        shell.hook(&sandbox, &format!("deactivate --shell {}", shell.name)),
        shell.list(&sandbox, "after"),
    ];
    if let Some(run) = shell.run(&sandbox, &lines, &[]) {
        run.success();
        shows(&listed(&sandbox, "inside"), &[("ORDER", Some("+1+2"))]);
        shows(&listed(&sandbox, "after"), &[("ORDER", Some("+1+2-2-1"))]);
    }
}

#[test]
fn cep32_21_deactivate_scripts_run_in_reverse_order() {
    for shell in [BASH, ZSH, DASH, KSH, FISH, XONSH, TCSH] {
        order(shell);
    }
}

#[test]
fn the_shell_that_asks_is_known_without_a_word() {
    let sandbox = world();
    for shell in [BASH, ZSH, DASH, KSH, FISH, XONSH, TCSH] {
        let lines = [
            shell.hook(&sandbox, "shell-hook -p envs/a"),
            shell.list(&sandbox, "inside"),
        ];
        // Its parent decides, not the login shell.
        let login = [("SHELL", "/bin/unknown")];
        if let Some(run) = shell.run(&sandbox, &lines, &login) {
            run.success();
            shows(&listed(&sandbox, "inside"), &[("NEW", Some("n"))]);
        }
    }
}

#[test]
fn the_login_shell_is_meant_where_no_shell_asks() {
    let sandbox = world();
    let args = ["shell-hook", "-p", "envs/a"];
    let run = Run::of(sandbox.command(&args).env("SHELL", "/usr/bin/fish"));
    assert!(run.success().stdout.contains("set -gx NEW 'n'\n"));
    let run = sandbox.larder(&args).fails_with(1);
    assert!(run.stderr.contains("--shell bash"), "{}", run.stderr);
    let run = Run::of(sandbox.command(&["init"]).env("SHELL", "/bin/zsh")).success();
    assert!(run.stdout.contains(".zshrc"), "{}", run.stdout);
}

#[test]
fn cep34_18_what_a_package_brings_is_there_and_gone_again() {
    let sandbox = sandbox();
    let package = program("demo", "1.0")
        .file(
            "etc/conda/env_vars.d/demo.json",
            r#"{"DEMO_VALUE": "v", "V": 1}"#,
        )
        .file(
            "etc/conda/activate.d/demo.sh",
            "export DEMO_HOME=$CONDA_PREFIX/demo-$DEMO_VALUE\n",
        )
        .file("etc/conda/deactivate.d/demo.sh", "unset DEMO_HOME\n");
    channel(&sandbox, [conda(package)]);
    sandbox
        .larder(&["create", "-p", "env", "-c", "./channel", "demo"])
        .success();
    let home = format!("{}/demo-v", sandbox.path("env").display());
    for shell in [BASH, ZSH, DASH, XONSH, NUSHELL] {
        let lines = [
            shell.hook(&sandbox, &format!("shell-hook --shell {}", shell.name)),
            shell.list(&sandbox, "before"),
            "larder activate ./env".to_owned(),
            shell.list(&sandbox, "inside"),
            "demo".to_owned(),
            "larder deactivate".to_owned(),
            shell.list(&sandbox, "after"),
        ];
        if let Some(run) = shell.run(&sandbox, &lines, &OUTSIDE) {
            let run = run.success();
            assert_eq!(run.stdout.trim(), sandbox.path("env").to_str().unwrap());
            let expected = [
                ("DEMO_HOME", Some(home.as_str())),
                ("DEMO_VALUE", Some("v")),
                ("V", Some("1")),
            ];
            shows(&listed(&sandbox, "inside"), &expected);
            assert_eq!(listed(&sandbox, "after"), listed(&sandbox, "before"));
        }
    }
}

#[test]
fn a_failing_activation_changes_nothing_and_the_shell_goes_on() {
    let sandbox = world();
    for shell in [BASH, ZSH, DASH, FISH] {
        let lines = [
            shell.hook(&sandbox, &format!("shell-hook --shell {}", shell.name)),
            shell.list(&sandbox, "before"),
            "larder activate ./nowhere || echo refused".to_owned(),
            "larder activate --help".to_owned(),
            shell.list(&sandbox, "after"),
        ];
        if let Some(run) = shell.run(&sandbox, &lines, &[]) {
            let run = run.success();
            assert!(run.stdout.starts_with("refused\n"), "{}", run.stdout);
            assert!(run.stdout.contains("Usage:"), "{}", run.stdout);
            assert!(run.stderr.contains("conda-meta/history"), "{}", run.stderr);
            assert_eq!(listed(&sandbox, "after"), listed(&sandbox, "before"));
        }
    }
}

#[test]
fn conda_finds_what_it_needs_and_larder_leaves_what_conda_activated() {
    let sandbox = world();
    let prefix = sandbox.path("envs/a");
    let path = format!("{}/bin:/usr/bin:/bin", prefix.display());
    // As `conda activate` leaves a shell that has `conda shell.posix hook`.
    let by_conda = [
        ("CONDA_EXE", "/opt/conda/bin/conda"),
        ("CONDA_SHLVL", "1"),
        ("CONDA_PREFIX", prefix.to_str().unwrap()),
        ("CONDA_DEFAULT_ENV", "a"),
        ("CONDA_PROMPT_MODIFIER", "(a) "),
        ("PATH", &path),
        ("V", "va"),
        ("NEW", "n"),
        ("__CONDA_SHLVL_0_V", "old"),
    ];
    let lines = [
        BASH.hook(&sandbox, "deactivate --shell bash"),
        BASH.list(&sandbox, "after"),
    ];
    if let Some(run) = BASH.run(&sandbox, &lines, &by_conda) {
        run.success();
        let expected = [
            ("PATH", Some("/usr/bin:/bin")),
            ("CONDA_PREFIX", None),
            ("CONDA_SHLVL", None),
            ("V", Some("old")),
            ("NEW", None),
            ("__CONDA_SHLVL_0_V", None),
        ];
        shows(&listed(&sandbox, "after"), &expected);
    }
}

#[test]
fn without_a_prepared_shell_activate_says_what_to_do() {
    let sandbox = world();
    let run = sandbox.larder(&["activate", "./envs/a"]).fails_with(1);
    assert!(
        run.stderr.contains("larder init") && run.stderr.contains("shell-hook"),
        "{}",
        run.stderr
    );
    let run = sandbox.larder(&["deactivate"]).fails_with(1);
    assert!(run.stderr.contains("larder init"), "{}", run.stderr);
}

#[test]
fn an_environment_that_is_gone_is_left_all_the_same() {
    let sandbox = world();
    let lines = [
        BASH.list(&sandbox, "before"),
        BASH.hook(&sandbox, "shell-hook --shell bash -p envs/a"),
        "mv envs/a gone".to_owned(),
        BASH.hook(&sandbox, "deactivate --shell bash"),
        BASH.list(&sandbox, "after"),
    ];
    if let Some(run) = BASH.run(&sandbox, &lines, &OUTSIDE) {
        run.success();
        let mut after = listed(&sandbox, "after");
        // Nothing tells any more that this one was not there before.
        assert!(after.remove("NEW").is_some());
        assert_eq!(after, listed(&sandbox, "before"));
    }
}

#[test]
fn what_the_user_put_on_path_stays_where_it_is() {
    let sandbox = world();
    let lines = [
        BASH.hook(&sandbox, "shell-hook --shell bash -p envs/a"),
        "export PATH=/mine::$PATH:".to_owned(),
        BASH.hook(&sandbox, "shell-hook --shell bash -p './envs/b c'\\''d'"),
        BASH.list(&sandbox, "inside"),
        BASH.hook(&sandbox, "deactivate --shell bash"),
        BASH.hook(&sandbox, "deactivate --shell bash"),
        BASH.list(&sandbox, "after"),
    ];
    if let Some(run) = BASH.run(&sandbox, &lines, &[]) {
        run.success();
        let other = sandbox.path("envs/b c'd");
        let path = format!("/mine::{}/bin:/usr/bin:/bin:", other.display());
        shows(&listed(&sandbox, "inside"), &[("PATH", Some(&path))]);
        shows(
            &listed(&sandbox, "after"),
            &[("PATH", Some("/mine::/usr/bin:/bin:"))],
        );
    }
}
