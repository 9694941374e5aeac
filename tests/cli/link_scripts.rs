//! Link scripts as conda runs them: its own recipes, and what a script sees.

use std::{collections::BTreeMap, fs};

use larder_testkit::{PackageBuilder, Run, Sandbox};

use crate::support::{channel, conda, program, sandbox};

/// A package as conda-build makes it of a recipe with these link scripts: their very text.
fn recipe(name: &str, scripts: &[(&str, &str)]) -> PackageBuilder {
    let package = PackageBuilder::new(name, "1.0", "0");
    scripts.iter().fold(package, |package, (action, text)| {
        package.executable(&format!("bin/.{name}-{action}.sh"), *text)
    })
}

/// `post_link-c` and `post_link-d` of conda's tests have this one.
const RETURNS: &str = "if [[ $(stat ${PREFIX}/bin/file) ]]; then\n  return 0\nfi\n\nreturn 1\n";

fn create(sandbox: &Sandbox, specs: &[&str]) -> Run {
    let arguments = [&["create", "-p", "env", "-c", "./channel"], specs].concat();
    sandbox.larder(&arguments)
}

#[test]
fn condas_recipes_whose_scripts_return_to_the_shell_that_sources_them() {
    let sandbox = sandbox();
    let e = "echo \"test\" > ${PREFIX}/bin/file\n";
    channel(
        &sandbox,
        [
            conda(recipe("post_link-b", &[]).file("bin/file", "test\n")),
            conda(recipe("post_link-c", &[("post-link", RETURNS)]).depends("post_link-b")),
            conda(recipe("post_link-d", &[("post-link", RETURNS)]).depends("post_link-e")),
            conda(recipe("post_link-e", &[("post-link", e)])),
            conda(recipe("post_link-none", &[("post-link", RETURNS)])),
        ],
    );
    create(&sandbox, &["post_link-c"]).success();
    create(&sandbox, &["--yes", "post_link-d"]).success();
    let file = fs::read_to_string(sandbox.path("env/bin/file")).unwrap();
    assert_eq!(file, "test\n");
    let run = create(&sandbox, &["--yes", "post_link-none"]).fails_with(1);
    assert!(
        run.stderr.contains(".post_link-none-post-link.sh"),
        "{}",
        run.stderr
    );
}

/// `post_link_run_in_env_package` of conda's tests.
fn run_in_env() -> PackageBuilder {
    let script = r#"# send feedback to .messages to make debugging easier
echo "TEST_VAR is set to :${TEST_VAR}:" >> "$PREFIX/.messages.txt"
if [ "${TEST_VAR}" != "1" ]; then
    echo "Error: TEST_VAR is not set or set incorrectly" >> "$PREFIX/.messages.txt";
    exit 1;
fi
echo "Success: TEST_VAR is set correctly" >> "$PREFIX/.messages.txt"
exit 0
"#;
    recipe("post_link_run_in_env_package", &[("post-link", script)])
        .executable(
            "etc/conda/activate.d/test.sh",
            "echo 'setting TEST_VAR' && export TEST_VAR=1\n",
        )
        .executable(
            "etc/conda/deactivate.d/test.sh",
            "echo 'unsetting TEST_VAR' && unset TEST_VAR\n",
        )
}

#[test]
fn condas_recipe_that_needs_the_active_environment() {
    let sandbox = sandbox();
    channel(&sandbox, [conda(run_in_env())]);
    let run = create(&sandbox, &["post_link_run_in_env_package"]).success();
    assert!(
        run.stderr.contains("Success: TEST_VAR is set correctly"),
        "{}",
        run.stderr
    );
    assert!(!sandbox.path("env/.messages.txt").exists());
}

#[test]
fn condas_recipe_that_fails_shows_its_messages_and_leaves_nothing() {
    let sandbox = sandbox();
    let script = "echo 'why it failed' > $PREFIX/.messages.txt; echo printed; exit 1\n";
    channel(
        &sandbox,
        [
            conda(recipe("failing_post_link", &[("post-link", "exit 1\n")])),
            conda(recipe("telling", &[("post-link", script)])),
            conda(recipe("before", &[("pre-link", script)])),
        ],
    );
    create(&sandbox, &["failing_post_link"]).fails_with(1);
    for name in ["telling", "before"] {
        let run = create(&sandbox, &[name]).fails_with(1);
        for part in ["why it failed", "printed", name] {
            assert!(run.stderr.contains(part), "{} lacks {part}", run.stderr);
        }
    }
    assert!(!sandbox.path("env").exists());
}

#[test]
fn a_failing_script_before_unlinking_shows_its_messages_and_keeps_nothing() {
    let sandbox = sandbox();
    let script = "echo 'cannot say goodbye' > $PREFIX/.messages.txt; exit 1\n";
    channel(
        &sandbox,
        [conda(recipe("clingy", &[("pre-unlink", script)]))],
    );
    create(&sandbox, &["clingy"]).success();
    let run = sandbox
        .larder(&["env", "remove", "-p", "env", "--yes"])
        .success();
    assert!(run.stderr.contains("cannot say goodbye"), "{}", run.stderr);
    assert!(!sandbox.path("env").exists());
}

