//! Fields of newer CEPs in records (`attestations_sha256` of CEP 50, `indexed_timestamp` of CEP 47) and fields that
//! nobody knows yet: read without a warning, and kept on each road that has room for them.

use std::fs;

use larder_testkit::{ChannelBuilder, Index, PackageBuilder, Sandbox};
use serde_json::{Value, json};

use crate::support::{conda, env, json as parse, sandbox};

const SIDECAR: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const INDEXED: u64 = 1_790_000_000_123;

/// A channel whose record of `app` 1.0 has fields of today and of tomorrow.
fn newer(index: Index) -> Sandbox {
    let sandbox = sandbox();
    let app = PackageBuilder::new("app", "1.0", "0").noarch_generic();
    ChannelBuilder::new()
        .package(conda(app.index_extra("provenance_sha256", SIDECAR.into())))
        .indexes(&[index])
        .patch("app-1.0-0.conda", |record| {
            record["attestations_sha256"] = SIDECAR.into();
            record["indexed_timestamp"] = INDEXED.into();
            record["provenance_sha256"] = SIDECAR.into();
            record["newest_thing"] = json!({"a": [1, {"b": null}]});
        })
        .info("noarch", "newest_info", json!({"a": [1, 2]}))
        .top_level("noarch", "newest_list", json!(["x", {"y": 1}]))
        .write(&sandbox.path("channel"));
    sandbox.write(
        "environment.yml",
        "name: work\nchannels: [./channel]\ndependencies: [app]\n",
    );
    sandbox
}

fn record(sandbox: &Sandbox) -> Value {
    let path = env(sandbox).join("conda-meta/app-1.0-0.json");
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[track_caller]
fn assert_kept(record: &Value, road: &str) {
    assert_eq!(record["attestations_sha256"], SIDECAR, "{road}: {record}");
    assert_eq!(record["indexed_timestamp"], INDEXED, "{road}: {record}");
}

#[test]
fn fields_of_newer_ceps_are_kept_on_every_road() {
    for index in [Index::Plain, Index::Zst, Index::Sharded] {
        let sandbox = newer(index);
        let quiet = |arguments: &[&str]| {
            let run = sandbox.larder(arguments).success();
            assert!(
                !run.stderr.contains("warning"),
                "{arguments:?}: {}",
                run.stderr
            );
            run
        };
        let dry = parse(&quiet(&["create", "-p", "env", "--dry-run", "--json"]));
        assert_kept(&dry["actions"]["FETCH"][0], "FETCH");
        quiet(&["create", "-p", "env"]);
        let solved = record(&sandbox);
        assert_kept(&solved, "solve");
        // The archive's own, inert by its form.
        assert_eq!(solved["provenance_sha256"], SIDECAR);
        quiet(&["lock"]);
        quiet(&["lock", "--check"]);
        fs::remove_dir_all(env(&sandbox)).unwrap();
        quiet(&["create", "-p", "env"]);
        assert_eq!(record(&sandbox), solved, "the lock gives the same record");
        quiet(&["verify", "-p", "env"]);
        quiet(&["sync", "-p", "env"]);
        quiet(&["pack", "-o", "work.tar"]);
        fs::remove_dir_all(env(&sandbox)).unwrap();
        quiet(&["unpack", "work.tar", "-p", "env"]);
        assert_kept(&record(&sandbox), "pack");
        // pixi.lock has no room for what was asked for, which is said.
        let export = ["export", "--format", "pixi", "-o", "pixi.lock"];
        sandbox.larder(&export).success();
        fs::remove_dir_all(env(&sandbox)).unwrap();
        quiet(&["create", "-p", "env", "-f", "pixi.lock"]);
        assert_kept(&record(&sandbox), "pixi.lock");
    }
}

#[test]
fn values_that_make_no_sense_leave_the_record_out_with_a_warning() {
    let long = "x".repeat(10 << 20);
    let deep: String = "[".repeat(200) + &"]".repeat(200);
    for value in [
        "5".to_owned(),
        "true".to_owned(),
        "\"no digest\"".to_owned(),
        format!("\"{long}\""),
        deep,
    ] {
        let shown: String = value.chars().take(20).collect();
        let sandbox = sandbox();
        let app = |version: &str| conda(PackageBuilder::new("app", version, "0").noarch_generic());
        ChannelBuilder::new()
            .packages([app("1.0"), app("2.0")])
            .indexes(&[Index::Plain])
            .patch("app-2.0-0.conda", |record| {
                record["attestations_sha256"] = "VALUE".into()
            })
            .write(&sandbox.path("channel"));
        let index = sandbox.path("channel/noarch/repodata.json");
        let text = fs::read_to_string(&index)
            .unwrap()
            .replace("\"VALUE\"", &value);
        fs::write(&index, text).unwrap();
        let run = sandbox
            .larder(&["create", "-p", "env", "-c", "./channel", "app"])
            .success();
        let said = &run.stderr;
        assert!(
            said.contains("app-2.0-0.conda is left out"),
            "{shown}: {said:.2000}"
        );
        assert!(said.len() < 10_000, "{shown}: {} bytes", said.len());
        assert!(
            env(&sandbox).join("conda-meta/app-1.0-0.json").is_file(),
            "{shown}"
        );
    }
}

#[test]
fn a_lock_of_a_newer_larder_is_read_with_a_note_that_names_what_would_be_lost() {
    let sandbox = newer(Index::Plain);
    sandbox.larder(&["lock"]).success();
    let lock = sandbox.path("conda-lock.yml");
    let text = fs::read_to_string(&lock).unwrap();
    let known = format!("\"attestations_sha256\":\"{SIDECAR}\"");
    assert!(text.contains(&known), "{text}");
    let newer = format!("{known},\"witness_sha256\":\"{SIDECAR}\",\"witness\":{{\"a\":[1]}}");
    let edited = text.replace(&known, &newer);
    fs::write(&lock, &edited).unwrap();
    let run = sandbox
        .larder(&["create", "-p", "env", "-f", "conda-lock.yml"])
        .success();
    for word in ["witness, witness_sha256", "update larder"] {
        assert!(run.stderr.contains(word), "{word}: {}", run.stderr);
    }
    assert_kept(&record(&sandbox), "a newer lock");
    // Nothing is written while the lock is still right.
    sandbox.larder(&["lock"]).success();
    let kept = fs::read_to_string(&lock).unwrap();
    assert!(kept == edited || kept == text, "{kept}");
}

#[test]
fn a_value_in_a_lock_that_makes_no_sense_is_noted_and_not_used() {
    let sandbox = newer(Index::Plain);
    sandbox.larder(&["lock"]).success();
    let lock = sandbox.path("conda-lock.yml");
    let text = fs::read_to_string(&lock).unwrap();
    let known = format!("\"attestations_sha256\":\"{SIDECAR}\"");
    let long = format!("\"{}\"", "x".repeat(1 << 20));
    for value in ["5", "\"no digest\"", "{\"a\":[]}", &long] {
        let changed = format!("\"attestations_sha256\":{value}");
        fs::write(&lock, text.replace(&known, &changed)).unwrap();
        let create = ["create", "-p", "env", "-f", "conda-lock.yml", "--yes"];
        let run = sandbox.larder(&create).success();
        let said = &run.stderr;
        assert!(
            said.contains("has a value that makes no sense"),
            "{said:.2000}"
        );
        assert!(said.len() < 10_000, "{} bytes", said.len());
        assert_eq!(record(&sandbox)["attestations_sha256"], Value::Null);
    }
}
