//! `conda-meta/*.json`, field by field, as CEP 32 has it and as rattler reads it.

use std::{collections::BTreeSet, fs, path::PathBuf};

use larder_digest::Hasher;
use larder_link::{LinkMode, LinkOptions};
use larder_testkit::{Format, PackageBuilder};
use serde_json::{Value, json};

use crate::support::{Created, Kit, Unpacked, create, package, python};

fn rich() -> PackageBuilder {
    package("rich")
        .build_number(7)
        .depends("python")
        .constrains("old <1")
        .timestamp_ms(1_700_000_000_000)
        .file("share/plain", "plain")
        .no_link("share/copied", "copied")
        .text_prefix("etc/conf", "p={{PREFIX}}")
        .binary_prefix("lib/bin", "{{PREFIX}}\0")
        .symlink("share/link", "plain")
        .symlink("etc/alias", "conf")
        .directory("var/empty")
}

fn noarch() -> PackageBuilder {
    PackageBuilder::new("mod", "2.0", "py_0")
        .noarch_python()
        .depends("python")
        .file("site-packages/mod/__init__.py", "")
        .entry_point("mod = mod:main")
}

const RICH: &str = "rich-1.0-h0_0";
const MOD: &str = "mod-2.0-py_0";

fn packages(kit: &Kit) -> [Unpacked; 3] {
    [
        kit.unpack(rich()),
        kit.unpack(noarch()),
        kit.unpack(python("3.11.4")),
    ]
}

fn created() -> (Kit, [Unpacked; 3], Created) {
    let kit = Kit::new();
    let packages = packages(&kit);
    let created = kit.create(&packages.each_ref());
    (kit, packages, created)
}

fn lines(record: &Value) -> &Vec<Value> {
    record["paths_data"]["paths"].as_array().unwrap()
}

fn line<'a>(record: &'a Value, path: &str) -> &'a Value {
    lines(record)
        .iter()
        .find(|line| line["_path"] == path)
        .unwrap()
}

/// Every path below a directory that is no directory with something in it.
fn leaves(kit: &Kit) -> BTreeSet<String> {
    let mut leaves = BTreeSet::new();
    let mut open = vec![kit.prefix()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            let is_dir = entry.file_type().unwrap().is_dir();
            if is_dir && fs::read_dir(entry.path()).unwrap().next().is_some() {
                open.push(entry.path());
            } else {
                let path = entry.path();
                leaves.insert(
                    path.strip_prefix(kit.prefix())
                        .unwrap()
                        .to_str()
                        .unwrap()
                        .to_owned(),
                );
            }
        }
    }
    leaves
}

#[test]
fn cep32_05_each_package_has_a_record_that_rattler_reads_field_by_field() {
    let (kit, packages, _) = created();
    for package in &packages {
        let record = kit.prefix_record(&package.locked.dist());
        assert_eq!(record.repodata_record, package.locked.record);
        assert_eq!(
            record.file_name(),
            format!("{}.json", package.locked.dist())
        );
    }
    let record = kit.prefix_record(RICH);
    assert_eq!(
        record.extracted_package_dir.as_ref(),
        Some(&packages[0].tree.root)
    );
    assert_eq!(
        record.package_tarball_full_path.as_ref(),
        Some(&packages[0].archive)
    );
    assert_eq!(record.paths_data.paths.len(), 7);
    assert_eq!(record.files.len(), 7);
    let json = kit.record(RICH);
    for key in [
        "build",
        "build_number",
        "channel",
        "constrains",
        "depends",
        "extracted_package_dir",
        "files",
        "fn",
        "link",
        "md5",
        "name",
        "package_tarball_full_path",
        "paths_data",
        "requested_specs",
        "sha256",
        "size",
        "subdir",
        "timestamp",
        "url",
        "version",
    ] {
        assert!(json.get(key).is_some(), "{key} is missing");
    }
    assert_eq!(json["build_number"], 7);
    assert_eq!(json["timestamp"], 1_700_000_000_000_i64);
}

#[test]
fn cep32_06_the_channel_is_a_url_without_subdir() {
    let kit = Kit::new();
    for channel in [
        "https://host.example/forge",
        "https://host.example/forge/",
        "https://host.example/forge/linux-64",
    ] {
        let built = rich().build(Format::Conda);
        let unpacked = kit.unpack_with(built, "https://host.example/forge", |record| {
            record["channel"] = json!(channel);
        });
        kit.create(&[&unpacked]);
        assert_eq!(kit.record(RICH)["channel"], "https://host.example/forge");
        fs::remove_dir_all(kit.prefix()).unwrap();
    }
}

