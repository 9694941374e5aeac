//! What processes see that larder starts for its own work: no credentials that it reads itself, in their
//! variables or in larder's.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use larder_testkit::{PackageBuilder, Run, Sandbox};

use crate::support::{channel, conda, sandbox};

const CANARY: &str = "c4n4ry-of-a-secret";

/// Credentials as a job has them, one for each service and place; the values of all have the canary.
fn credentials() -> Vec<(String, String)> {
    let plain = [
        "LARDER_CACHE_SECRET",
        "ACTIONS_RUNTIME_TOKEN",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "GITHUB_TOKEN",
        "GH_TOKEN",
        "INPUT_TOKEN",
        "INPUT_CACHE-SECRET",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AZURE_STORAGE_KEY",
        "AZURE_STORAGE_SAS_TOKEN",
        "AZURE_CLIENT_SECRET",
        "AZURE_STORAGE_CONNECTION_STRING",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "CI_JOB_TOKEN",
        "CI_JOB_JWT_V2",
        "SYSTEM_ACCESSTOKEN",
        "CONDA_TOKEN",
        "MY_CHANNEL_PASSWORD",
        "UV_PUBLISH_TOKEN",
    ];
    let addresses = [
        ("HTTPS_PROXY", format!("http://user:{CANARY}@127.0.0.1:1")),
        ("http_proxy", format!("http://user:{CANARY}@127.0.0.1:1")),
        (
            "PIP_INDEX_URL",
            format!("https://user:{CANARY}@index.example/simple"),
        ),
        (
            "UV_DEFAULT_INDEX",
            format!("https://{CANARY}@index.example/simple"),
        ),
        (
            "CI_REPOSITORY_URL",
            format!("https://token:{CANARY}@git.example/x"),
        ),
        (
            "DATABASE_URL",
            format!("postgres://user:{CANARY}@db.example/x"),
        ),
    ];
    let plain = plain.map(|name| (name.to_owned(), format!("{CANARY}-of-{name}")));
    let addresses = addresses.map(|(name, value)| (name.to_owned(), value));
    plain.into_iter().chain(addresses).collect()
}

/// Everything that a script can reach: its variables, those of the process that started it, its own files.
const LOOK: &str = "{ env; cat /proc/$PPID/environ; cat /dev/shm/larder-script-* ; } >> \"$HOME/seen\" 2>/dev/null; true\n";

/// A package whose scripts look around, each in its moment.
fn looking() -> PackageBuilder {
    let script = |package: PackageBuilder, action: &str| package.link_script(action, LOOK);
    ["pre-link", "post-link", "pre-unlink"]
        .into_iter()
        .fold(PackageBuilder::new("looking", "1.0", "0"), script)
        .file("etc/conda/activate.d/look.sh", LOOK)
        .file("etc/conda/deactivate.d/look.sh", LOOK)
        // The plan of an activation keeps the value outside under another name.
        .file(
            "etc/conda/env_vars.d/v.json",
            r#"{"AWS_SECRET_ACCESS_KEY": "of the package", "HTTPS_PROXY": "http://p"}"#,
        )
}

/// Without the capabilities by which root reads every process (`CAP_SYS_PTRACE`, `CAP_PERFMON`), where this process has
/// some.
fn without_ptrace(command: &Command) -> Command {
    let mut wrapped = match has_capabilities() {
        true => {
            let mut wrapped = Command::new("setpriv");
            wrapped
                .args(["--bounding-set", "-all", "--"])
                .arg(command.get_program());
            wrapped
        }
        false => Command::new(command.get_program()),
    };
    wrapped.args(command.get_args()).env_clear();
    wrapped.envs(
        command
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    wrapped.current_dir(command.get_current_dir().unwrap());
    wrapped
}

fn has_capabilities() -> bool {
    let Ok(status) = fs::read_to_string("/proc/self/status") else {
        return false;
    };
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let effective = effective.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok());
    effective.is_some_and(|effective| effective != 0)
}

fn run(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    let mut command = sandbox.command(arguments);
    command.envs(credentials());
    Run::of(&mut without_ptrace(&command))
}

#[test]
#[cfg(target_os = "linux")]
fn scripts_of_packages_see_no_credential_in_their_variables_or_in_larders() {
    let sandbox = sandbox();
    channel(&sandbox, [conda(looking())]);
    let seen = sandbox.home().join("seen");
    for arguments in [
        &["create", "-p", "env", "-c", "./channel", "looking"][..],
        &["run", "-p", "env", "--", "true"],
        &["shell-hook", "-p", "env", "--json"],
        &["shell-hook", "-p", "env", "--shell", "nushell"],
        &["env", "remove", "-p", "env", "--yes"],
    ] {
        fs::remove_file(&seen).ok();
        run(&sandbox, arguments).success();
        let text = String::from_utf8_lossy(&fs::read(&seen).unwrap_or_default()).into_owned();
        assert!(
            text.contains("HOME="),
            "the scripts of {arguments:?} did not look"
        );
        assert!(!text.contains(CANARY), "{arguments:?}: {text}");
    }
}

