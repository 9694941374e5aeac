//! Channels on disk: whatever form of the index is there, whatever the path, as over HTTP.

use std::{fs, path::Path};

use larder_solve::{SolveError, Solver};
use larder_testkit::{ChannelBuilder, Index, compress_bz2, compress_zstd};
use serde_json::{Value, json};
use url::Url;

use crate::support::{Lab, channel_of, files_in, package, record};

const FORMS: [Index; 3] = [Index::Sharded, Index::Zst, Index::Plain];
const ODD: &str = "t/100% größer #1 [x] a+b";

fn url_of(path: &Path) -> String {
    Url::from_file_path(path).unwrap().to_string()
}

fn two(form: Index) -> ChannelBuilder {
    let packages = [
        package("a", "1").depends("b"),
        package("b", "1").noarch_generic(),
    ];
    channel_of(packages).indexes(&[form])
}

/// Neither texts nor closures show what the gateway is told.
fn assert_unseen(text: &str) {
    assert!(!text.contains("local.invalid"), "{text}");
}

#[test]
fn one_form_of_the_index_is_enough_whatever_the_path() {
    for form in FORMS {
        for name in ["c", ODD] {
            let lab = Lab::new();
            let channel = lab.channel(name, two(form));
            let closure = lab.solve(&[url_of(&channel.path)], &["a"]).unwrap();
            let base = url_of(&channel.path);
            for (name, subdir) in [("a", "linux-64"), ("b", "noarch")] {
                let record = &closure.get(name).unwrap().record;
                assert_eq!(
                    record.url.as_str(),
                    format!("{base}/{subdir}/{name}-1-0.conda")
                );
                assert!(
                    record.url.to_file_path().unwrap().is_file(),
                    "{}",
                    record.url
                );
                assert_eq!(record.channel.as_deref(), Some(base.as_str()));
            }
        }
    }
}

#[test]
fn bz2_alone_is_enough() {
    let lab = Lab::new();
    let index = json!({ "packages.conda": { "a-1-0.conda": record("a", "1") } }).to_string();
    lab.write(
        "c/linux-64/repodata.json.bz2",
        compress_bz2(index.as_bytes()),
    );
    lab.write("c/noarch/repodata.json.bz2", compress_bz2(b"{}"));
    assert_eq!(lab.dists(&[url_of(&lab.path("c"))], &["a"]), ["a-1-0"]);
}

#[test]
fn shards_come_before_zst_and_zst_before_plain() {
    let lab = Lab::new();
    let url = [lab.channel("c", channel_of([package("a", "3")])).url()];
    let older = |version: &str| {
        let file = format!("a-{version}-0.conda");
        json!({ "packages.conda": { file: record("a", version) } }).to_string()
    };
    let subdir = "www/c/linux-64";
    lab.write(
        &format!("{subdir}/repodata.json.zst"),
        compress_zstd(older("2").as_bytes()),
    );
    lab.write(&format!("{subdir}/repodata.json"), older("1"));
    assert_eq!(lab.dists(&url, &["a"]), ["a-3-0"]);
    fs::remove_file(lab.path(subdir).join("repodata_shards.msgpack.zst")).unwrap();
    assert_eq!(lab.dists(&url, &["a"]), ["a-2-0"]);
    fs::remove_file(lab.path(subdir).join("repodata.json.zst")).unwrap();
    assert_eq!(lab.dists(&url, &["a"]), ["a-1-0"]);
    fs::remove_file(lab.path(subdir).join("repodata.json")).unwrap();
    let error = lab.error(&url, &["a"]);
    assert!(error.contains("no package `a`"), "{error}");
}

#[test]
fn the_disk_is_asked_each_time_even_offline_and_nothing_is_kept() {
    for form in FORMS {
        let mut lab = Lab::new();
        lab.offline = true;
        let url = [lab
            .channel("c", channel_of([package("a", "1")]).indexes(&[form]))
            .url()];
        assert_eq!(lab.dists(&url, &["a"]), ["a-1-0"]);
        assert_eq!(files_in(&lab.cache()), Vec::<String>::new(), "{form:?}");
        lab.channel("c", channel_of([package("a", "2")]).indexes(&[form]));
        assert_eq!(lab.dists(&url, &["a"]), ["a-2-0"]);
    }
}

