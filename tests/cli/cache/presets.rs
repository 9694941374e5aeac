//! Presets: the directory that the tool's variable names, a key of its lock file.

use std::fs;

use super::{run, world};
use crate::support::json;

/// Name, a variable and what it is set to, where the directory is then, and the file that the key hashes.
const PRESETS: &[(&str, &str, &str, &str)] = &[
    ("conda", "CONDA_PKGS_DIRS", "p", "environment.yml"),
    ("pip", "PIP_CACHE_DIR", "p", "requirements-dev.txt"),
    ("uv", "UV_CACHE_DIR", "p", "uv.lock"),
    ("npm", "npm_config_cache", "p", "package-lock.json"),
    ("yarn", "YARN_CACHE_FOLDER", "p", "yarn.lock"),
    ("pnpm", "npm_config_store_dir", "p", "pnpm-lock.yaml"),
    ("cargo", "CARGO_HOME", "p/registry", "Cargo.lock"),
    ("go", "GOMODCACHE", "p", "go.sum"),
    ("gradle", "GRADLE_USER_HOME", "p/caches", "build.gradle.kts"),
    ("maven", "MAVEN_CACHE_FOLDER", "p", "pom.xml"),
    ("nuget", "NUGET_PACKAGES", "p", "packages.lock.json"),
    ("bundler", "BUNDLE_PATH", "p", "Gemfile.lock"),
    ("composer", "COMPOSER_CACHE_DIR", "p", "composer.lock"),
    ("docker", "DOCKER_CACHE_DIR", "p", "Dockerfile"),
];

#[test]
fn every_preset_saves_and_restores_the_directory_of_its_tool() {
    for (name, variable, directory, file) in PRESETS {
        for style in ["azure", "github"] {
            let sandbox = world();
            sandbox.write(file, "locked");
            sandbox.write(&format!("{directory}/cached"), "cached");
            let set = [(*variable, "p")];
            let arguments = ["--preset", name, "--style", style];
            run(&sandbox, &[&["save"], &arguments[..]].concat(), &set).success();
            fs::remove_dir_all(sandbox.path("p")).unwrap();
            let restore = [&["restore", "--json"], &arguments[..]].concat();
            let hit = json(&run(&sandbox, &restore, &set).success());
            assert_eq!(hit["hit"], "true", "{name} {style}");
            let cached = sandbox.path(&format!("{directory}/cached"));
            assert_eq!(fs::read_to_string(cached).unwrap(), "cached", "{name}");
            sandbox.write(file, "locked anew");
            let hit = json(&run(&sandbox, &restore, &set).success());
            assert_eq!(hit["hit"], "inexact", "{name} {style}");
        }
    }
}

#[test]
fn ccache_goes_by_the_commit_and_tools_have_their_own_places() {
    let sandbox = world();
    let cached = sandbox.home().join(".cache/ccache");
    fs::create_dir_all(&cached).unwrap();
    let one = [("GITHUB_SHA", "abc123")];
    run(&sandbox, &["save", "--preset", "ccache"], &one).success();
    let hit = |sha| {
        let variables = [("GITHUB_SHA", sha)];
        json(
            &run(
                &sandbox,
                &["restore", "--json", "--preset", "ccache"],
                &variables,
            )
            .success(),
        )["hit"]
            .clone()
    };
    assert_eq!(
        (hit("abc123"), hit("def456")),
        ("true".into(), "inexact".into())
    );
    let none = run(&sandbox, &["restore", "--preset", "ccache"], &[]).fails_with(1);
    assert!(none.stderr.contains("GITHUB_SHA"), "{}", none.stderr);
}

#[test]
fn what_is_given_wins_over_the_preset() {
    let sandbox = world();
    let arguments = [
        "save", "--json", "--preset", "pip", "--key", "mine", "--path", "data",
    ];
    assert_eq!(
        json(&run(&sandbox, &arguments, &[]).success())["key"],
        "mine"
    );
}
