//! What a person sees before the prompt.

use larder_testkit::Sandbox;

use super::world::{BASH, INTERACTIVE_FISH, Real, ZSH, environment};
use crate::support::sandbox;

fn world() -> Sandbox {
    let sandbox = sandbox();
    environment(&sandbox, "envs/work", &[]);
    environment(
        &sandbox,
        "envs/50% $(touch hacked) `touch hacked` \\w %n !x",
        &[],
    );
    sandbox
}

/// The shell's own reading of its prompt after each step.
fn shown(
    shell: Real,
    show: &str,
    start: &str,
    prefixes: &[&str],
) -> Option<(Vec<String>, Sandbox)> {
    let sandbox = world();
    let mut lines = vec![
        start.to_owned(),
        shell.hook(&sandbox, &format!("shell-hook --shell {}", shell.name)),
        show.to_owned(),
    ];
    for prefix in prefixes {
        lines.push(format!("larder activate {}", shell.quoted(prefix)));
        lines.push(show.to_owned());
    }
    for _ in prefixes {
        lines.push("larder deactivate".to_owned());
        lines.push(show.to_owned());
    }
    let run = shell.run(&sandbox, &lines, &[])?.success();
    assert!(!sandbox.path("hacked").exists());
    Some((run.stdout.lines().map(str::to_owned).collect(), sandbox))
}

const STRANGE: &str = "./envs/50% $(touch hacked) `touch hacked` \\w %n !x";

#[test]
fn bash_shows_the_environment() {
    let start = "PS1='[\\$] '";
    let show = "printf '%s\\n' \"${PS1@P}\"";
    if let Some((shown, _)) = shown(BASH, show, start, &["./envs/work", STRANGE]) {
        let sign = if shown[0] == "[#] " { "[#] " } else { "[$] " };
        let work = format!("(work) {sign}");
        let strange = format!("(50% _(touch hacked) _touch hacked_ _w %n _x) {sign}");
        assert_eq!(shown, [sign, &work, &strange, &work, sign]);
    }
}

#[test]
fn zsh_shows_the_environment() {
    let start = "setopt prompt_subst prompt_bang; PS1='%% '";
    let show = "print -P -- \"$PS1\"";
    if let Some((shown, _)) = shown(ZSH, show, start, &["./envs/work", STRANGE]) {
        let strange = "(50% _(touch hacked) _touch hacked_ _w %n _x) % ";
        assert_eq!(shown, ["% ", "(work) % ", strange, "(work) % ", "% "]);
    }
}

#[test]
fn fish_shows_the_environment() {
    let start = "function fish_prompt; echo \"> $status\"; end";
    let show = "false; fish_prompt";
    if let Some((shown, _)) = shown(INTERACTIVE_FISH, show, start, &["./envs/work"]) {
        assert_eq!(shown, ["> 1", "(work) > 1", "> 1"]);
    }
}

#[test]
fn the_configuration_says_what_stands_there() {
    let sandbox = world();
    let modifier = |lines: &str| {
        sandbox.write("../home/.condarc", lines);
        let run = sandbox
            .larder(&["shell-hook", "-p", "envs/work", "--json"])
            .success();
        let value =
            crate::support::json(&run)["environment_variables"]["CONDA_PROMPT_MODIFIER"].clone();
        value.as_str().unwrap().to_owned()
    };
    assert_eq!(
        modifier("env_prompt: '<{name}|{default_env}|{stacked_env}> '\n"),
        "<work|work|work> "
    );
    assert_eq!(modifier("changeps1: false\n"), "");
}

#[test]
fn stacked_environments_show_together() {
    let sandbox = world();
    environment(&sandbox, "envs/tools", &[]);
    sandbox.write("../home/.condarc", "env_prompt: '({stacked_env}) '\n");
    let lines = [
        BASH.hook(&sandbox, "shell-hook --shell bash"),
        "larder activate ./envs/work; larder activate --stack ./envs/tools".to_owned(),
        "echo \"$CONDA_PROMPT_MODIFIER\"; larder deactivate; echo \"$CONDA_PROMPT_MODIFIER\""
            .to_owned(),
    ];
    if let Some(run) = BASH.run(&sandbox, &lines, &[]) {
        assert_eq!(run.success().stdout, "(tools,work) \n(work) \n");
    }
}
