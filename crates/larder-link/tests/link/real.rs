//! The 110 packages of the shared channel: everything is where it should be, and how long it took.

use std::{fs, time::Instant};

use larder_event::Silent;
use larder_link::{LinkOptions, apply, plan};
use larder_testkit::{BuiltPackage, shared_data};
use serde_json::Value;

use crate::support::{Kit, Unpacked, links};

/// The linux-64 closure: everything but what needs CUDA.
fn unpack_all(kit: &Kit) -> Option<Vec<Unpacked>> {
    let channel = shared_data()?.join("channel");
    let mut packages = Vec::new();
    for subdir in ["linux-64", "noarch"] {
        let text = fs::read(channel.join(subdir).join("repodata.json")).ok()?;
        let repodata: Value = serde_json::from_slice(&text).unwrap();
        for kind in ["packages", "packages.conda"] {
            for (file_name, record) in repodata[kind].as_object().into_iter().flatten() {
                if record["name"] == "cuda-demo" {
                    continue;
                }
                let bytes = fs::read(channel.join(subdir).join(file_name)).unwrap();
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
    let packages = links(&unpacked.iter().collect::<Vec<_>>());
    for round in 0..3 {
        let options = LinkOptions {
            prefix: kit.envs().join(format!("env{round}")),
            ..kit.options()
        };
        let started = Instant::now();
        let plan = plan(&packages, &options).unwrap();
        let planned = started.elapsed();
        let applied = apply(&plan, &options, &Silent).unwrap();
        let clobbers = plan.clobbers().len();
        println!(
            "{} packages, {} paths, {} bytes written, {clobbers} clobbered: \
             planned in {planned:?}, all in {:?}",
            packages.len(),
            applied.paths,
            applied.bytes_written,
            started.elapsed()
        );
    }
    let prefix = kit.envs().join("env0");
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
    assert!(files > 20_000, "{files}");
    let python = std::process::Command::new(prefix.join("bin/python3.11"))
        .args(["-c", "import sys, numpy; print(sys.prefix)"])
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&python.stdout);
    assert_eq!(printed.trim(), prefix.to_str().unwrap(), "{python:?}");
}
