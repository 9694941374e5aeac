//! Package caches made from the store: what conda (core/package_cache_data.py) and mamba (package_cache.cpp)
//! look for is there.

use std::{
    fs,
    path::{Path, PathBuf},
};

use larder_testkit::{ChannelBuilder, Format, Sandbox, tree_of};
use serde_json::Value;

use crate::support::{app_and_lib, conda, env, json, lib, program, sandbox};

const EXPORT: [&str; 5] = ["store", "export", "--layout", "conda-pkgs", "pkgs"];

fn export(sandbox: &Sandbox, more: &[&str]) -> larder_testkit::Run {
    sandbox.larder(&[&EXPORT[..], more].concat())
}

fn locked() -> Sandbox {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock"]).success();
    sandbox
}

fn pkgs(sandbox: &Sandbox) -> PathBuf {
    sandbox.path("pkgs")
}

fn record(package: &Path) -> Value {
    let path = package.join("info/repodata_record.json");
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_lock_becomes_a_package_cache() {
    let sandbox = locked();
    let report = json(&export(&sandbox, &["--lock", "conda-lock.yml", "--json"]).success());
    assert_eq!(
        report["exported"].as_array().unwrap().len(),
        2,
        "{report:#}"
    );
    assert_eq!(report["fetched"], 2);
    let pkgs = pkgs(&sandbox);
    assert_eq!(
        names(&pkgs),
        [
            "app-1.0-0",
            "app-1.0-0.conda",
            "lib-2.0-h1_0",
            "lib-2.0-h1_0.tar.bz2",
            "urls",
            "urls.txt",
        ]
    );
    let channel = sandbox.path("channel/noarch");
    for name in ["app-1.0-0.conda", "lib-2.0-h1_0.tar.bz2"] {
        assert_eq!(
            fs::read(pkgs.join(name)).unwrap(),
            fs::read(channel.join(name)).unwrap()
        );
        let urls = fs::read_to_string(pkgs.join("urls.txt")).unwrap();
        assert!(
            urls.contains(&format!("/channel/noarch/{name}\n")),
            "{urls}"
        );
    }
    // conda: is_extracted is `info/index.json`; a record counts with `url`, and by name, version, build,
    // build number, subdir, and size and md5 where both sides have them. mamba: url, size, md5 or sha256.
    let app = pkgs.join("app-1.0-0");
    assert!(app.join("info/index.json").is_file() && app.join("bin/app").is_file());
    let record = record(&app);
    assert_eq!(record["fn"], "app-1.0-0.conda");
    assert_eq!(
        record["size"],
        fs::metadata(pkgs.join("app-1.0-0.conda")).unwrap().len()
    );
    assert_eq!(record["depends"], serde_json::json!(["lib >=2"]));
    assert_eq!(record["subdir"], "noarch");
    let url = record["url"].as_str().unwrap();
    assert!(url.ends_with("/channel/noarch/app-1.0-0.conda"), "{url}");
    assert_eq!(
        record["channel"].as_str().unwrap(),
        url.rsplit_once("/noarch").unwrap().0
    );
    for (key, digits) in [("md5", 32), ("sha256", 64)] {
        assert_eq!(record[key].as_str().unwrap().len(), digits, "{key}");
    }
    assert!(
        record.get("requested_specs").is_none() && record.get("extracted_package_dir").is_none()
    );
}

#[test]
fn an_export_adds_to_what_is_there_and_repeats_nothing() {
    let sandbox = locked();
    fs::create_dir(pkgs(&sandbox)).unwrap();
    fs::write(
        pkgs(&sandbox).join("urls.txt"),
        "https://conda.test/x/noarch/other-1-0.conda",
    )
    .unwrap();
    export(&sandbox, &["--lock", "conda-lock.yml"]).success();
    let before = tree_of(&pkgs(&sandbox));
    let report = json(&export(&sandbox, &["--lock", "conda-lock.yml", "--json"]).success());
    assert_eq!(report["present"], 2);
    assert_eq!(report["exported"], serde_json::json!([]));
    assert_eq!(tree_of(&pkgs(&sandbox)), before);
    let urls = fs::read_to_string(pkgs(&sandbox).join("urls.txt")).unwrap();
    assert_eq!(urls.lines().count(), 3, "{urls}");
    fs::remove_dir_all(pkgs(&sandbox).join("app-1.0-0")).unwrap();
    fs::remove_file(pkgs(&sandbox).join("lib-2.0-h1_0.tar.bz2")).unwrap();
    export(&sandbox, &["--lock", "conda-lock.yml"]).success();
    assert_eq!(tree_of(&pkgs(&sandbox)), before);
}

#[test]
fn without_a_lock_everything_goes_whose_origin_is_known() {
    let sandbox = locked();
    sandbox.larder(&["create", "-p", "env"]).success();
    let report = json(&export(&sandbox, &["--json"]).success());
    assert_eq!(report["exported"].as_array().unwrap().len(), 2);
    assert_eq!(report["unknown"], 0);
    let with_records = record(&pkgs(&sandbox).join("app-1.0-0"));
    // Lock and environment are gone: their roots still know the URLs.
    for path in ["env", "pkgs", "channel"] {
        fs::remove_dir_all(sandbox.path(path)).unwrap();
    }
    fs::remove_file(sandbox.path("conda-lock.yml")).unwrap();
    export(&sandbox, &[]).success();
    let from_urls = record(&pkgs(&sandbox).join("app-1.0-0"));
    for key in [
        "url",
        "channel",
        "sha256",
        "md5",
        "depends",
        "build_number",
        "subdir",
        "fn",
    ] {
        assert_eq!(from_urls[key], with_records[key], "{key}");
    }
    // Without roots nobody knows what the objects are.
    fs::remove_dir_all(sandbox.store().join("roots")).unwrap();
    fs::remove_dir_all(pkgs(&sandbox)).unwrap();
    let run = export(&sandbox, &[]).success();
    assert!(
        run.stderr.contains("2 archives of the store are left out"),
        "{}",
        run.stderr
    );
}

#[test]
fn an_environment_becomes_a_package_cache() {
    let sandbox = locked();
    sandbox.larder(&["create", "-p", "env"]).success();
    fs::remove_dir_all(sandbox.path("channel")).unwrap();
    let report = json(&export(&sandbox, &["-p", "env", "--json"]).success());
    assert_eq!(report["exported"].as_array().unwrap().len(), 2);
    assert!(env(&sandbox).exists());
}

#[test]
fn a_place_that_is_taken_is_left_alone_and_mambas_is_used() {
    let sandbox = locked();
    let taken = pkgs(&sandbox).join("app-1.0-0/info");
    fs::create_dir_all(&taken).unwrap();
    fs::write(taken.join("index.json"), "{}").unwrap();
    fs::create_dir(pkgs(&sandbox).join("lib-2.0-h1_0.tar.bz2")).unwrap();
    let run = export(&sandbox, &["--lock", "conda-lock.yml"]).success();
    assert!(
        run.stderr.contains("where mamba finds it"),
        "{}",
        run.stderr
    );
    assert_eq!(names(&taken), ["index.json"]);
    let channel = sandbox.path("channel/noarch");
    let beside = channel.strip_prefix("/").unwrap();
    let beside = pkgs(&sandbox).join("file").join(beside);
    assert_eq!(
        names(&beside),
        [
            "app-1.0-0",
            "app-1.0-0.conda",
            "lib-2.0-h1_0",
            "lib-2.0-h1_0.tar.bz2"
        ]
    );
    let report = json(&export(&sandbox, &["--lock", "conda-lock.yml", "--json"]).success());
    assert_eq!(report["present"], 2, "{report:#}");
}

#[test]
fn of_two_channels_with_one_file_name_both_are_there_and_it_is_said() {
    let sandbox = sandbox();
    for name in ["one", "two"] {
        let lib = lib().file("lib/which", name).build(Format::TarBz2);
        let app = conda(program(name, "1.0").depends("lib"));
        ChannelBuilder::new()
            .packages([app, lib])
            .write(&sandbox.path(name));
        let specs = ["create", "-p", name, "-c", &format!("./{name}"), name];
        let prefix = format!("env-{name}");
        let mut specs = specs.map(str::to_owned);
        specs[2].clone_from(&prefix);
        let specs: Vec<&str> = specs.iter().map(String::as_str).collect();
        sandbox.larder(&specs).success();
    }
    let run = export(&sandbox, &[]).success();
    assert!(
        run.stderr.contains("lib-2.0-h1_0.tar.bz2 is taken"),
        "{}",
        run.stderr
    );
    let which =
        |directory: &Path| fs::read_to_string(directory.join("lib-2.0-h1_0/lib/which")).unwrap();
    assert_eq!(which(&pkgs(&sandbox)), "one");
    let two = sandbox.path("two/noarch");
    let beside = pkgs(&sandbox)
        .join("file")
        .join(two.strip_prefix("/").unwrap());
    assert_eq!(which(&beside), "two");
    fs::remove_dir_all(sandbox.store()).unwrap();
    let report = json(
        &sandbox
            .larder(&["store", "import", "pkgs", "--json"])
            .success(),
    );
    assert_eq!(
        report["imported"].as_array().unwrap().len(),
        4,
        "{report:#}"
    );
}

#[test]
fn a_cache_cannot_change_the_store() {
    let sandbox = locked();
    export(&sandbox, &["--lock", "conda-lock.yml"]).success();
    let objects = tree_of(&sandbox.store().join("pkgs"));
    fs::write(pkgs(&sandbox).join("app-1.0-0.conda"), "something else").unwrap();
    fs::write(pkgs(&sandbox).join("app-1.0-0/bin/app"), "something else").unwrap();
    assert_eq!(tree_of(&sandbox.store().join("pkgs")), objects);
    sandbox.larder(&["create", "-p", "env"]).success();
    assert!(
        fs::read_to_string(env(&sandbox).join("bin/app"))
            .unwrap()
            .contains("echo")
    );
}

#[test]
fn a_dry_run_writes_nothing_and_a_missing_archive_offline_is_named() {
    let sandbox = locked();
    let run = export(&sandbox, &["--lock", "conda-lock.yml", "--dry-run"]).success();
    assert!(run.stdout.contains("app-1.0-0.conda"), "{}", run.stdout);
    assert!(!pkgs(&sandbox).exists());
    fs::remove_dir_all(sandbox.store()).unwrap();
    fs::remove_dir_all(sandbox.path("channel")).unwrap();
    let run = export(&sandbox, &["--lock", "conda-lock.yml"]);
    assert_ne!(run.status, 0);
    assert!(run.stderr.contains("app-1.0-0"), "{}", run.stderr);
    assert!(!pkgs(&sandbox).exists());
}
