//! What a pull request, a command line and the variables of a job bring.

use std::fs;

use larder_testkit::{Run, Sandbox};

use super::{Doors, quoted};

/// Commands that read a manifest.
const READERS: [&[&str]; 5] = [
    &["lock", "--check"],
    &["manifest"],
    &["create", "-p", "env", "--dry-run"],
    &["lock", "--dry-run"],
    &["manifest", "--json"],
];

fn read_by_all(sandbox: &Sandbox) -> Vec<Run> {
    READERS
        .iter()
        .map(|arguments| sandbox.larder(arguments))
        .collect()
}

/// Every place of a manifest that takes a text.
#[test]
#[expect(clippy::type_complexity, reason = "a table of what is tried")]
fn manifests() {
    let mut doors = Doors::default();
    let places: [(&str, fn(&str) -> String); 12] = [
        ("unknown key", |text| {
            format!("{text}: 1\ndependencies: [app]\nchannels: [./channel]\n")
        }),
        ("value of an unknown key", |text| {
            format!("later: {text}\ndependencies: [app]\nchannels: [./channel]\n")
        }),
        ("name", |text| {
            format!("name: {text}\nchannels: [./channel]\ndependencies: [app]\n")
        }),
        ("prefix", |text| {
            format!("prefix: {text}\nchannels: [./channel]\ndependencies: [app]\n")
        }),
        ("channel", |text| {
            format!("channels: [{text}]\ndependencies: [app]\n")
        }),
        ("dependency", |text| {
            format!("channels: [./channel]\ndependencies: [{text}]\n")
        }),
        ("version", |text| {
            format!(
                "channels: [./channel]\ndependencies: [{}]\n",
                text.replacen('"', "\"app ==", 1)
            )
        }),
        ("key of a dependency", |text| {
            format!("channels: [./channel]\ndependencies: [app, {{{text}: [x]}}]\n")
        }),
        ("pip line", |text| {
            format!("channels: [./channel]\ndependencies: [app, {{pip: [{text}]}}]\n")
        }),
        ("variable", |text| {
            format!("channels: [./channel]\ndependencies: [app]\nvariables: {{A: {text}}}\n")
        }),
        ("name of a variable", |text| {
            format!("channels: [./channel]\ndependencies: [app]\nvariables: {{{text}: b}}\n")
        }),
        ("category", |text| {
            format!(
                "channels: [./channel]\ndependencies: [app]\ncategory: {text}\nplatforms: [{text}]\n"
            )
        }),
    ];
    for (place, manifest) in places {
        doors.check(place, |sandbox, text| {
            sandbox.write("environment.yml", &manifest(&quoted(text)));
            read_by_all(sandbox)
        });
    }
    doors.all_but_these_speak(&["value of an unknown key"]);
}

/// The example of issue 13: an agent of Azure Pipelines obeyed the second line, and `lock --check` said 0.
#[test]
fn a_key_of_a_manifest_sets_no_variable() {
    let sandbox = crate::support::app_and_lib();
    sandbox.larder(&["lock"]).success();
    let manifest = fs::read_to_string(sandbox.path("environment.yml")).unwrap();
    let key = "\"x\\n##vso[task.setvariable variable=PATH]/evil\": 1\n";
    sandbox.write("environment.yml", &format!("{manifest}{key}"));
    let run = sandbox.larder(&["lock", "--check"]);
    assert!(
        run.stderr
            .contains("x\\n# #vso[task.setvariable variable=PATH]/evil"),
        "{}",
        run.stderr
    );
}

/// Text that is no YAML: the error shows the line.
#[test]
fn files_that_cannot_be_read() {
    let mut doors = Doors::default();
    for name in ["environment.yml", "conda-lock.yml", "pixi.lock", "spec.txt"] {
        doors.check(name, |sandbox, text| {
            sandbox.write(name, &format!("a: [b\n{text}: [{text}\n: : {text}"));
            vec![
                sandbox.larder(&["create", "-p", "env", "--dry-run", "-f", name]),
                sandbox.larder(&["lock", "--check", "-f", name]),
            ]
        });
    }
    doors.all_but_these_speak(&["pixi.lock", "spec.txt"]);
}