#[test]
fn the_command_of_run_gets_everything_and_what_scripts_changed() {
    let sandbox = sandbox();
    let package = PackageBuilder::new("setting", "1.0", "0")
        .file(
            "etc/conda/activate.d/a.sh",
            "export SET_BY_SCRIPT=yes; unset REMOVED; export GH_TOKEN=replaced\n",
        )
        .file(
            "etc/conda/env_vars.d/v.json",
            r#"{"AWS_SECRET_ACCESS_KEY": "of the package"}"#,
        );
    channel(&sandbox, [conda(package)]);
    sandbox
        .larder(&["create", "-p", "env", "-c", "./channel", "setting"])
        .success();
    let mut command = sandbox.command(&["run", "-p", "env", "--", "env"]);
    command.envs(credentials()).env("REMOVED", "x");
    let inside = Run::of(&mut command).success().stdout;
    for (name, value) in credentials() {
        let value = match name.as_str() {
            // Sealed bytecode is larder's own affair.
            "LARDER_CACHE_SECRET" => continue,
            "GH_TOKEN" => "replaced".to_owned(),
            "AWS_SECRET_ACCESS_KEY" => "of the package".to_owned(),
            _ => value,
        };
        assert!(
            inside.lines().any(|line| line == format!("{name}={value}")),
            "{name}: {inside}"
        );
    }
    assert!(
        inside.contains("SET_BY_SCRIPT=yes") && !inside.contains("REMOVED="),
        "{inside}"
    );
    // As in conda: the value outside comes back when the environment is left.
    assert!(
        inside.contains("__CONDA_SHLVL_0_AWS_SECRET_ACCESS_KEY"),
        "{inside}"
    );
}

#[test]
fn a_directory_for_temporary_files_with_any_name_runs_nothing() {
    let sandbox = sandbox();
    let package = PackageBuilder::new("setting", "1.0", "0")
        .file("etc/conda/activate.d/a.sh", "export SET=yes\n");
    channel(&sandbox, [conda(package)]);
    sandbox
        .larder(&["create", "-p", "env", "-c", "./channel", "setting"])
        .success();
    for name in [
        "a'; touch $HOME/executed; '",
        "b\"$(touch $HOME/executed)",
        "c `touch $HOME/executed`",
        "d\nx",
    ] {
        let temporary = sandbox.path("work").join(name.replace('/', "_"));
        fs::create_dir_all(&temporary).unwrap();
        let mut command = sandbox.command(&["run", "-p", "env", "--", "printenv", "SET"]);
        let run = Run::of(command.env("TMPDIR", &temporary)).success();
        assert_eq!(run.stdout, "yes\n", "{name}");
        assert!(!sandbox.home().join("executed").exists(), "{name}");
    }
}

#[test]
fn a_tool_that_downloads_sees_its_indexes_and_nothing_else() {
    let sandbox = sandbox();
    python_and_pip(&sandbox, "x");
    // It looks and fails: that it ran is all that is needed.
    let uv = sandbox.write(
        "uv",
        "#!/bin/sh\nenv > \"$HOME/tool\"; cat > \"$HOME/input\"; exit 1\n",
    );
    make_executable(&uv);
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [python, {pip: [six]}]\n",
    );
    let mut command = sandbox.command(&["lock"]);
    command
        .envs(credentials())
        .env("LARDER_UV", &uv)
        .env_remove("HTTPS_PROXY")
        .env_remove("http_proxy");
    let run = Run::of(&mut command).fails_with(1);
    let seen = fs::read_to_string(sandbox.home().join("tool"));
    let seen = seen.unwrap_or_else(|_| panic!("the tool did not run: {}", run.stderr));
    for (name, value) in credentials() {
        let is_expected = ["PIP_INDEX_URL", "UV_DEFAULT_INDEX"].contains(&name.as_str());
        let is_seen = seen.lines().any(|line| line == format!("{name}={value}"));
        assert!(
            is_seen == is_expected
                || name.to_lowercase().contains("proxy")
                || name == "DATABASE_URL",
            "{name}"
        );
    }
}

/// A channel with a Python that is a script.
fn python_and_pip(sandbox: &Sandbox, script: &str) {
    channel(
        sandbox,
        [
            conda(PackageBuilder::new("python", "3.12.1", "0").executable("bin/python", script)),
            conda(PackageBuilder::new("pip", "26.0", "0").depends("python")),
        ],
    );
}

