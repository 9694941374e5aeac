//! A prefix is hostile input: whatever a cloned repository, another tool or another user has put into an
//! environment or beside it, a command ends, has a documented exit code, and changes nothing outside.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use larder_testkit::{PackageBuilder, Run, Sandbox, tree_of};
use serde_json::{Value, json};

use crate::support::{app_and_lib, channel, conda, env, lib, sandbox};

/// Seconds after which a command counts as hanging.
const WATCHDOG: &str = "120";

/// Every control file that some command reads or writes; the last ones lie beside the prefix.
const CONTROL_FILES: [&str; 19] = [
    "env/conda-meta",
    "env/conda-meta/history",
    "env/conda-meta/state",
    "env/conda-meta/larder",
    "env/conda-meta/larder-pip",
    "env/conda-meta/frozen",
    "env/conda-meta/pinned",
    "env/conda-meta/app-1.0-0.json",
    "env/conda-meta/planted-1.0-0.json",
    "env/conda-meta/.larder-update",
    "env/conda-meta/.larder-update/journal",
    "env/conda-meta/.larder-update/committed",
    "env/conda-meta/.larder-unfinished",
    "env/.larder-saved",
    "env/.condarc",
    "env/bin",
    "env/etc/conda/env_vars.d/planted.json",
    ".larder-env.lock",
    ".larder-env-abcdefgh.old",
];

/// What is put there.
#[derive(Debug, Clone, Copy)]
enum Plant {
    Fifo,
    Device,
    LinkToFile,
    LinkToDirectory,
    DanglingLink,
    Directory,
    Sparse,
    DeepJson,
    AbsolutePaths,
    ParentPaths,
}

const PLANTS: [Plant; 10] = [
    Plant::Fifo,
    Plant::Device,
    Plant::LinkToFile,
    Plant::LinkToDirectory,
    Plant::DanglingLink,
    Plant::Directory,
    Plant::Sparse,
    Plant::DeepJson,
    Plant::AbsolutePaths,
    Plant::ParentPaths,
];

const COMMANDS: [&[&str]; 13] = [
    &["list", "-p", "env"],
    &["verify", "-p", "env"],
    &["env", "list"],
    &["env", "export", "-p", "env"],
    &["env", "config", "vars", "list", "-p", "env"],
    &["env", "config", "vars", "set", "-p", "env", "A=b"],
    &["shell-hook", "-s", "bash", "-p", "env"],
    &["run", "-p", "env", "true"],
    &["sync", "-p", "env"],
    &["env", "update", "-p", "env", "--prune"],
    &["ci", "setup", "-p", "env", "--no-activate"],
    &["create", "-p", "env", "--yes"],
    &["env", "remove", "-p", "env", "--yes"],
];

/// A sandbox with an environment that has a lock, and the user's own files beside it.
fn victim() -> Sandbox {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock"]).success();
    sandbox.larder(&["create", "-p", "env"]).success();
    for name in ["journal", "history", "app-1.0-0.json", "file", "deep/file"] {
        sandbox.write(&format!("outside/{name}"), "precious");
    }
    fs::write(sandbox.home().join(".bashrc"), "precious").unwrap();
    sandbox
}

fn plant(sandbox: &Sandbox, file: &str, what: Plant) {
    let path = sandbox.path(file);
    let _ = fs::remove_file(&path);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let outside = sandbox.path("outside");
    match what {
        Plant::Fifo => {
            let made = Command::new("mkfifo").arg(&path).status().unwrap();
            assert!(made.success());
        }
        Plant::Device => symlink("/dev/zero", &path).unwrap(),
        Plant::LinkToFile => symlink(outside.join("file"), &path).unwrap(),
        Plant::LinkToDirectory => symlink(&outside, &path).unwrap(),
        Plant::DanglingLink => symlink(outside.join("nothing"), &path).unwrap(),
        Plant::Directory => {
            fs::create_dir_all(path.join("conda-meta")).unwrap();
            fs::write(path.join("conda-meta/history"), "").unwrap();
        }
        Plant::Sparse => fs::File::create(&path).unwrap().set_len(1 << 40).unwrap(),
        Plant::DeepJson => fs::write(&path, "[".repeat(1 << 20)).unwrap(),
        Plant::AbsolutePaths => {
            let file = outside.join("file").display().to_string();
            fs::write(&path, document(file)).unwrap();
        }
        Plant::ParentPaths => fs::write(&path, document("../outside/file".into())).unwrap(),
    }
}