#[test]
fn cep32_07_files_lists_every_new_path() {
    let (kit, packages, _) = created();
    let mut listed = BTreeSet::new();
    for package in &packages {
        let record = kit.record(&package.locked.dist());
        for file in record["files"].as_array().unwrap() {
            let file = file.as_str().unwrap().to_owned();
            assert!(!file.contains('\\'));
            assert!(listed.insert(file));
        }
    }
    let mut found = leaves(&kit);
    found.retain(|path| !path.starts_with("conda-meta/"));
    assert_eq!(listed, found);
    assert!(listed.contains("bin/mod") && listed.contains("var/empty"));
}

#[test]
fn cep32_08_link_says_how_the_files_really_arrived() {
    let kit = Kit::new();
    let packages = packages(&kit);
    for (mode, expected) in [
        (LinkMode::Auto, 1),
        (LinkMode::Hardlink, 1),
        (LinkMode::Copy, 3),
    ] {
        create(
            &packages.each_ref(),
            &LinkOptions {
                link_mode: mode,
                ..kit.options()
            },
        );
        for package in &packages {
            let link = kit.record(&package.locked.dist())["link"].clone();
            let source = package.tree.root.to_str().unwrap();
            assert_eq!(
                link,
                json!({"source": source, "type": expected}),
                "{mode:?}"
            );
        }
        fs::remove_dir_all(kit.prefix()).unwrap();
    }
}

#[test]
fn cep32_09_the_paths_of_tree_and_archive_are_absolute() {
    let (kit, _, _) = created();
    let record = kit.record(RICH);
    for key in ["extracted_package_dir", "package_tarball_full_path"] {
        let path = PathBuf::from(record[key].as_str().unwrap());
        assert!(path.is_absolute() && path.exists(), "{key}");
    }
    assert!(
        PathBuf::from(record["extracted_package_dir"].as_str().unwrap())
            .join("info")
            .is_dir()
    );
}

#[test]
fn cep32_10_paths_data_has_the_paths_in_the_prefix() {
    let (kit, packages, _) = created();
    for package in &packages {
        let record = kit.record(&package.locked.dist());
        let data = record["paths_data"].as_object().unwrap();
        assert_eq!(data.keys().collect::<Vec<_>>(), ["paths", "paths_version"]);
        assert_eq!(data["paths_version"], 1);
        let paths: Vec<&Value> = lines(&record).iter().map(|line| &line["_path"]).collect();
        assert_eq!(
            paths,
            record["files"]
                .as_array()
                .unwrap()
                .iter()
                .collect::<Vec<_>>()
        );
        assert!(paths.iter().all(|path| kit.has(path.as_str().unwrap())));
    }
    line(
        &kit.record(MOD),
        "lib/python3.11/site-packages/mod/__init__.py",
    );
}

#[test]
fn cep32_11_path_types_are_those_of_the_cep() {
    let (kit, _, _) = created();
    let (rich, module) = (kit.record(RICH), kit.record(MOD));
    for (record, path, expected) in [
        (&rich, "share/plain", "hardlink"),
        (&rich, "share/copied", "hardlink"),
        (&rich, "lib/bin", "hardlink"),
        (&rich, "share/link", "softlink"),
        (&rich, "var/empty", "directory"),
        (&module, "bin/mod", "unix_python_entry_point"),
    ] {
        assert_eq!(line(record, path)["path_type"], expected, "{path}");
    }
    assert_eq!(line(&rich, "share/copied")["no_link"], true);
    assert_eq!(line(&rich, "etc/conf")["file_mode"], "text");
    assert_eq!(line(&rich, "lib/bin")["file_mode"], "binary");
    let placeholder = line(&rich, "lib/bin")["prefix_placeholder"]
        .as_str()
        .unwrap();
    assert_eq!(placeholder.len(), 255);
}