#[test]
fn a_file_of_requirements_is_of_this_user_alone_and_gone_afterwards() {
    let sandbox = sandbox();
    // pip, as far as larder starts it: says who can read the requirements, and fails.
    let pip = "#!/bin/sh\nwhile [ $# -gt 0 ]; do if [ \"$1\" = --requirement ]; then file=$2; fi; shift; done\n\
        { stat -c %a \"$file\" \"${file%/*}\"; cat \"$file\"; } > \"$HOME/told\" 2>&1; exit 1\n";
    python_and_pip(&sandbox, pip);
    let line = format!("--extra-index-url https://user:{CANARY}@127.0.0.1:1/simple");
    let manifest =
        format!("channels: [./channel]\ndependencies: [python, {{pip: [\"{line}\", six]}}]\n");
    sandbox.write("environment.yml", &manifest);
    let mut command = sandbox.command(&["lock"]);
    // A umask that lets everybody read makes no difference.
    let run = Run::of(command.env("LARDER_UV", "")).fails_with(1);
    let told = fs::read_to_string(sandbox.home().join("told"));
    let told = told.unwrap_or_else(|_| panic!("pip did not run: {}", run.stderr));
    assert!(told.starts_with("600\n700\n"), "{told}");
    assert!(
        told.contains(CANARY),
        "the requirements were written: {told}"
    );
    assert!(!run.stderr.contains(CANARY), "{}", run.stderr);
    for directory in [sandbox.trees(), sandbox.store()] {
        let found = crate::credentials::files_with(&directory, CANARY, &[]);
        assert!(found.is_empty(), "{found:?}");
    }
}

#[test]
fn requirements_of_a_killed_run_are_removed_by_the_next() {
    let sandbox = sandbox();
    let pip = "#!/bin/sh\nif [ ! -e \"$HOME/killed\" ]; then touch \"$HOME/killed\"; kill -9 $PPID; fi; exit 1\n";
    python_and_pip(&sandbox, pip);
    let line = format!("--extra-index-url https://user:{CANARY}@127.0.0.1:1/simple");
    let manifest =
        format!("channels: [./channel]\ndependencies: [python, {{pip: [\"{line}\", six]}}]\n");
    sandbox.write("environment.yml", &manifest);
    let lock = || Run::of(sandbox.command(&["lock"]).env("LARDER_UV", ""));
    let left = || crate::credentials::files_with(&sandbox.trees(), CANARY, &[]);
    lock();
    assert!(sandbox.home().join("killed").exists());
    assert_eq!(left().len(), 1, "the killed run has left its requirements");
    lock().fails_with(1);
    assert_eq!(left(), [""; 0]);
}

fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Where product code starts processes, and why each may.
const STARTS: &[(&str, &str)] = &[
    (
        "larder-redact/src/variables.rs",
        "with the variables for scripts or for downloads, nothing else",
    ),
    (
        "larder-link/src/scripts/shell.rs",
        "link scripts: the variables of the caller, without credentials",
    ),
    (
        "larder/src/activation/effect.rs",
        "activation scripts: variables without credentials",
    ),
    (
        "larder-bytecode/src/worker.rs",
        "the environment's Python: no variables at all",
    ),
    ("larder/src/run.rs", "the user's own command: all variables"),
    (
        "larder-link/src/codesign.rs",
        "a program of the system, which runs nothing else",
    ),
    (
        "larder-fs/src/process.rs",
        "a program of the system, which runs nothing else",
    ),
    ("larder-cli/src/commands/merge.rs", "the user's own git"),
];

#[test]
fn processes_are_started_in_these_places_alone() {
    let mut found = Vec::new();
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for name in fs::read_dir(crates).unwrap().flatten() {
        if name.file_name() != "larder-testkit" {
            sources(&name.path().join("src"), &mut found);
        }
    }
    let mut starts: Vec<String> = Vec::new();
    for path in found {
        let text = fs::read_to_string(&path).unwrap();
        if text
            .replace("AzureCommand::new(", "")
            .contains("Command::new(")
        {
            starts.push(
                path.strip_prefix(crates)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned(),
            );
        }
    }
    starts.sort();
    let mut expected: Vec<&str> = STARTS.iter().map(|(path, _)| *path).collect();
    expected.sort_unstable();
    assert_eq!(
        starts, expected,
        "say here which variables the new process gets"
    );
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().into_string().unwrap();
        if path.is_dir() {
            sources(&path, found);
        } else if name.ends_with(".rs")
            && !name.starts_with("tests")
            && !path.components().any(|part| part.as_os_str() == "tests")
        {
            found.push(path);
        }
    }
}
