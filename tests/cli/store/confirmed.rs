//! L12 of FORMAT.md: an archive that was held against its own list is so for every machine that the store
//! travels to.

use std::{fs, path::PathBuf};

use larder_testkit::{BuiltPackage, Format, PackageBuilder, Sandbox};

use crate::support::{app_and_lib, channel, sandbox};

const CREATE: &[&str] = &["create", "-p", "env", "--no-lock", "--ephemeral"];
const DIGESTS: usize = 64;

fn list(sandbox: &Sandbox) -> PathBuf {
    sandbox.store().join("confirmed/archives")
}

fn digests(sandbox: &Sandbox) -> Vec<String> {
    let text = fs::read_to_string(list(sandbox)).unwrap_or_default();
    let lines = text.lines().skip(1).map(str::to_owned);
    lines.filter(|line| line.len() == DIGESTS).collect()
}

/// Its list has another digest than the file.
fn liar() -> BuiltPackage {
    let path = format!(
        r#"{{"_path":"share/data","path_type":"hardlink","sha256":"{}","size_in_bytes":4}}"#,
        "0".repeat(DIGESTS)
    );
    let listed = format!(r#"{{"paths_version":1,"paths":[{path}]}}"#);
    PackageBuilder::new("liar", "1.0", "0")
        .noarch_generic()
        .file("share/data", "true")
        .info_file("info/paths.json", listed)
        .build(Format::Conda)
}

#[test]
fn l12_what_archives_hold_is_found_out_once_and_forgotten_with_them() {
    let sandbox = app_and_lib();
    sandbox.larder(CREATE).success();
    let confirmed = digests(&sandbox);
    assert_eq!(confirmed.len(), 2);
    let before = fs::metadata(list(&sandbox)).unwrap().modified().unwrap();
    fs::remove_dir_all(sandbox.path("env")).unwrap();
    sandbox.larder(CREATE).success();
    assert_eq!(digests(&sandbox), confirmed);
    let after = fs::metadata(list(&sandbox)).unwrap().modified().unwrap();
    assert_eq!(before, after, "the list was written again");
    fs::remove_dir_all(sandbox.path("env")).unwrap();
    sandbox.larder(&["store", "gc"]).success();
    assert_eq!(digests(&sandbox), Vec::<String>::new());
}

#[test]
fn l12_who_makes_trees_finds_it_out_as_well() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    assert_eq!(digests(&sandbox).len(), 2);
}

#[test]
fn l12_only_what_is_not_confirmed_is_held_against_its_list() {
    let sandbox = sandbox();
    let liar = liar();
    let digest = liar.sha256.clone();
    channel(&sandbox, [liar]);
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [liar]\n",
    );
    let run = sandbox.larder(CREATE);
    assert!(
        run.stderr.contains("expected sha256:0000"),
        "{}",
        run.stderr
    );
    assert_eq!(digests(&sandbox), Vec::<String>::new());
    // Nobody but a test does this: it shows that nothing is computed for what is on the list.
    fs::create_dir_all(list(&sandbox).parent().unwrap()).unwrap();
    fs::write(list(&sandbox), format!("larder confirmed 1\n{digest}\n")).unwrap();
    sandbox.larder(CREATE).success();
    assert_eq!(
        fs::read_to_string(sandbox.path("env/share/data")).unwrap(),
        "true"
    );
}