/// One text that is a record, a journal, variables and a marker at once, and names this path everywhere.
fn document(path: String) -> String {
    let moves = json!({
        "outs": [{"path": path, "is_replaced": false, "is_saved": true}],
        "directories": [path],
        "ins": [{"path": path, "replaces": 0}],
    });
    json!({
        "version": 2, "history": 0, "files": moves, "records": moves, "emptied": [path], "saved": path,
        "name": "planted", "build": "0", "build_number": 0, "depends": [], "subdir": "noarch",
        "url": "https://host.example/noarch/planted-1.0-0.conda", "fn": "planted-1.0-0.conda",
        "channel": "https://host.example", "env_vars": {"PATH": path}, "message": path,
        "link": {"source": path, "type": 1}, "requested_specs": [path],
        "paths_data": {"paths_version": 1, "paths": [{"_path": path, "path_type": "hardlink"}]},
        "installed_system_menus": [{"type": "linux", "install_mode": "User", "paths": [path],
            "registered_mime_files": [path]}],
    })
    .to_string()
}

/// Runs larder, and kills it when it hangs.
fn watched(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    let larder = sandbox.command(arguments);
    let mut command = Command::new("/usr/bin/timeout");
    command.args(["-s", "KILL", WATCHDOG]);
    command.arg(larder.get_program()).args(larder.get_args());
    command.env_clear().current_dir(sandbox.work());
    for (name, value) in larder.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    Run::of(&mut command)
}

/// What must not change: the user's files, whatever larder keeps of its own below the home.
fn precious(sandbox: &Sandbox) -> Vec<String> {
    let mut lines = tree_of(&sandbox.path("outside"));
    lines.push(fs::read_to_string(sandbox.home().join(".bashrc")).unwrap());
    lines
}

fn check(file: &str, what: Plant, arguments: &[&str]) {
    let sandbox = victim();
    let before = precious(&sandbox);
    plant(&sandbox, file, what);
    let run = watched(&sandbox, arguments);
    let shown = format!("{file} is {what:?}: {arguments:?}: {}", run.stderr);
    // 137 and -1 are the watchdog's, 101 a panic's.
    assert!((0..=4).contains(&run.status), "{} {shown}", run.status);
    assert_eq!(precious(&sandbox), before, "{shown}");
}

#[test]
fn whatever_stands_for_a_control_file_no_command_hangs_or_touches_anything_outside() {
    // Every file with every plant, each with one command: over all of them each command meets each file.
    for (index, file) in CONTROL_FILES.iter().enumerate() {
        for (number, what) in PLANTS.into_iter().enumerate() {
            let command = COMMANDS[(index + 4 * number) % COMMANDS.len()];
            check(file, what, command);
        }
    }
}

/// All triples, for whoever has half an hour.
#[test]
#[ignore = "2,340 environments"]
fn every_command_meets_every_plant_in_every_place() {
    for file in CONTROL_FILES {
        for what in PLANTS {
            COMMANDS
                .iter()
                .for_each(|command| check(file, what, command));
        }
    }
}

