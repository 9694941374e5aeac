//! Locks of real conda-forge records for three platforms.

use std::fs;

use crate::support::{json, sandbox, shared};

#[test]
fn three_platforms_lock_and_lock_again_to_the_same_bytes() {
    let Some(data) = shared() else { return };
    let sandbox = sandbox();
    let channel = format!(
        "file://{}",
        data.join("conda-forge-records")
            .canonicalize()
            .unwrap()
            .display()
    );
    let manifest = format!(
        "channels: [\"{channel}\"]\nplatforms: [linux-64, osx-arm64, win-64]\n\
         dependencies: [python=3.11, numpy, pandas, scikit-learn, matplotlib, jupyter]\n"
    );
    sandbox.write("environment.yml", &manifest);
    let report = json(&sandbox.larder(&["lock", "--json"]).success());
    for platform in ["linux-64", "osx-arm64", "win-64"] {
        assert!(
            report["packages"][platform].as_u64().unwrap() > 50,
            "{report}"
        );
    }
    let path = sandbox.path("conda-lock.yml");
    let first = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    sandbox.larder(&["lock"]).success();
    assert!(
        fs::read(&path).unwrap() == first,
        "a second lock has the same bytes"
    );
    let again = json(&sandbox.larder(&["lock", "--json"]).success());
    assert_eq!(again["changed"], false);
}

/// A manifest that asks for more: the pins that it had stay where they were.
#[test]
fn adding_a_dependency_moves_no_other_pin() {
    let Some(data) = shared() else { return };
    let channel = data.join("conda-forge-records").canonicalize().unwrap();
    let additions = [
        ("python=3.12, numpy", "pandas"),
        ("python=3.11, jupyter", "scikit-learn"),
        ("python=3.11, matplotlib", "jupyter"),
        ("python=3.11, numpy <2", "pandas"),
    ];
    for (before, added) in additions {
        let sandbox = sandbox();
        let manifest = |specs: &str| {
            let channel = channel.display();
            let text = format!(
                "channels: [\"file://{channel}\"]\nplatforms: [linux-64, osx-arm64, win-64]\n\
                 dependencies: [\"{}\"]\n",
                specs.replace(", ", "\", \"")
            );
            sandbox.write("environment.yml", &text);
        };
        manifest(before);
        sandbox.larder(&["lock"]).success();
        manifest(&format!("{before}, {added}"));
        let report = json(&sandbox.larder(&["lock", "--json"]).success());
        let platforms = report["diff"]["platforms"].as_array().unwrap();
        for platform in platforms {
            let changed = &platform["changed"];
            assert_eq!(
                *changed,
                serde_json::json!([]),
                "{before} and {added}: {platform}"
            );
        }
    }
}
