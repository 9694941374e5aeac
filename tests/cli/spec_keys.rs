//! Keys in the brackets of specs, and versions that rattler alone would misread, by the binary.

use std::fs;

use larder_testkit::{ChannelBuilder, PackageBuilder, Sandbox};
use serde_json::Value;

use crate::support::{channel, conda, env, json, sandbox};

/// Two versions of `foo`, of which the second is preferred, and a noarch build of the first.
fn foos() -> Sandbox {
    let sandbox = sandbox();
    let package =
        |version: &str, build: &str| PackageBuilder::new("foo", version, build).subdir("linux-64");
    let (one, two) = (
        conda(package("1.0", "a_0").build_number(0)),
        conda(package("2.0", "b_1").build_number(1)),
    );
    let pure = PackageBuilder::new("foo", "1.0", "pure_0").noarch_generic();
    ChannelBuilder::new()
        .packages([one, two, conda(pure)])
        .patch("foo-1.0-a_0.conda", |record| {
            record["license"] = "GPL-3.0-only".into();
            record["license_family"] = "GPL".into();
            record["track_features"] = "mkl blas".into();
        })
        .patch("foo-2.0-b_1.conda", |record| {
            record["license"] = "MIT".into();
        })
        .write(&sandbox.path("channel"));
    sandbox
}

fn solve(sandbox: &Sandbox, spec: &str) -> larder_testkit::Run {
    sandbox.larder(&[
        "create",
        "-p",
        "env",
        "-c",
        "./channel",
        "--platform",
        "linux-64",
        "--dry-run",
        "--json",
        spec,
    ])
}

/// `version-build` of what a solve chooses.
fn chosen(sandbox: &Sandbox, spec: &str) -> String {
    let answer = json(&solve(sandbox, spec).success());
    let linked = &answer["actions"]["LINK"][0];
    let text = |key: &str| linked[key].as_str().unwrap_or_default().to_owned();
    let build = [text("build_string"), text("build")].concat();
    format!("{}-{build}", text("version"))
}

#[test]
fn every_key_decides_what_is_chosen() {
    let sandbox = foos();
    let url = format!(
        "file://{}/linux-64/foo-1.0-a_0.conda",
        sandbox.path("channel").display()
    );
    let record = fs::read(sandbox.path("channel/linux-64/repodata.json")).unwrap();
    let record: Value = serde_json::from_slice(&record).unwrap();
    let record = &record["packages.conda"]["foo-1.0-a_0.conda"];
    let (md5, sha256) = (
        record["md5"].as_str().unwrap(),
        record["sha256"].as_str().unwrap(),
    );
    assert_eq!(chosen(&sandbox, "foo"), "2.0-b_1");
    for key in [
        "fn=foo-1.0-a_0.conda".to_owned(),
        "fn='*-a_0.conda'".to_owned(),
        format!("url='{url}'"),
        format!("md5={md5}"),
        format!("sha256={}", sha256.to_uppercase()),
        "build='a*'".to_owned(),
        "version='<2.0.*',subdir=linux-64".to_owned(),
        "build_number=0,subdir='linux-*'".to_owned(),
        "license='gpl*'".to_owned(),
        "license_family=gpl".to_owned(),
        "track_features='blas,mkl'".to_owned(),
    ] {
        assert_eq!(chosen(&sandbox, &format!("foo[{key}]")), "1.0-a_0", "{key}");
    }
    assert_eq!(chosen(&sandbox, "foo[subdir=noarch]"), "1.0-pure_0");
}

#[test]
fn a_key_that_nothing_meets_is_named() {
    let sandbox = foos();
    for key in ["fn=foo-3.0-a_0.conda", "license=ISC", "track_features=blas"] {
        let refused = solve(&sandbox, &format!("foo[{key}]")).fails_with(1);
        assert!(refused.stdout.contains(key), "{key}: {}", refused.stdout);
    }
    for (spec, hint) in [
        ("foo[features=mkl]", "track_features"),
        ("foo[build_string=a_0]", "write `build=`"),
        ("foo[namespace=python]", "leave it out"),
        ("foo[size=3]", "a spec can ask for"),
        ("foo[fn=foo-1.0-a_0.conda,when=__linux]", "without `when`"),
        ("foo 1.*.3", "range"),
        ("foo *.4", "range"),
        ("foo =>1", "write `>=`"),
        ("foo >=1,", "leave out each"),
        ("conda-*::foo", "name the channel"),
    ] {
        let refused = solve(&sandbox, spec).fails_with(1);
        assert!(refused.stdout.contains(hint), "{spec}: {}", refused.stdout);
    }
}

#[test]
fn a_lock_is_checked_by_the_same_keys() {
    let sandbox = foos();
    let manifest = |key: &str| {
        let text = format!(
            "channels: [./channel]\nplatforms: [linux-64]\ndependencies:\n  - foo[{key}]\n"
        );
        sandbox.write("environment.yml", &text);
    };
    manifest("fn=foo-1.0-a_0.conda");
    sandbox.larder(&["lock"]).success();
    sandbox.larder(&["lock", "--check"]).success();
    for key in [
        "license='gpl*'",
        "track_features='mkl blas'",
        "version='===1.0'",
    ] {
        manifest(key);
        sandbox.larder(&["lock", "--check"]).success();
    }
    for key in ["fn=foo-2.0-b_1.conda", "license=MIT", "track_features=mkl"] {
        manifest(key);
        sandbox.larder(&["lock", "--check"]).fails_with(1);
    }
}

#[test]
fn specs_of_records_mean_what_they_mean_in_conda() {
    let sandbox = sandbox();
    let plain =
        |name: &str, version: &str| PackageBuilder::new(name, version, "0").noarch_generic();
    channel(
        &sandbox,
        [
            conda(plain("foo", "1.0")),
            conda(plain("foo", "1.0.4")),
            conda(plain("app", "1.0").depends("foo >1.0.*")),
            // No range of versions is `*.4`: the record is left out, with a warning.
            conda(plain("app", "2.0").depends("foo *.4")),
            conda(plain("app", "3.0").depends("foo[license=MIT]")),
            conda(
                plain("old", "1.0")
                    .depends("foo >1.0.*")
                    .constrains("foo <1.0.4"),
            ),
        ],
    );
    let create = |package: &str| {
        sandbox.larder(&["create", "-p", "env", "-c", "./channel", "--yes", package])
    };
    let run = create("app").success();
    for warning in [
        "app-2.0-0.conda is left out",
        "`foo *.4`",
        "app-3.0-0.conda is left out",
        "`license`",
    ] {
        assert!(run.stderr.contains(warning), "{warning}: {}", run.stderr);
    }
    let record = fs::read_to_string(env(&sandbox).join("conda-meta/app-1.0-0.json")).unwrap();
    let record: Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record["depends"][0], "foo >1.0.*");
    assert!(env(&sandbox).join("conda-meta/foo-1.0.4-0.json").is_file());
    // rattler alone would take foo 1.0.
    create("old").fails_with(1);
}
