//! Archives whose `info/index.json` says another subdir or another package than the index of their channel. The index
//! counts if it has their digest (`larder_unpack::Expected`).

use std::fs;

use larder_testkit::{BuiltPackage, Format, PackageBuilder, Run, Sandbox};
use serde_json::Value;

use crate::support::{channel, conda, env, lib, program, sandbox};

fn create(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    let create = ["create", "-p", "env", "--platform", "linux-64", "--yes"];
    sandbox.larder(&[&create[..], arguments].concat())
}

fn record(sandbox: &Sandbox, dist: &str) -> Value {
    let path = env(sandbox).join("conda-meta").join(format!("{dist}.json"));
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Solves, then locks and creates from the lock, with trees and without.
fn assert_installs(sandbox: &Sandbox, package: &str) -> String {
    let run = create(sandbox, &["-c", "./channel", package]).success();
    sandbox.write(
        "environment.yml",
        &format!("channels: [./channel]\nplatforms: [linux-64]\ndependencies: [{package}]\n"),
    );
    sandbox.larder(&["lock"]).success();
    sandbox.larder(&["lock", "--check"]).success();
    create(sandbox, &[]).success();
    create(sandbox, &["--ephemeral"]).success();
    sandbox.larder(&["verify", "-p", "env"]).success();
    run.stderr
}

#[test]
fn a_noarch_package_in_the_directory_of_a_platform_installs() {
    for record_subdir in ["noarch", "linux-64"] {
        let sandbox = sandbox();
        let mut app = conda(program("app", "1.0"));
        app.subdir = "linux-64".to_owned();
        app.record["subdir"] = record_subdir.into();
        channel(&sandbox, [app]);
        let said = assert_installs(&sandbox, "app");
        assert!(!said.contains("warning"), "{said}");
        let record = record(&sandbox, "app-1.0-0");
        assert_eq!(record["noarch"], "generic");
        assert!(
            record["url"]
                .as_str()
                .unwrap()
                .ends_with("/linux-64/app-1.0-0.conda")
        );
    }
}

#[test]
fn a_package_of_a_platform_in_the_directory_of_noarch_installs() {
    for record_subdir in ["noarch", "linux-64"] {
        let sandbox = sandbox();
        let package = PackageBuilder::new("app", "1.0", "0").subdir("linux-64");
        let mut app = conda(package.file("share/app", "app"));
        app.subdir = "noarch".to_owned();
        app.record["subdir"] = record_subdir.into();
        channel(&sandbox, [app]);
        let said = assert_installs(&sandbox, "app");
        assert!(!said.contains("warning"), "{said}");
        assert!(env(&sandbox).join("share/app").is_file());
    }
}

/// The archive of `lib` at the address of `app`, as the index of the channel wants it.
fn lib_as_app(format: Format) -> BuiltPackage {
    let bytes = lib().build(format).bytes;
    program("app", "1.0").build(format).with_bytes(bytes)
}

#[test]
fn the_file_of_another_package_is_what_the_index_says_if_its_digest_is_right() {
    for format in [Format::Conda, Format::TarBz2] {
        let sandbox = sandbox();
        channel(&sandbox, [lib_as_app(format)]);
        let said = assert_installs(&sandbox, "app");
        let warning = "the archive of app-1.0-0 is of another package: its `info/index.json` has name `lib`, expected `app`";
        assert!(said.contains(warning), "{said}");
        assert_eq!(record(&sandbox, "app-1.0-0")["name"], "app");
        assert!(env(&sandbox).join("lib/data.txt").is_file());
        // The tree is there already: the warning is given again.
        let again = create(&sandbox, &["-c", "./channel", "app"]).success();
        assert!(again.stderr.contains(warning), "{}", again.stderr);
    }
}

#[test]
fn the_file_of_another_package_without_a_digest_is_refused() {
    let sandbox = sandbox();
    let local = channel(&sandbox, [lib_as_app(Format::Conda)]);
    let url = format!("{}/noarch/app-1.0-0.conda", local.url());
    let explicit = |digest: &str| format!("# platform: linux-64\n@EXPLICIT\n{url}{digest}\n");
    sandbox.write("bare.txt", &explicit(""));
    let refused = create(&sandbox, &["-f", "bare.txt"]).fails_with(4);
    assert!(
        refused.stderr.contains("of another package"),
        "{}",
        refused.stderr
    );
    let digest = format!("#{}", lib_as_app(Format::Conda).md5);
    sandbox.write("pinned.txt", &explicit(&digest));
    create(&sandbox, &["-f", "pinned.txt"]).success();
}