#[test]
fn cep32_12_digests_in_prefix_are_those_of_what_is_there() {
    let (kit, packages, _) = created();
    let mut checked = 0;
    for package in &packages {
        for line in lines(&kit.record(&package.locked.dist())) {
            let path = line["_path"].as_str().unwrap();
            if line["path_type"] == "directory" {
                continue;
            }
            let bytes = fs::read(kit.prefix().join(path)).unwrap();
            let mut hasher = Hasher::sha256();
            hasher.update(&bytes);
            assert_eq!(
                line["sha256_in_prefix"],
                hasher.finish().sha256.to_hex(),
                "{path}"
            );
            if line["path_type"] == "hardlink" {
                assert_eq!(line["size_in_bytes"], bytes.len(), "{path}");
            }
            checked += 1;
        }
    }
    assert_eq!(checked, 9);
    let record = kit.record(RICH);
    let digests = |path| {
        (
            line(&record, path)["sha256"].clone(),
            line(&record, path)["sha256_in_prefix"].clone(),
        )
    };
    assert_eq!(digests("share/plain").0, digests("share/plain").1);
    assert_ne!(digests("etc/conf").0, digests("etc/conf").1);
}

#[test]
fn cep32_13_requested_specs_are_of_what_was_asked_for_only() {
    let kit = Kit::new();
    let numpy = kit
        .unpack(package("numpy").depends("dep"))
        .requested("numpy>=1.0");
    kit.create(&[&numpy, &kit.unpack(package("dep"))]);
    let record = kit.record("numpy-1.0-h0_0");
    assert_eq!(record["requested_specs"], json!(["numpy>=1.0"]));
    assert_eq!(record["requested_spec"], "numpy>=1.0");
    assert_eq!(kit.record("dep-1.0-h0_0")["requested_specs"], json!([]));
    assert_eq!(kit.record("dep-1.0-h0_0").get("requested_spec"), None);
}

#[test]
fn cep32_14_the_url_is_the_real_one_and_has_no_credentials() {
    let kit = Kit::new();
    let built = rich().build(Format::Conda);
    let unpacked = kit.unpack_with(
        built,
        "https://me:hush@host.example/t/hush/forge",
        |record| {
            record["url"] = json!("https://me:hush@cdn.example/t/hush/x/rich-1.0-h0_0.conda");
        },
    );
    kit.create(&[&unpacked]);
    let record = kit.record(RICH);
    assert_eq!(record["url"], "https://cdn.example/x/rich-1.0-h0_0.conda");
    assert_eq!(record["channel"], "https://host.example/forge");
    for name in crate::support::names(&kit.prefix().join("conda-meta")) {
        assert!(
            !kit.read(&format!("conda-meta/{name}")).contains("hush"),
            "{name}"
        );
    }
}

#[test]
fn cep32_15_the_channel_wins_over_the_archive_and_the_archive_fills_in() {
    let kit = Kit::new();
    let built = package("p")
        .depends("numpy")
        .constrains("gone <1")
        .index_extra("license", json!("MIT"))
        .index_extra("attestations_sha256", json!("ab".repeat(32)))
        .index_extra("x_unknown", json!({"a": 1}));
    let unpack = || {
        kit.unpack_with(
            built.clone().build(Format::Conda),
            "https://host.example/c",
            |record| {
                record["depends"] = json!(["numpy <2"]);
                let record = record.as_object_mut().unwrap();
                for key in ["constrains", "license", "x_unknown"] {
                    record.remove(key);
                }
            },
        )
    };
    kit.create(&[&unpack()]);
    let full = kit.record("p-1.0-h0_0");
    assert_eq!(full["depends"], json!(["numpy <2"]));
    assert_eq!(full["constrains"], json!([]), "a patch took it away");
    assert_eq!(full.get("license"), None, "a patch took it away");
    assert_eq!(
        full["attestations_sha256"],
        "ab".repeat(32),
        "a digest acts on nothing"
    );
    assert_eq!(full.get("x_unknown"), None, "a tool may act on it one day");
    fs::remove_dir_all(kit.prefix()).unwrap();

    kit.create(&[&unpack().partial()]);
    let partial = kit.record("p-1.0-h0_0");
    assert_eq!(partial["depends"], json!(["numpy <2"]));
    assert_eq!(partial["constrains"], json!(["gone <1"]));
    assert_eq!(partial["license"], "MIT");
}

#[test]
fn cep32_16_keys_of_an_archive_that_are_for_records_alone_do_not_reach_its_record() {
    let kit = Kit::new();
    let hostile = rich()
        .index_extra("x", json!(1))
        .index_extra("files", json!(["../../etc/passwd"]))
        .index_extra("paths_data", json!({"paths": []}));
    kit.create(&[&kit.unpack(hostile)]);
    assert_eq!(kit.record(RICH).get("x"), None);
    assert_eq!(kit.prefix_record(RICH).files.len(), 7);
    let text = kit.read(&format!("conda-meta/{RICH}.json"));
    assert_eq!(text.matches("\"files\":").count(), 1);
}
