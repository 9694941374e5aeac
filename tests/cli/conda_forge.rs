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
