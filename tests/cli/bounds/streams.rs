//! Files that can be read once, that never end, or that nobody writes to.

use std::process::Command;

use larder_testkit::{Format, PackageBuilder, Sandbox};

use crate::support::{app_and_lib, channel, sandbox};

use super::{bounded, bounded_shell, refused};

fn installed(sandbox: &Sandbox, prefix: &str) -> bool {
    sandbox
        .path(prefix)
        .join("conda-meta/app-1.0-0.json")
        .is_file()
}

#[test]
fn a_manifest_that_can_be_read_once_gives_the_whole_environment() {
    let create = ["create", "-p"];
    for (number, (script, file)) in [
        ("cat environment.yml | \"$@\"", "-"),
        ("\"$@\" < environment.yml", "-"),
        ("cat environment.yml | \"$@\"", "/dev/stdin"),
        ("\"$@\" <<< \"$(cat environment.yml)\"", "/dev/stdin"),
        ("\"$@\" < environment.yml", "/dev/stdin"),
        ("\"$@\" 7< <(cat environment.yml)", "/dev/fd/7"),
        (
            "mkfifo pipe; cat environment.yml > pipe & \"$@\"; r=$?; rm pipe; exit $r",
            "pipe",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let sandbox = app_and_lib();
        let prefix = format!("env{number}");
        let arguments = [&create[..], &[&prefix, "-f", file]].concat();
        let run = bounded_shell(&sandbox, script, &arguments).success();
        assert!(
            installed(&sandbox, &prefix),
            "{script} {file}: {}",
            run.stderr
        );
        // An update reads its inputs for a digest first.
        let update = ["env", "update", "-p", &prefix, "-f", file];
        bounded_shell(&sandbox, script, &update).success();
        let lock = ["lock", "-f", file];
        bounded_shell(&sandbox, script, &lock).success();
        assert!(sandbox.path("conda-lock.yml").is_file(), "{script} {file}");
    }
}

#[test]
fn contents_say_what_a_file_is() {
    for (name, text) in [
        ("env.txt", "channels: [./channel]\ndependencies:\n  - app\n"),
        (
            "env.yaml.in",
            "# a comment\nname: x\nchannels: [./channel]\ndependencies: [app]\n",
        ),
        (
            "noext",
            "{\"channels\": [\"./channel\"], \"dependencies\": [\"app\"]}",
        ),
        ("specs", "# specs\napp\nlib >=2\n"),
    ] {
        let sandbox = app_and_lib();
        sandbox.write(name, text);
        let arguments = ["create", "-p", "env", "-c", "./channel", "-f", name];
        bounded(&sandbox, &arguments).success();
        assert!(installed(&sandbox, "env"), "{name}");
    }
}

#[test]
fn nothing_at_all_is_no_environment() {
    let sandbox = app_and_lib();
    for (script, file) in [
        ("true | \"$@\"", "-"),
        ("\"$@\" < /dev/null", "/dev/stdin"),
        ("\"$@\" 7< <(false)", "/dev/fd/7"),
        ("\"$@\"", "/dev/null"),
        (": > empty; \"$@\"", "empty"),
    ] {
        let run = bounded_shell(&sandbox, script, &["create", "-p", "env", "-f", file]);
        refused(&run, "is empty", &format!("{script} {file}"));
        assert!(!sandbox.path("env").exists());
    }
}

#[test]
fn files_without_end_are_refused() {
    let sandbox = sandbox();
    channel(
        &sandbox,
        [PackageBuilder::new("app", "1.0", "0").build(Format::Conda)],
    );
    for (script, file) in [
        ("exec \"$@\"", "/dev/zero"),
        ("yes app | \"$@\"", "-"),
        ("yes -- '- app' | \"$@\"", "/dev/stdin"),
    ] {
        for command in [
            &["create", "-p", "env", "-f", file][..],
            &["lock", "-f", file],
        ] {
            let run = bounded_shell(&sandbox, script, command);
            refused(&run, "more than", &format!("{script} {file}"));
        }
    }
}

#[test]
fn a_pipe_in_the_place_of_a_remotes_object_is_not_waited_for() {
    let sandbox = sandbox();
    sandbox.write("data/file", "saved");
    let save = [
        "cache",
        "save",
        "--key",
        "k",
        "--path",
        "data",
        "--remote",
        "file://remote",
    ];
    let remote = sandbox.path("remote");
    let url = format!("file://{}", remote.display());
    let save = [&save[..7], &[&url]].concat();
    bounded(&sandbox, &save).success();
    let mut entries = vec![remote];
    let mut replaced = 0;
    while let Some(path) = entries.pop() {
        if path.is_dir() {
            entries.extend(
                std::fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
            continue;
        }
        std::fs::remove_file(&path).unwrap();
        assert!(
            Command::new("mkfifo")
                .arg(&path)
                .status()
                .unwrap()
                .success()
        );
        replaced += 1;
    }
    assert!(replaced > 0);
    let restore = [
        "cache", "restore", "--key", "k", "--path", "data", "--remote", &url,
    ];
    let run = bounded_shell(&sandbox, "exec timeout 60 \"$@\"", &restore).success();
    assert!(run.stderr.contains("cache miss"), "{}", run.stderr);
    let listed = bounded_shell(
        &sandbox,
        "exec timeout 60 \"$@\"",
        &["cache", "list", "--remote", &url],
    );
    listed.success();
}
