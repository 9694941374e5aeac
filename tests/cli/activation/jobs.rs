//! The later steps of a CI job see the environment without a shell that was prepared.

use larder_testkit::{Run, Sandbox};

use super::world::{environment, scripts};
use crate::support::{json, sandbox};

fn world() -> Sandbox {
    let sandbox = sandbox();
    environment(&sandbox, "env", &[("V", "one\ntwo"), ("W", "w")]);
    scripts(&sandbox, "env");
    sandbox
}

#[test]
fn github_gets_variables_and_path_with_the_effect_of_scripts() {
    let sandbox = world();
    let env = sandbox.write("github_env", "BEFORE=1\n");
    let path = sandbox.write("github_path", "/before\n");
    let mut command = sandbox.command(&["shell-hook", "-p", "env", "--github-env"]);
    command.env("GITHUB_ENV", &env).env("GITHUB_PATH", &path);
    assert_eq!(Run::of(&mut command).success().stdout, "");
    let prefix = sandbox.path("env");
    let prefix = prefix.display();
    let end = "LARDER_END_0";
    let one = |name: &str, value: &str| format!("{name}<<{end}\n{value}\n{end}\n");
    let variables = [
        one("CONDA_DEFAULT_ENV", &prefix.to_string()),
        one("CONDA_PREFIX", &prefix.to_string()),
        one("CONDA_SHLVL", "1"),
        one("ORDER", "+1+2"),
        one("V", "one\ntwo"),
        one("W", "w"),
    ];
    let expected = format!("BEFORE=1\n{}", variables.concat());
    assert_eq!(std::fs::read_to_string(env).unwrap(), expected);
    let expected = format!("/before\n{prefix}/bin\n");
    assert_eq!(std::fs::read_to_string(path).unwrap(), expected);
    let run = sandbox
        .larder(&["shell-hook", "-p", "env", "--github-env"])
        .fails_with(1);
    assert!(run.stderr.contains("GITHUB_ENV"), "{}", run.stderr);
}

#[test]
fn azure_gets_logging_commands_on_standard_output() {
    let sandbox = world();
    let run = sandbox
        .larder(&["shell-hook", "-p", "env", "--azure"])
        .success();
    let lines: Vec<_> = run.stdout.lines().collect();
    assert!(
        lines.contains(&"##vso[task.setvariable variable=V]one%0Atwo"),
        "{}",
        run.stdout
    );
    let path = format!(
        "##vso[task.prependpath]{}/bin",
        sandbox.path("env").display()
    );
    assert_eq!(lines.last(), Some(&path.as_str()));
}

#[test]
fn gitlab_gets_a_file_and_the_user_a_word_on_the_rest() {
    let sandbox = world();
    let run = sandbox
        .larder(&["shell-hook", "-p", "env", "--gitlab-dotenv", "build.env"])
        .success();
    let text = std::fs::read_to_string(sandbox.path("build.env")).unwrap();
    assert!(text.contains("W=w\n") && !text.contains("\nV="), "{text}");
    let path = format!("PATH={}/bin:/usr/bin:/bin\n", sandbox.path("env").display());
    assert!(text.contains(&path), "{text}");
    assert!(
        run.stderr.contains("`V` does not reach later steps"),
        "{}",
        run.stderr
    );
}

#[test]
fn json_has_the_variables() {
    let sandbox = world();
    let document = json(
        &sandbox
            .larder(&["shell-hook", "-p", "env", "--json"])
            .success(),
    );
    let variables = &document["environment_variables"];
    assert_eq!(variables["V"], "one\ntwo");
    assert_eq!(variables["ORDER"], "+1+2");
    assert_eq!(
        document["path"][0],
        format!("{}/bin", sandbox.path("env").display())
    );
    let failure = json(
        &sandbox
            .larder(&["shell-hook", "-p", "nowhere", "--json"])
            .fails_with(1),
    );
    assert_eq!(failure["code"], "activation::not-an-environment");
}

#[test]
fn run_sees_what_shells_see() {
    let sandbox = world();
    let run = sandbox
        .larder(&["run", "-p", "env", "--", "sh", "-c", "echo $ORDER $W"])
        .success();
    assert_eq!(run.stdout, "+1+2 w\n");
}
