//! YAML: aliases, nesting, keys and long texts in every file that is YAML.

use larder_testkit::Sandbox;

use crate::support::sandbox;

use super::{bounded, ended_by_itself, refused};

/// A value that takes gigabytes of memory, the whole stack or hours, and what larder says of it; nothing where it
/// is harmless.
fn bombs() -> Vec<(&'static str, String, Option<&'static str>)> {
    let long = "x".repeat(200_000);
    let aliases = "*a, ".repeat(30_000);
    let mut tree = String::from("[&b0 [x, x, x, x, x, x, x, x, x, x]");
    for level in 1..9 {
        let below = format!("*b{}, ", level - 1).repeat(10);
        tree.push_str(&format!(", &b{level} [{below}]"));
    }
    tree.push(']');
    let merges = "{<<: *m}, ".repeat(30_000);
    let keys: String = (0..60_000)
        .map(|number| format!("k{number}: v, "))
        .collect();
    vec![
        (
            "a long text many times",
            format!("[&a {long}, {aliases}]"),
            Some("aliases are expanded"),
        ),
        ("aliases of aliases", tree, Some("aliases are expanded")),
        (
            "merged mappings",
            format!("[&m {{k: {long}}}, {merges}]"),
            Some("aliases are expanded"),
        ),
        ("brackets", "[".repeat(50_000), Some("")),
        (
            "closed brackets",
            "[".repeat(200) + &"]".repeat(200),
            Some("nested more than"),
        ),
        (
            "braces",
            "{a: ".repeat(100) + &"}".repeat(100),
            Some("nested more than"),
        ),
        ("anchors in anchors", nested_anchors(), Some("")),
        ("many keys", format!("{{{keys}}}"), None),
        ("one long text", long.repeat(20), None),
    ]
}

fn nested_anchors() -> String {
    let open: String = (0..60).map(|level| format!("&n{level} [")).collect();
    format!("{open}{}{}", "x, ".repeat(90_000), "]".repeat(60))
}

/// Where YAML comes from outside: the file, what stands before a bomb in it, and the command that reads it.
fn places() -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
    vec![
        (
            "environment.yml",
            "dependencies: []\nx-bomb: ",
            vec!["lock", "--check"],
        ),
        (
            "environment.yml",
            "dependencies: ",
            vec!["create", "-p", "env", "--offline"],
        ),
        (
            "conda-lock.yml",
            "version: 1\nmetadata:\n  platforms: [linux-64]\npackage: ",
            vec!["create", "-p", "env", "-f", "conda-lock.yml", "--offline"],
        ),
        (
            "pixi.lock",
            "version: 6\nenvironments: {}\npackages: ",
            vec!["create", "-p", "env", "-f", "pixi.lock", "--offline"],
        ),
        (
            "virtual.yml",
            "subdirs: ",
            vec![
                "lock",
                "-f",
                "ok.yml",
                "--virtual-package-spec",
                "virtual.yml",
                "--offline",
            ],
        ),
        (
            "../home/.condarc",
            "custom_channels: ",
            vec!["config", "show"],
        ),
    ]
}

fn place_bomb(file: &str, text: &str) -> Sandbox {
    let sandbox = sandbox();
    sandbox.write("ok.yml", "channels: [./none]\ndependencies: [a]\n");
    sandbox.write(file, text);
    sandbox
}

#[test]
fn whatever_is_expanded_or_nested_in_a_yaml_file_is_bounded() {
    for (file, before, arguments) in places() {
        for (what, bomb, expected) in bombs() {
            let sandbox = place_bomb(file, &format!("{before}{bomb}\n"));
            let run = bounded(&sandbox, &arguments);
            let what = format!("{what} in {file}");
            match expected {
                // A bad configuration is warned about by some commands.
                Some(_) if file.ends_with(".condarc") => ended_by_itself(&run, &what),
                Some(expected) => refused(&run, expected, &what),
                None => ended_by_itself(&run, &what),
            }
        }
    }
}

#[test]
fn block_style_nests_no_deeper_than_flow_style() {
    for (what, nest) in [
        ("dashes", "- ".repeat(5_000) + "x"),
        ("questions", "? ".repeat(5_000) + "x"),
        (
            "indented",
            (0..300).map(|level| " ".repeat(level) + "a:\n").collect(),
        ),
    ] {
        for (file, before, arguments) in places() {
            let nest = nest.replace('\n', "\n   ");
            let sandbox = place_bomb(file, &format!("{}\n   {nest}\n", before.trim_end()));
            let run = bounded(&sandbox, &arguments);
            ended_by_itself(&run, &format!("{what} in {file}"));
        }
    }
}

#[test]
fn real_sizes_are_read() {
    let sandbox = sandbox();
    let packages: String = (0..5_000)
        .map(|number| format!("  - package-{number}\n"))
        .collect();
    sandbox.write(
        "environment.yml",
        &format!("channels: [./none]\ndependencies:\n{packages}"),
    );
    let run = bounded(&sandbox, &["lock", "--check"]);
    refused(
        &run,
        "no lock",
        "a manifest of 5,000 packages without a lock",
    );
}
