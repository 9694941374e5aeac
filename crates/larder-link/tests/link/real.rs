//! Real packages of the shared channel: python and everything small, so that the test stays short.

use std::{fs, time::Instant};

use larder_event::EventRecorder;
use larder_link::{apply, plan};
use larder_testkit::{BuiltPackage, shared_data};
use serde_json::Value;

use crate::{
    support::{Kit, Unpacked, links},
    twin,
};

const SMALL: usize = 500_000;

fn unpack_all(kit: &Kit) -> Option<Vec<Unpacked>> {
    let channel = shared_data()?.join("channel");
    let mut packages = Vec::new();
    for subdir in ["linux-64", "noarch"] {
        let text = fs::read(channel.join(subdir).join("repodata.json")).ok()?;
        let repodata: Value = serde_json::from_slice(&text).unwrap();
        for kind in ["packages", "packages.conda"] {
            for (file_name, record) in repodata[kind].as_object().into_iter().flatten() {
                let bytes = fs::read(channel.join(subdir).join(file_name)).unwrap();
                if bytes.len() > SMALL && record["name"] != "python" {
                    continue;
                }
                let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
                let built = BuiltPackage {
                    file_name: file_name.clone(),
                    bytes,
                    sha256: text("sha256"),
                    md5: text("md5"),
                    subdir: subdir.into(),
                    record: record.clone(),
                };
                packages.push(kit.unpack_with(built, "https://host.example/c", |_| {}));
            }
        }
    }
    Some(packages)
}

#[test]
fn real_packages_become_an_environment() {
    let kit = Kit::new();
    let Some(unpacked) = unpack_all(&kit) else {
        println!("skipped: no shared channel");
        return;
    };
    let all: Vec<&Unpacked> = unpacked.iter().collect();
    let packages = links(&all);
    let started = Instant::now();
    let plan = plan(&packages, &kit.options()).unwrap();
    let recorder = EventRecorder::default();
    let applied = apply(&plan, &kit.options(), &recorder).unwrap();
    println!(
        "{} packages, {} paths, {} bytes written in {:?}",
        packages.len(),
        applied.paths,
        applied.bytes_written,
        started.elapsed()
    );
    twin::check(&all, &kit.options(), &recorder.warnings());
    let prefix = kit.prefix();
    let mut files = 0;
    for package in &unpacked {
        let path = prefix.join(format!("conda-meta/{}.json", package.locked.dist()));
        let record: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        for file in record["files"].as_array().unwrap() {
            assert!(
                prefix
                    .join(file.as_str().unwrap())
                    .symlink_metadata()
                    .is_ok(),
                "{file}"
            );
            files += 1;
        }
    }
    assert_eq!(files, applied.paths);
    assert!(files > 4_000, "{files}");
    let python = std::process::Command::new(prefix.join("bin/python3.11"))
        .args(["-c", "import sys, six, ssl; print(sys.prefix)"])
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&python.stdout);
    assert_eq!(printed.trim(), prefix.to_str().unwrap(), "{python:?}");
}