#[test]
fn what_a_package_says_of_menus_never_reaches_its_record() {
    let sandbox = sandbox();
    let precious = sandbox.home().join("precious");
    fs::create_dir_all(precious.join("deep")).unwrap();
    fs::write(precious.join("file"), "x").unwrap();
    let menus: Value = json!([{"type": "linux", "install_mode": "User", "paths": [precious.join("file")],
        "registered_mime_files": [precious.join("file")]}]);
    let evil = PackageBuilder::new("evil", "1.0", "0")
        .noarch_generic()
        .file("share/evil", "evil")
        .index_extra("installed_system_menus", menus.clone())
        .index_extra("on_remove", json!("rm -rf ~"))
        .index_extra("attestations_sha256", json!("ab".repeat(32)));
    channel(&sandbox, [conda(evil), conda(lib())]);
    let create = ["create", "-p", "env", "-c", "./channel", "evil"];
    sandbox.larder(&create).success();
    let record = env(&sandbox).join("conda-meta/evil-1.0-0.json");
    let text = fs::read_to_string(&record).unwrap();
    let mut found: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(found["attestations_sha256"], "ab".repeat(32));
    assert!(found.get("on_remove").is_none(), "{text}");
    assert!(found.get("installed_system_menus").is_none(), "{text}");
    // Whoever wrote it into the record: it is said so, and nothing is removed.
    found["installed_system_menus"] = menus;
    fs::write(&record, found.to_string()).unwrap();
    let run = sandbox
        .larder(&["env", "remove", "-p", "env", "--yes"])
        .success();
    assert!(run.stderr.contains("is damaged"), "{}", run.stderr);
    assert!(precious.join("file").is_file() && precious.join("deep").is_dir());
    assert!(!env(&sandbox).exists());
}

#[test]
fn a_journal_that_a_repository_carries_is_refused_with_a_next_step_and_the_environment_can_go() {
    for name in ["journal", "committed"] {
        let sandbox = victim();
        let file = format!("env/conda-meta/.larder-update/{name}");
        let home = sandbox.home().join(".bashrc").display().to_string();
        let text = format!("larder journal {}\n{}", "0".repeat(64), document(home));
        sandbox.write(&file, &text);
        let before = precious(&sandbox);
        for arguments in [
            &["create", "-p", "env", "--yes"][..],
            &["env", "update", "-p", "env"],
            &["sync", "-p", "env"],
        ] {
            let run = watched(&sandbox, arguments).fails_with(1);
            for word in ["cannot trust", name, "larder sync", "larder env remove"] {
                assert!(run.stderr.contains(word), "{word}: {}", run.stderr);
            }
            assert!(sandbox.path(&file).is_file());
        }
        watched(&sandbox, &["env", "remove", "-p", "env", "--yes"]).success();
        assert!(!env(&sandbox).exists());
        assert_eq!(precious(&sandbox), before);
    }
}

#[test]
fn a_left_over_that_a_repository_carries_does_not_become_the_environment() {
    let sandbox = app_and_lib();
    sandbox.write(".larder-env-abcdefgh.old/conda-meta/history", "");
    sandbox.write(".larder-env-abcdefgh.old/bin/app", "evil");
    sandbox.write(
        ".larder-env-abcdefgh.old/conda-meta/.larder-replaced",
        &format!(".larder-env-abcdefgh\n{}\n", "0".repeat(64)),
    );
    sandbox.larder(&["create", "-p", "env"]).success();
    let app = fs::read_to_string(env(&sandbox).join("bin/app")).unwrap();
    assert_ne!(app, "evil");
    assert!(sandbox.path(".larder-env-abcdefgh.old/bin/app").is_file());
}

#[test]
fn a_lock_file_that_is_a_link_is_neither_emptied_nor_created() {
    for target in ["outside/file", "outside/new"] {
        let sandbox = victim();
        let before = precious(&sandbox);
        symlink(sandbox.path(target), sandbox.path(".larder-env.lock")).unwrap();
        let run = watched(&sandbox, &["create", "-p", "env", "--yes"]);
        assert!(
            run.stderr.contains("it is a symbolic link"),
            "{}",
            run.stderr
        );
        assert_eq!(precious(&sandbox), before);
    }
}

