//! Package caches of others, taken over: what is vouched for and right, and nothing else.

use std::{
    fs,
    path::{Path, PathBuf},
};

use larder_testkit::{Format, Sandbox};
use serde_json::json as value;
use sha2::{Digest as _, Sha256};

use crate::support::{app_and_lib, channel, conda, env, json, lib, program, sandbox};

const APP: &str = "app-1.0-0.conda";
const LIB: &str = "lib-2.0-h1_0.tar.bz2";

/// A package cache in `pkgs/` with the two archives of the channel, which then is gone. Nobody vouches
/// for them yet.
fn cache() -> (Sandbox, PathBuf) {
    let sandbox = app_and_lib();
    sandbox
        .larder(&["lock", "--platform", "linux-64"])
        .success();
    let pkgs = sandbox.path("pkgs");
    fs::create_dir(&pkgs).unwrap();
    for name in [APP, LIB] {
        fs::rename(sandbox.path("channel/noarch").join(name), pkgs.join(name)).unwrap();
    }
    fs::remove_dir_all(sandbox.path("channel")).unwrap();
    fs::remove_dir_all(sandbox.store()).unwrap();
    (sandbox, pkgs)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sha256(path: &Path) -> String {
    hex(&Sha256::digest(fs::read(path).unwrap()))
}

/// What an extracted package beside an archive says.
fn write_record(pkgs: &Path, stem: &str, record: &serde_json::Value) {
    let info = pkgs.join(stem).join("info");
    fs::create_dir_all(&info).unwrap();
    fs::write(info.join("index.json"), "{}").unwrap();
    fs::write(info.join("repodata_record.json"), record.to_string()).unwrap();
}

fn stored(sandbox: &Sandbox, path: &Path) -> PathBuf {
    let name = path.file_name().unwrap().to_str().unwrap();
    let extension = if name.ends_with(".conda") {
        "conda"
    } else {
        "tar.bz2"
    };
    let digest = sha256(path);
    let shard = sandbox.store().join("pkgs").join(&digest[..2]);
    shard.join(format!("{digest}.{extension}"))
}

#[test]
fn records_beside_archives_and_indexes_vouch_for_them() {
    let (sandbox, pkgs) = cache();
    write_record(
        &pkgs,
        "app-1.0-0",
        &value!({"fn": APP, "sha256": sha256(&pkgs.join(APP))}),
    );
    let index = value!({
        "info": {"subdir": "noarch"},
        "packages": {
            "other-1-0.tar.bz2": {"sha256": "0".repeat(64), "anything": [1, {"deep": null}]},
            LIB: {"sha256": sha256(&pkgs.join(LIB)), "depends": []},
        },
        "packages.conda": {},
    });
    fs::create_dir(pkgs.join("cache")).unwrap();
    fs::write(pkgs.join("cache/0123abcd.json"), index.to_string()).unwrap();
    fs::write(pkgs.join("cache/0123abcd.info.json"), "{}").unwrap();

    let run = sandbox
        .larder(&["store", "import", "pkgs", "--json"])
        .success();
    let report = json(&run);
    assert_eq!(
        report["imported"].as_array().unwrap().len(),
        2,
        "{report:#}"
    );
    assert_eq!(report["unknown"], value!([]));
    sandbox
        .larder(&[
            "create",
            "-p",
            "env",
            "--offline",
            "--platform",
            "linux-64",
            "--frozen",
        ])
        .success();
    assert!(env(&sandbox).join("bin/app").exists());
    let again = json(
        &sandbox
            .larder(&["store", "import", "pkgs", "--json"])
            .success(),
    );
    assert_eq!(again["imported"], value!([]));
    assert_eq!(again["present"], 2);
}

#[test]
fn archives_of_unknown_digest_are_named_and_left_until_a_lock_vouches_for_them() {
    let (sandbox, pkgs) = cache();
    let run = sandbox.larder(&["store", "import", "pkgs"]).success();
    assert!(
        run.stderr.contains(APP) && run.stderr.contains(LIB),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("--lock"), "{}", run.stderr);
    assert!(!stored(&sandbox, &pkgs.join(APP)).exists());
    sandbox
        .larder(&["store", "import", "pkgs", "--lock", "conda-lock.yml"])
        .success();
    assert!(stored(&sandbox, &pkgs.join(APP)).exists());
    assert!(stored(&sandbox, &pkgs.join(LIB)).exists());
}

#[test]
fn a_damaged_archive_is_named_and_left_and_the_rest_is_taken() {
    let (sandbox, pkgs) = cache();
    let right = sha256(&pkgs.join(APP));
    let mut bytes = fs::read(pkgs.join(APP)).unwrap();
    bytes[100] ^= 1;
    fs::write(pkgs.join(APP), bytes).unwrap();
    let import = ["store", "import", "pkgs", "--lock", "conda-lock.yml"];
    let run = sandbox.larder(&import).fails_with(4);
    assert!(
        run.stderr.contains(APP) && run.stderr.contains(&right),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains(&sha256(&pkgs.join(APP))),
        "{}",
        run.stderr
    );
    assert!(!stored(&sandbox, &pkgs.join(APP)).exists());
    assert!(stored(&sandbox, &pkgs.join(LIB)).exists());
    let report = json(
        &sandbox
            .larder(&[&import[..], &["--json"]].concat())
            .fails_with(4),
    );
    assert_eq!(report["success"], false);
    assert_eq!(report["wrong"][0]["expected"][0], format!("sha256:{right}"));
    let temporary = fs::read_dir(sandbox.store().join("tmp")).unwrap();
    assert_eq!(temporary.count(), 0);
}

#[test]
fn of_several_digests_for_one_name_the_right_one_counts() {
    let (sandbox, pkgs) = cache();
    let of = |digest: &str| value!({"packages.conda": {APP: {"sha256": digest}}}).to_string();
    fs::create_dir(pkgs.join("cache")).unwrap();
    fs::write(pkgs.join("cache/one.json"), of(&"1".repeat(64))).unwrap();
    fs::write(pkgs.join("cache/two.json"), of(&sha256(&pkgs.join(APP)))).unwrap();
    sandbox.larder(&["store", "import", "pkgs"]).success();
    assert!(stored(&sandbox, &pkgs.join(APP)).exists());
    fs::write(pkgs.join("cache/two.json"), of(&"2".repeat(64))).unwrap();
    fs::remove_dir_all(sandbox.store()).unwrap();
    let run = sandbox.larder(&["store", "import", "pkgs"]).fails_with(4);
    assert!(run.stderr.contains(&"1".repeat(64)), "{}", run.stderr);
    assert!(run.stderr.contains(&"2".repeat(64)), "{}", run.stderr);
}

#[test]
fn a_record_of_the_other_format_of_the_package_does_not_vouch() {
    let (sandbox, pkgs) = cache();
    let digest = sha256(&pkgs.join(APP));
    write_record(
        &pkgs,
        "app-1.0-0",
        &value!({"fn": "app-1.0-0.tar.bz2", "sha256": digest}),
    );
    let report = json(
        &sandbox
            .larder(&["store", "import", "pkgs", "--json"])
            .success(),
    );
    assert_eq!(report["unknown"].as_array().unwrap().len(), 2);
}

#[test]
fn an_md5_alone_vouches_too_and_the_archive_is_found_by_it() {
    let (sandbox, pkgs) = cache();
    let lock = fs::read_to_string(sandbox.path("conda-lock.yml")).unwrap();
    let without = lock
        .lines()
        .filter(|line| !line.trim().starts_with("sha256:"));
    let without: Vec<&str> = without.collect();
    // The remainders are bound to the digest that is gone: they count no more, which is a note.
    sandbox.write("md5-conda-lock.yml", &format!("{}\n", without.join("\n")));
    let import = [
        "store",
        "import",
        "pkgs",
        "--lock",
        "md5-conda-lock.yml",
        "--json",
    ];
    let report = json(&sandbox.larder(&import).success());
    let checksum = report["imported"][0]["checksum"].as_str().unwrap();
    assert!(checksum.starts_with("md5:"), "{report:#}");
    assert!(stored(&sandbox, &pkgs.join(APP)).exists());
    let report = json(&sandbox.larder(&import).success());
    assert_eq!(report["present"], 2);
}

#[cfg(unix)]
#[test]
fn caches_of_mamba_and_several_at_once_are_searched_and_links_are_not_followed() {
    let (sandbox, pkgs) = cache();
    let deep = sandbox.path("mamba/https/conda.anaconda.org/conda-forge/noarch");
    fs::create_dir_all(&deep).unwrap();
    fs::rename(pkgs.join(LIB), deep.join(LIB)).unwrap();
    let outside = sandbox.path("outside");
    fs::create_dir(&outside).unwrap();
    fs::rename(pkgs.join(APP), outside.join(APP)).unwrap();
    std::os::unix::fs::symlink(outside.join(APP), pkgs.join(APP)).unwrap();
    write_record(&pkgs, "gone-1-0", &value!({"fn": "gone-1-0.conda"}));
    let import = [
        "store",
        "import",
        "pkgs",
        "mamba",
        "--lock",
        "conda-lock.yml",
    ];
    let report = json(
        &sandbox
            .larder(&[&import[..], &["--json"]].concat())
            .success(),
    );
    assert_eq!(report["imported"].as_array().unwrap().len(), 1);
    assert_eq!(report["extracted_only"], 1);
    let run = sandbox.larder(&import).success();
    assert!(run.stderr.contains("only extracted"), "{}", run.stderr);
}

#[test]
fn a_dry_run_changes_nothing_and_a_directory_that_is_missing_is_named() {
    let (sandbox, pkgs) = cache();
    let import = [
        "store",
        "import",
        "pkgs",
        "--lock",
        "conda-lock.yml",
        "--dry-run",
    ];
    let run = sandbox.larder(&import).success();
    assert!(run.stdout.contains(APP), "{}", run.stdout);
    assert!(!stored(&sandbox, &pkgs.join(APP)).exists());
    let run = sandbox
        .larder(&["store", "import", "nowhere"])
        .fails_with(1);
    assert!(run.stderr.contains("nowhere"), "{}", run.stderr);
}

#[test]
fn objects_are_copies_that_the_cache_cannot_change() {
    let (sandbox, pkgs) = cache();
    sandbox
        .larder(&["store", "import", "pkgs", "--lock", "conda-lock.yml"])
        .success();
    let object = stored(&sandbox, &pkgs.join(APP));
    let before = fs::read(&object).unwrap();
    fs::write(pkgs.join(APP), "something else").unwrap();
    assert_eq!(fs::read(&object).unwrap(), before);
}

#[test]
fn what_is_exported_is_imported_again_as_the_same_objects() {
    let sandbox = sandbox();
    channel(
        &sandbox,
        [
            conda(program("app", "1.0").depends("lib >=2")),
            lib().build(Format::TarBz2),
        ],
    );
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [app]\n",
    );
    sandbox.larder(&["lock"]).success();
    let export = ["store", "export", "--layout", "conda-pkgs", "pkgs"];
    sandbox
        .larder(&[&export[..], &["--lock", "conda-lock.yml"]].concat())
        .success();
    let objects = larder_testkit::tree_of(&sandbox.store().join("pkgs"));
    assert!(!objects.is_empty());
    fs::remove_dir_all(sandbox.store()).unwrap();
    let report = json(
        &sandbox
            .larder(&["store", "import", "pkgs", "--json"])
            .success(),
    );
    assert_eq!(
        report["imported"].as_array().unwrap().len(),
        2,
        "{report:#}"
    );
    assert_eq!(
        larder_testkit::tree_of(&sandbox.store().join("pkgs")),
        objects
    );
}
