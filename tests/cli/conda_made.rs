//! Environments that conda made, written by hand as its source writes them.

use std::fs;

use larder_testkit::Sandbox;
use serde_json::json as value;

use crate::support::{channel, conda, env, json, program, sandbox};

/// An environment as conda 24 leaves it: `tool` from the channel `channel`, asked for as `tool=1`.
fn made_by_conda() -> Sandbox {
    let sandbox = sandbox();
    let packages = [conda(program("tool", "1.0")), conda(program("tool", "2.0"))];
    let channel = channel(&sandbox, packages);
    let url = channel.url().trim_end_matches('/').to_owned();
    sandbox.write("env/bin/tool", "#!/bin/sh\necho tool\n");
    let record = value!({
        "arch": null,
        "build": "0",
        "build_number": 0,
        "channel": format!("{url}/noarch"),
        "constrains": [],
        "depends": [],
        "extracted_package_dir": "/opt/conda/pkgs/tool-1.0-0",
        "features": "",
        "files": ["bin/tool"],
        "fn": "tool-1.0-0.conda",
        "license": "MIT",
        "link": {"source": "/opt/conda/pkgs/tool-1.0-0", "type": 1},
        "md5": "0".repeat(32),
        "name": "tool",
        "noarch": "generic",
        "package_tarball_full_path": "/opt/conda/pkgs/tool-1.0-0.conda",
        "package_type": "noarch_generic",
        "paths_data": {
            "paths": [{
                "_path": "bin/tool",
                "path_type": "hardlink",
                "sha256": "8f2d9c4f0d1cf6d6a1e0cf6c2b64f3ed0a54cbd3df2d0a6f7a27d63f6bd9cdb2",
                "size_in_bytes": 20
            }],
            "paths_version": 1
        },
        "platform": null,
        "requested_spec": "tool=1",
        "sha256": "1".repeat(64),
        "size": 1000,
        "subdir": "noarch",
        "timestamp": 1_700_000_000_000_u64,
        "track_features": "",
        "url": format!("{url}/noarch/tool-1.0-0.conda"),
        "version": "1.0"
    });
    sandbox.write("env/conda-meta/tool-1.0-0.json", &format!("{record:#}"));
    sandbox.write(
        "env/conda-meta/history",
        "==> 2024-05-01 10:00:00 <==\n# cmd: /opt/conda/bin/conda create -p env tool=1\n\
         # conda version: 24.5.0\n+channel/noarch::tool-1.0-0\n# update specs: ['tool=1']\n",
    );
    sandbox.write(
        "env/conda-meta/state",
        r#"{"version": 1, "env_vars": {"COUNT": 3}}"#,
    );
    let home = sandbox.home();
    fs::create_dir_all(home.join(".conda")).unwrap();
    let registry = format!("{}\n", env(&sandbox).display());
    fs::write(home.join(".conda/environments.txt"), registry).unwrap();
    sandbox
}

#[test]
fn an_environment_of_condas_is_listed_exported_changed_and_removed() {
    let sandbox = made_by_conda();
    let place = env(&sandbox).display().to_string();
    let known = json(&sandbox.larder(&["env", "list", "--json"]).success());
    assert_eq!(known["envs"][0], place);
    let packages = json(&sandbox.larder(&["list", "-p", "env", "--json"]).success());
    assert_eq!(packages[0]["dist_name"], "tool-1.0-0");
    assert_eq!(packages[0]["platform"], "noarch");

    let export = ["env", "export", "-p", "env", "--from-history"];
    let text = sandbox.larder(&export).success().stdout;
    assert!(text.contains("  - tool=1\n"), "{text}");
    assert!(text.contains("  COUNT: '3'\n"), "{text}");
    let text = sandbox.larder(&export[..4]).success().stdout;
    assert!(
        text.contains("/channel\ndependencies:\n  - tool=1.0=0\n"),
        "{text}"
    );

    let set = ["env", "config", "vars", "set", "-p", "env", "MODE=fast"];
    sandbox.larder(&set).success();
    let run = ["run", "-p", "env", "--", "sh", "-c", "echo $MODE$COUNT"];
    assert_eq!(sandbox.larder(&run).success().stdout, "fast3\n");

    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [tool >=2]\n",
    );
    let update = ["env", "update", "-p", "env", "--json"];
    let report = json(&sandbox.larder(&update).success());
    assert_eq!(report["actions"]["UNLINK"][0]["dist_name"], "tool-1.0-0");
    assert_eq!(report["actions"]["LINK"][0]["dist_name"], "tool-2.0-0");
    let revisions = ["list", "-p", "env", "--revisions", "--json"];
    let revisions = json(&sandbox.larder(&revisions).success());
    assert_eq!(revisions[0]["date"], "2024-05-01 10:00:00");
    assert_eq!(revisions[1]["upgrade"].as_array().unwrap().len(), 1);
    let run = ["run", "-p", "env", "--", "sh", "-c", "echo $MODE$COUNT"];
    assert_eq!(sandbox.larder(&run).success().stdout, "fast3\n");

    sandbox
        .larder(&["env", "remove", "-p", "env", "--yes"])
        .success();
    assert!(!env(&sandbox).exists());
    let known = json(&sandbox.larder(&["env", "list", "--json"]).success());
    assert_eq!(known["envs"], value!([]));
}