/// Directories of the environment that lead elsewhere: what is there is not the environment's.
#[test]
fn directories_that_are_links_out_are_not_followed() {
    for directory in ["bin", "share", "lib"] {
        for arguments in &COMMANDS[8..] {
            let sandbox = victim();
            for name in ["app", "lib"] {
                sandbox.write(&format!("outside/{name}"), "precious");
            }
            let before = precious(&sandbox);
            let path = env(&sandbox).join(directory);
            let _ = fs::remove_dir_all(&path);
            symlink(sandbox.path("outside"), &path).unwrap();
            let run = watched(&sandbox, arguments);
            assert!(
                (0..=4).contains(&run.status),
                "{arguments:?} {}",
                run.stderr
            );
            assert_eq!(
                precious(&sandbox),
                before,
                "{directory} {arguments:?} {}",
                run.stderr
            );
        }
    }
}

/// Packages that are harmless alone and lead out of the environment together.
#[test]
fn two_packages_together_never_lead_out() {
    let one = || PackageBuilder::new("one", "1.0", "0").noarch_generic();
    let two = || {
        PackageBuilder::new("two", "1.0", "0")
            .noarch_generic()
            .depends("one")
    };
    let cases = [
        (
            one().symlink("lib", "share").file("share/x", "x"),
            two().file("lib/y", "y"),
        ),
        (
            one().symlink("d", "."),
            two().symlink("evil", "d/x/../..").file("f", "f"),
        ),
        (
            one().symlink("a/d", "..").file("a/f", ""),
            two().symlink("e", "a/d/b/../..").file("b/f", ""),
        ),
        (
            one().symlink("a", "b").file("b/c/f", ""),
            two().symlink("e/f", "../a/c/../../..").file("e/g", ""),
        ),
    ];
    for (first, second) in cases {
        for more in [&[][..], &["--ephemeral"]] {
            let sandbox = sandbox();
            channel(&sandbox, [conda(first.clone()), conda(second.clone())]);
            sandbox.write("outside/y", "precious");
            let before = tree_of(&sandbox.path("outside"));
            let create = ["create", "-p", "env", "-c", "./channel", "one", "two"];
            let run = sandbox.larder(&[&create[..], more].concat());
            assert_eq!(tree_of(&sandbox.path("outside")), before);
            no_link_leads_out(&env(&sandbox), &run);
            // By way of an update.
            if more.is_empty() {
                sandbox
                    .larder(&["create", "-p", "env", "-c", "./channel", "one"])
                    .success();
                sandbox.write(
                    "environment.yml",
                    "channels: [./channel]\ndependencies: [one, two]\n",
                );
                let run = sandbox.larder(&["env", "update", "-p", "env"]);
                no_link_leads_out(&env(&sandbox), &run);
            }
        }
    }
}

fn no_link_leads_out(prefix: &Path, run: &Run) {
    let mut directories: Vec<PathBuf> = prefix
        .exists()
        .then(|| prefix.to_owned())
        .into_iter()
        .collect();
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_symlink() {
                let Ok(target) = path.canonicalize() else {
                    continue;
                };
                assert!(
                    target.starts_with(prefix),
                    "{}: {}",
                    path.display(),
                    run.stderr
                );
            } else if path.is_dir() {
                directories.push(path);
            }
        }
    }
}

#[test]
fn a_step_does_not_replace_what_only_the_manifest_names_by_its_prefix() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "other"]).success();
    fs::write(sandbox.path("other/mine"), "mine").unwrap();
    let prefix = sandbox.path("other").display().to_string();
    let text = format!("prefix: {prefix}\nchannels: [./channel]\ndependencies: [lib]\n");
    sandbox.write("environment.yml", &text);
    let setup = ["ci", "setup", "--no-activate"];
    let run = sandbox.larder(&setup).fails_with(1);
    assert!(run.stderr.contains("`--yes`"), "{}", run.stderr);
    assert!(sandbox.path("other/mine").is_file());
    // Told to by who wrote the step.
    sandbox
        .larder(&[&setup[..], &["-p", &prefix]].concat())
        .success();
    assert!(!sandbox.path("other/mine").exists());
}