/// What a script of each kind sees. conda's activation adds CONDA_EXE, CONDA_PYTHON_EXE, _CE_M and _CE_CONDA,
/// which lead to conda's own program: there is none.
const ACTIVE: &[(&str, &str)] = &[
    ("CONDA_PREFIX", "{prefix}"),
    ("CONDA_DEFAULT_ENV", "{prefix}"),
    ("CONDA_SHLVL", "1"),
    ("CONDA_PROMPT_MODIFIER", "({prefix}) "),
    ("FROM_ACTIVATE_D", "a"),
    ("FROM_ENV_VARS_D", "v"),
    ("PATH", "{prefix}/bin:/usr/bin:/bin"),
];
const INACTIVE: &[(&str, &str)] = &[("CONDA_PREFIX", "{prefix}")];
const EVERY: &[(&str, &str)] = &[
    ("PREFIX", "{prefix}"),
    ("SOURCE_DIR", "{prefix}"),
    ("ROOT_PREFIX", ""),
    ("PKG_NAME", "seeing"),
    ("PKG_VERSION", "1.0"),
    ("PKG_BUILDNUM", "0"),
];
/// Of the process that larder was started by.
const OUTSIDE: &[&str] = &[
    "HOME",
    "LANG",
    "PATH",
    "LARDER_STORE",
    "LARDER_TREES",
    "LARDER_DURABLE",
    "LARDER_SYSTEM_CONFIG",
];
/// The shell's own.
const SHELL: &[&str] = &["PWD", "OLDPWD", "SHLVL", "_"];

#[test]
fn scripts_see_the_variables_that_conda_gives_them_and_start_where_they_are() {
    let sandbox = sandbox();
    let look =
        |action: &str| format!("env -0 > \"$HOME/{action}\"; pwd > \"$HOME/{action}.pwd\"\n");
    let texts = ["pre-link", "post-link", "pre-unlink"].map(|action| (action, look(action)));
    let scripts: Vec<_> = texts
        .iter()
        .map(|(action, text)| (*action, text.as_str()))
        .collect();
    let package = recipe("seeing", &scripts)
        .file("etc/conda/activate.d/a.sh", "export FROM_ACTIVATE_D=a\n")
        .file("etc/conda/env_vars.d/v.json", r#"{"FROM_ENV_VARS_D": "v"}"#);
    channel(&sandbox, [conda(package)]);
    create(&sandbox, &["seeing"]).success();
    sandbox
        .larder(&["env", "remove", "-p", "env", "--yes"])
        .success();
    let prefix = sandbox.path("env");
    for (action, also) in [
        ("pre-link", INACTIVE),
        ("post-link", ACTIVE),
        ("pre-unlink", INACTIVE),
    ] {
        let bytes = fs::read(sandbox.home().join(action)).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let seen: BTreeMap<&str, &str> = text
            .split('\0')
            .filter_map(|line| line.split_once('='))
            .collect();
        let expected = EVERY.iter().chain(also);
        for (name, value) in expected.clone() {
            let value = value.replace("{prefix}", prefix.to_str().unwrap());
            assert_eq!(seen.get(name), Some(&value.as_str()), "{action}: {name}");
        }
        let known: Vec<&str> = expected
            .map(|(name, _)| *name)
            .chain(OUTSIDE.iter().copied())
            .chain(SHELL.iter().copied())
            .collect();
        let others: Vec<_> = seen.keys().filter(|name| !known.contains(name)).collect();
        assert!(others.is_empty(), "{action}: {others:?}");
        let pwd = fs::read_to_string(sandbox.home().join(format!("{action}.pwd"))).unwrap();
        // CEP 34: the first entry of PATH, and as in conda the working directory.
        let first = seen["PATH"].split(':').next().unwrap();
        assert_eq!(
            fs::canonicalize(first).ok(),
            fs::canonicalize(pwd.trim()).ok(),
            "{action}"
        );
        assert!(pwd.trim().ends_with("/bin"), "{pwd}");
    }
}

#[test]
fn an_environment_that_is_active_outside_is_left_for_a_script() {
    let sandbox = sandbox();
    let outer = program("outer", "1.0")
        .file("etc/conda/activate.d/o.sh", "export OUTER=yes\n")
        .file("etc/conda/deactivate.d/o.sh", "unset OUTER\n");
    let script = "echo \"[$OUTER] $CONDA_SHLVL $CONDA_PREFIX_1\" > $PREFIX/seen\n";
    channel(
        &sandbox,
        [
            conda(outer),
            conda(recipe("inner", &[("post-link", script)])),
        ],
    );
    sandbox
        .larder(&["create", "-p", "outer", "-c", "./channel", "outer"])
        .success();
    let mut command = sandbox.command(&["create", "-p", "env", "-c", "./channel", "inner"]);
    let outer = sandbox.path("outer");
    command
        .env("CONDA_PREFIX", &outer)
        .env("CONDA_SHLVL", "1")
        .env("OUTER", "yes");
    Run::of(&mut command).success();
    let seen = fs::read_to_string(sandbox.path("env/seen")).unwrap();
    assert_eq!(seen, format!("[] 2 {}\n", outer.display()));
}

#[test]
fn messages_are_read_from_plain_files_alone_and_not_without_end() {
    let sandbox = sandbox();
    let link = "ln -s /etc/passwd $PREFIX/.messages.txt\n";
    let fifo = "mkfifo $PREFIX/.messages.txt\n";
    let long = "head -c 300000 /dev/zero | tr '\\0' m > $PREFIX/.messages.txt\n";
    let noisy = "head -c 3000000 /dev/zero | tr '\\0' n; echo the end; exit 1\n";
    channel(
        &sandbox,
        [
            ("link", link),
            ("fifo", fifo),
            ("long", long),
            ("noisy", noisy),
        ]
        .map(|(name, text)| conda(recipe(name, &[("post-link", text)]))),
    );
    let run = create(&sandbox, &["link", "fifo"]).success();
    assert!(!run.stderr.contains("root:"), "{}", run.stderr);
    assert!(!sandbox.path("env/.messages.txt").exists());
    let run = create(&sandbox, &["--yes", "long"]).success();
    assert!(run.stderr.len() < 100_000);
    let run = create(&sandbox, &["--yes", "noisy"]).fails_with(1);
    assert!(run.stderr.contains("the end") && run.stderr.len() < 600_000);
}