/// Each argument that is a text of the user's.
#[test]
fn arguments() {
    let mut doors = Doors::default();
    let lines: [&[&str]; 24] = [
        &["@"],
        &["--@"],
        &["create", "--@"],
        &["create", "-p", "env", "-c", "./channel", "@"],
        &["create", "-p", "env", "-c", "./channel", "app[@=1]"],
        &["create", "-p", "env", "-c", "@", "app"],
        &["create", "-p", "@", "-c", "./channel", "app"],
        &["create", "-n", "@", "-c", "./channel", "app"],
        &["create", "-p", "env", "-f", "@"],
        &["create", "-p", "env", "--platform", "@"],
        &[
            "create",
            "-p",
            "env",
            "--exclude-newer",
            "@",
            "-c",
            "./channel",
            "app",
        ],
        &["create", "--channel-priority", "@"],
        &["lock", "--upgrade-package", "@"],
        &["lock", "@"],
        &["list", "-p", "@"],
        &["run", "-p", "@", "--", "x"],
        &["export", "--format", "explicit", "--lock", "@"],
        &["store", "gc", "--keep", "@"],
        &["store", "pull", "--remote", "@"],
        &["cache", "key", "@"],
        &["cache", "list", "--remote", "@"],
        &["unpack", "@", "-p", "env"],
        &["config", "@"],
        &["env", "config", "vars", "set", "-p", "@", "A=b"],
    ];
    for line in lines {
        doors.check(&line.join(" "), |sandbox, text| {
            let arguments: Vec<String> = line.iter().map(|part| part.replace('@', text)).collect();
            let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let plain = sandbox.larder(&arguments);
            arguments.insert(0, "--json");
            vec![plain, sandbox.larder(&arguments)]
        });
    }
    doors.all_but_these_speak(&["lock --upgrade-package @"]);
}

/// Variables that larder reads and shows.
#[test]
fn variables() {
    let mut doors = Doors::default();
    let lines: [(&str, &[&str]); 14] = [
        ("LARDER_MIRRORS", &["create", "-p", "env"]),
        ("LARDER_STORE", &["store", "info"]),
        ("LARDER_TREES", &["store", "info"]),
        ("LARDER_REMOTE", &["create", "-p", "env"]),
        ("LARDER_CACHE_REMOTE", &["cache", "list"]),
        ("LARDER_CACHE_SECRET", &["create", "-p", "env"]),
        (
            "LARDER_ENVS",
            &["create", "-n", "a", "-c", "./channel", "app"],
        ),
        ("CONDA_PREFIX", &["list"]),
        ("CONDA_CHANNELS", &["config"]),
        ("CONDA_CHANNEL_PRIORITY", &["create", "-p", "env"]),
        ("CONDA_SUBDIR", &["config"]),
        ("CONDA_OVERRIDE_GLIBC", &["create", "-p", "env"]),
        ("CONDARC", &["config", "--show-sources"]),
        ("HOME", &["env", "list", "-v"]),
    ];
    for (name, arguments) in lines {
        doors.check(name, |sandbox, text| {
            let mut command = sandbox.command(arguments);
            vec![Run::of(command.env(name, text))]
        });
    }
    doors.all_but_these_speak(&[
        "LARDER_REMOTE",
        "LARDER_CACHE_SECRET",
        "CONDA_OVERRIDE_GLIBC",
        "CONDARC",
        "HOME",
    ]);
}

/// Keys, values and places of configuration files.
#[test]
#[expect(clippy::type_complexity, reason = "a table of what is tried")]
fn configuration() {
    let mut doors = Doors::default();
    let files: [(&str, fn(&str) -> String); 5] = [
        ("unknown key", |text| format!("{text}: 1\n")),
        ("value", |text| format!("channel_priority: {text}\n")),
        ("channel", |text| format!("channels: [{text}]\n")),
        ("map", |text| {
            format!("custom_channels: {{{text}: {text}}}\n")
        }),
        ("alias", |text| format!("channel_alias: {text}\n")),
    ];
    for (place, file) in files {
        doors.check(&format!("condarc: {place}"), |sandbox, text| {
            fs::write(sandbox.home().join(".condarc"), file(&quoted(text))).unwrap();
            let lines: [&[&str]; 4] = [
                &["config"],
                &["config", "--show-sources"],
                &["config", "--json"],
                &["create", "-p", "env"],
            ];
            lines.iter().map(|line| sandbox.larder(line)).collect()
        });
    }
    doors.all_but_these_speak(&[]);
}

/// Every text of a lock.
#[test]
fn locks() {
    let mut doors = Doors::default();
    for key in [
        "name",
        "version",
        "platform",
        "url",
        "category",
        "manager",
        "sha256",
        "channels",
        "content_hash",
    ] {
        doors.check(&format!("lock: {key}"), |sandbox, text| {
            sandbox.larder(&["lock"]).success();
            let lock = fs::read_to_string(sandbox.path("conda-lock.yml")).unwrap();
            let lines = lock.lines().map(|line| {
                let indent = &line[..line.len() - line.trim_start_matches([' ', '-']).len()];
                match line[indent.len()..].split_once(':') {
                    Some((found, _)) if found == key => {
                        format!("{indent}{key}: {}\n", quoted(text))
                    }
                    _ => format!("{line}\n"),
                }
            });
            sandbox.write("conda-lock.yml", &lines.collect::<String>());
            let lines: [&[&str]; 6] = [
                &["lock", "--check"],
                &["create", "-p", "env"],
                &["create", "-p", "other", "--frozen", "--dry-run"],
                &["lock", "--diff", "--dry-run"],
                &["export", "--format", "explicit"],
                &["export", "--format", "conda-lock"],
            ];
            lines.iter().map(|line| sandbox.larder(line)).collect()
        });
    }
    doors.all_but_these_speak(&["lock: url", "lock: channels", "lock: content_hash"]);
}
