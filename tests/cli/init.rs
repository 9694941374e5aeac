//! `larder init`: one block in the files that shells read, and out again.

#[cfg(unix)]
use std::process::Command;
use std::{
    fs,
    path::{Path, PathBuf},
};

use larder_testkit::{Run, Sandbox};

use crate::support::{json, sandbox};

const FILES: [(&str, &str); 6] = [
    ("bash", ".bashrc"),
    ("zsh", ".zshrc"),
    ("posix", ".profile"),
    ("fish", ".config/fish/conf.d/larder.fish"),
    ("xonsh", ".xonshrc"),
    ("powershell", ".config/powershell/profile.ps1"),
];

fn rc(sandbox: &Sandbox, file: &str) -> PathBuf {
    sandbox.home().join(file)
}

fn write(path: &Path, content: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

#[test]
fn what_was_there_is_there_again_after_reverse() {
    let sandbox = sandbox();
    let mut args = vec!["init"];
    for (number, (shell, file)) in FILES.iter().enumerate() {
        args.push(shell);
        let content: &[u8] = [b"alias l=ls\n".as_slice(), b"no end", b"\xff\r\n"][number % 3];
        write(&rc(&sandbox, file), content);
    }
    let read = || FILES.map(|(_, file)| fs::read(rc(&sandbox, file)).unwrap());
    let before = read();
    sandbox.larder(&args).success();
    let with = read();
    for (content, old) in with.iter().zip(&before) {
        assert!(content.starts_with(old) && content.len() > old.len());
    }
    let again = json(&sandbox.larder(&[&args[..], &["--json"]].concat()).success());
    let changes = again["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| &file["change"]);
    assert!(
        changes.clone().all(|change| change == "unchanged"),
        "{again}"
    );
    assert_eq!(changes.count(), FILES.len());
    assert_eq!(read(), with);
    sandbox.larder(&["init", "--all", "--reverse"]).success();
    assert_eq!(read(), before);
}

#[test]
fn files_that_were_not_there_go_again() {
    let sandbox = sandbox();
    sandbox
        .larder(&["init", "bash", "fish", "nushell"])
        .success();
    assert!(rc(&sandbox, ".bashrc").exists());
    sandbox
        .larder(&["init", "bash", "fish", "nushell", "--reverse"])
        .success();
    for file in [
        ".bashrc",
        ".config/fish/conf.d/larder.fish",
        ".config/nushell/config.nu",
    ] {
        assert!(!rc(&sandbox, file).exists(), "{file}");
    }
}

#[test]
fn a_dry_run_changes_nothing() {
    let sandbox = sandbox();
    let run = sandbox.larder(&["init", "bash", "--dry-run"]).success();
    assert!(
        run.stdout.contains("would make") && run.stdout.contains(".bashrc"),
        "{}",
        run.stdout
    );
    assert!(!rc(&sandbox, ".bashrc").exists());
}

#[test]
#[cfg(unix)]
fn modes_and_links_stay() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let sandbox = sandbox();
    let real = sandbox.write("dotfiles/bashrc", "alias l=ls\n");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o600)).unwrap();
    symlink(&real, rc(&sandbox, ".bashrc")).unwrap();
    sandbox.larder(&["init", "bash"]).success();
    assert_eq!(fs::read_link(rc(&sandbox, ".bashrc")).unwrap(), real);
    assert_eq!(
        fs::metadata(&real).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(
        fs::read_to_string(&real)
            .unwrap()
            .contains("larder initialize")
    );
    sandbox.larder(&["init", "bash", "--reverse"]).success();
    assert_eq!(fs::read_to_string(&real).unwrap(), "alias l=ls\n");

    let nowhere = rc(&sandbox, ".zshrc");
    symlink(sandbox.path("missing/zshrc"), &nowhere).unwrap();
    let run = sandbox.larder(&["init", "zsh"]).fails_with(3);
    assert!(run.stderr.contains(".zshrc"), "{}", run.stderr);
}

#[test]
fn half_a_block_is_refused_with_its_line() {
    let sandbox = sandbox();
    let half = b"a\n# >>> larder initialize >>>\n";
    write(&rc(&sandbox, ".bashrc"), half);
    for args in [&["init", "bash"][..], &["init", "bash", "--reverse"]] {
        let run = sandbox.larder(args).fails_with(1);
        assert!(run.stderr.contains("line 2"), "{}", run.stderr);
    }
    assert_eq!(fs::read(rc(&sandbox, ".bashrc")).unwrap(), half);
}

#[test]
fn shells_without_functions_are_told_what_to_do() {
    let sandbox = sandbox();
    for shell in ["cmd", "tcsh"] {
        let run = sandbox.larder(&["init", shell]).fails_with(1);
        assert!(run.stderr.contains("shell-hook"), "{}", run.stderr);
    }
}

#[test]
fn zsh_and_fish_are_looked_for_where_they_look() {
    let sandbox = sandbox();
    let mut command = sandbox.command(&["init", "zsh", "fish"]);
    command
        .env("ZDOTDIR", sandbox.path("zsh"))
        .env("XDG_CONFIG_HOME", sandbox.path("config"));
    Run::of(&mut command).success();
    assert!(sandbox.path("zsh/.zshrc").exists());
    assert!(sandbox.path("config/fish/conf.d/larder.fish").exists());
}

/// The shell reads its start-up file, and `larder activate` changes it.
#[test]
#[cfg(unix)]
fn a_new_shell_has_activate() {
    let sandbox = sandbox();
    sandbox.write("env/conda-meta/history", "");
    sandbox
        .larder(&["init", "bash", "zsh", "fish", "nushell", "xonsh"])
        .success();
    let show = "larder activate ./env; printf '%s' \"$CONDA_PREFIX\"";
    let nu = "larder activate ./env; print --no-newline $env.CONDA_PREFIX";
    let config = rc(&sandbox, ".config/nushell/config.nu");
    let config = config.to_str().unwrap();
    let xonshrc = rc(&sandbox, ".xonshrc");
    let xonshrc = xonshrc.to_str().unwrap();
    let shells: [(&crate::activation::Real, &[&str]); 5] = [
        (&crate::activation::BASH, &["-i", "-c", show]),
        (&crate::activation::ZSH, &["-i", "-c", show]),
        (&crate::activation::FISH, &["-c", show]),
        (&crate::activation::NUSHELL, &["--config", config, "-c", nu]),
        (
            &crate::activation::XONSH,
            &[
                "--rc",
                xonshrc,
                "-c",
                "larder activate ./env; print($CONDA_PREFIX, end='')",
            ],
        ),
    ];
    for (shell, args) in shells {
        let Some(program) = shell.program() else {
            continue;
        };
        let variables = sandbox.command(&[]);
        let variables = variables
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?)));
        let mut command = Command::new(program);
        command
            .args(args)
            .current_dir(sandbox.work())
            .env_clear()
            .envs(variables)
            .env("TERM", "dumb");
        let run = Run::of(&mut command).success();
        assert!(
            run.stdout.ends_with(sandbox.path("env").to_str().unwrap()),
            "{run:?}"
        );
    }
}