#[test]
fn cep36_02_a_local_index_of_zero_bytes_is_empty() {
    let lab = Lab::new();
    let good = lab.channel("good", channel_of([package("a", "1")]));
    lab.write("empty/noarch/repodata.json", "");
    lab.write("empty/linux-64/repodata.json", "");
    let channels = [url_of(&lab.path("empty")), good.url()];
    assert_eq!(lab.dists(&channels, &["a"]), ["a-1-0"]);
}

#[test]
fn base_urls_resolve_on_disk() {
    let cases = [
        ("../pool/", format!("{ODD}/pool/a-1-0.conda")),
        ("./x", format!("{ODD}/linux-64/x/a-1-0.conda")),
    ];
    for (base, expected) in cases {
        for form in FORMS {
            let lab = Lab::new();
            let channel = channel_of([package("a", "1")]).indexes(&[form]).info(
                "linux-64",
                "base_url",
                json!(base),
            );
            let channel = lab.channel(ODD, channel);
            let closure = lab.solve(&[channel.url()], &["a"]).unwrap();
            let url = &closure.get("a").unwrap().record.url;
            let path = fs::canonicalize(lab.path("www")).unwrap().join(&expected);
            assert_eq!(url.to_file_path().unwrap(), path, "{base} {form:?}");
        }
    }
    for (base, expected) in [
        ("/pool", "file:///pool/a-1-0.conda"),
        ("file:///pool/x", "file:///pool/x/a-1-0.conda"),
        ("https://cdn.test/x", "https://cdn.test/x/a-1-0.conda"),
    ] {
        let lab = Lab::new();
        let channel = channel_of([package("a", "1")]).indexes(&[Index::Zst]).info(
            "linux-64",
            "base_url",
            json!(base),
        );
        let url = [lab.channel("c", channel).url()];
        let closure = lab.solve(&url, &["a"]).unwrap();
        assert_eq!(closure.get("a").unwrap().record.url.as_str(), expected);
    }
}

#[test]
fn a_server_s_record_cannot_come_to_a_local_file_by_the_stand_in() {
    let lab = Lab::new();
    let channel = channel_of([package("a", "1")]).indexes(&[Index::Zst]).info(
        "linux-64",
        "base_url",
        json!("http://local.invalid/-/etc"),
    );
    lab.channel("c", channel);
    let server = lab.serve();
    let error = lab.error(&[format!("{}/c", server.url())], &["a"]);
    assert!(
        error.contains("cannot name files of this machine"),
        "{error}"
    );
}

#[test]
fn relations_of_local_channels_are_followed_and_told_by_their_paths() {
    for form in FORMS {
        let lab = Lab::new();
        let related = |relations: Value| {
            let channel = channel_of([package("p", "1").noarch_generic()]).indexes(&[form]);
            match relations {
                Value::Null => channel,
                relations => channel.info("noarch", "channel_relations", relations),
            }
        };
        let bio = lab.channel(
            &format!("{ODD}/bio"),
            related(json!({ "base": "../forge" })),
        );
        let forge = lab.channel(&format!("{ODD}/forge"), related(Value::Null));
        let closure = lab.solve(&[bio.url()], &["p"]).unwrap();
        let found = closure.get("p").unwrap().record.channel.clone();
        assert_eq!(found, Some(forge.url()), "{form:?}");

        lab.dists(&[bio.url(), forge.url()], &["p"]);
        let warnings = lab.recorder.warnings();
        assert!(warnings[0].contains(&forge.url()), "{warnings:?}");
        assert_unseen(&warnings.join("\n"));

        lab.channel(
            &format!("{ODD}/forge"),
            related(json!({ "base": "../bio" })),
        );
        let error = lab.error(&[bio.url()], &["p"]);
        assert!(
            error.contains("cycle") && error.contains(&bio.url()),
            "{error}"
        );
        assert_unseen(&error);
    }
}

#[test]
fn a_damaged_shard_is_refused_by_its_path() {
    let lab = Lab::new();
    let channel = lab.channel(
        "c d",
        channel_of([package("a", "1")]).indexes(&[Index::Sharded]),
    );
    let shard = files_in(&channel.path.join("linux-64/shards")).remove(0);
    let mut bytes = fs::read(&shard).unwrap();
    bytes[20] ^= 1;
    fs::write(&shard, bytes).unwrap();
    let error = lab.error(&[channel.url()], &["a"]);
    assert!(
        error.contains(&shard) && error.contains("expected sha256"),
        "{error}"
    );
    assert_unseen(&error);
    fs::remove_file(&shard).unwrap();
    let error = lab.error(&[channel.url()], &["a"]);
    assert!(
        error.contains(&shard) && error.contains("is gone"),
        "{error}"
    );
}

#[test]
fn errors_name_the_path() {
    let lab = Lab::new();
    let channel = lab.channel(
        "c d",
        channel_of([package("a", "1")]).indexes(&[Index::Zst]),
    );
    let file = channel.path.join("linux-64/repodata.json.zst");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let error = lab.error(&[channel.url()], &["a"]);
    assert!(
        error.contains(&format!("`{}` is damaged:", file.display())),
        "{error}"
    );
    assert!(
        error.contains(&format!("channel `{}`", channel.url())),
        "{error}"
    );
    assert_unseen(&error);

    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let error = lab.error(&[channel.url()], &["a"]);
    assert!(
        error.contains(&file.display().to_string()) && error.contains("not a regular file"),
        "{error}"
    );

    for missing in ["nowhere", "c d/linux-64/a-1-0.conda"] {
        let url = url_of(&fs::canonicalize(lab.path("www")).unwrap().join(missing));
        let result = lab.solve(std::slice::from_ref(&url), &["a"]);
        assert!(
            matches!(result, Err(SolveError::MissingNoarch { .. })),
            "{missing}"
        );
        let error = lab.error(std::slice::from_ref(&url), &["a"]);
        assert!(
            error.contains(&format!("channel `{url}` does not exist")),
            "{error}"
        );
        assert_unseen(&error);
    }

    lab.write("bad/noarch/repodata.json", "<html>");
    let bad = lab.path("bad/noarch/repodata.json").display().to_string();
    let url = url_of(&lab.path("bad"));
    let error = lab.error(std::slice::from_ref(&url), &["a"]);
    assert!(
        error.contains(&format!("index of channel `{url}`")),
        "{error}"
    );
    assert!(error.contains(&format!("`{bad}`: ")), "{error}");
    assert_unseen(&error);
}

#[test]
fn conflicts_and_preferences_know_local_channels() {
    let mut lab = Lab::new();
    let first = lab.channel("first", channel_of([package("a", "1"), package("a", "2")]));
    let second = lab.channel(
        "second",
        channel_of([package("a", "3"), package("b", "1").depends("a=3")]),
    );
    let channels = [first.url(), second.url()];
    let error = lab.error(&channels, &["b", "a"]);
    assert!(error.contains("a"), "{error}");
    assert_unseen(&error);
    let error = lab.error(&channels, &["nope"]);
    assert!(error.contains(&first.url()), "{error}");
    assert_unseen(&error);
    let locked = lab.solve(&channels, &["a=1"]).unwrap();
    lab.preferred = vec![locked.get("a").unwrap().record.clone()];
    assert_eq!(lab.dists(&channels, &["a"]), ["a-1-0"], "the preferred one");
}

#[test]
fn bad_records_of_a_local_zst_index_are_told_by_their_channel() {
    let lab = Lab::new();
    let bad = json!({ "packages.conda": {
        "a-1-0.conda": record("a", "1"), "a-2-0.conda": { "name": "a" },
    }});
    lab.write("c/noarch/repodata.json.zst", compress_zstd(b"{}"));
    lab.write(
        "c/linux-64/repodata.json.zst",
        compress_zstd(bad.to_string().as_bytes()),
    );
    let url = url_of(&lab.path("c"));
    let solver = Solver::new(lab.options());
    let closure = lab
        .solve_with(&solver, std::slice::from_ref(&url), &["a"])
        .unwrap();
    assert!(
        closure
            .get("a")
            .unwrap()
            .record
            .url
            .as_str()
            .starts_with(&url)
    );
    let warnings = lab.recorder.warnings();
    assert!(
        warnings[0].contains(&format!("{url}/linux-64/a-2-0.conda is left out")),
        "{warnings:?}"
    );
}
