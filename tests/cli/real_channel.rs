//! The 110-package environment of the shared channel: made, used, made again without a server.

use std::{fs, path::Path};

use larder_testkit::{Sandbox, Server, environment_of, tree_of};
use rattler_conda_types::PrefixRecord;

use crate::support::{env, json, sandbox, shared};

const MANIFEST: &str = "dependencies: [python=3.11, numpy, pandas, matplotlib, scikit-learn, jupyter, pip, activate-demo]\nvariables:\n  LARDER_SAYS: hello\n";

fn served() -> Option<(Sandbox, Server)> {
    let data = shared()?;
    let sandbox = sandbox();
    let server = Server::serve(&data.join("channel"));
    sandbox.write(
        "environment.yml",
        &format!("channels: [\"{}\"]\n{MANIFEST}", server.url()),
    );
    Some((sandbox, server))
}

/// One environment for all that can be seen in it: it takes seconds to make.
#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn the_main_job() {
    let Some((sandbox, server)) = served() else {
        return;
    };
    sandbox.larder(&["lock"]).success();
    let run = sandbox.larder(&["create", "-p", "env"]).success();
    assert!(
        run.stderr
            .contains("activate-demo-1.0-h0000000_0: post-link"),
        "the post-link message is shown: {}",
        run.stderr
    );
    it_imports_and_runs(&sandbox);
    records_are_what_rattler_reads(&env(&sandbox));
    let first = tree_of(&env(&sandbox));

    server.shutdown();
    fs::remove_dir_all(env(&sandbox)).unwrap();
    fs::remove_dir_all(sandbox.trees()).unwrap();
    let report = json(&sandbox.larder(&["create", "-p", "env", "--json"]).success());
    assert_eq!(
        (&report["solve"], &report["fetched"]),
        (&"lock".into(), &0.into())
    );
    let again = tree_of(&env(&sandbox));
    let history = |line: &&String| !line.contains("conda-meta/history");
    let (first, again): (Vec<_>, Vec<_>) = (
        first.iter().filter(history).collect(),
        again.iter().filter(history).collect(),
    );
    // Bytecode that Python wrote while it was tried is not larder's.
    let first: Vec<_> = first
        .into_iter()
        .filter(|line| !line.contains("__pycache__"))
        .collect();
    assert_eq!(again, first, "same files, same bytes");
    it_is_the_same_without_trees(&sandbox);
}

/// Straight from the archives: the same files, modes and records, but for how the files arrived.
fn it_is_the_same_without_trees(sandbox: &Sandbox) {
    let of_this_run = |line: &String| !line.contains("conda-meta/history:");
    let mut from_trees = environment_of(&env(sandbox));
    from_trees.retain(of_this_run);
    fs::remove_dir_all(env(sandbox)).unwrap();
    fs::remove_dir_all(sandbox.trees()).unwrap();
    sandbox
        .larder(&["create", "-p", "env", "--ephemeral"])
        .success();
    let mut from_archives = environment_of(&env(sandbox));
    from_archives.retain(of_this_run);
    assert!(!sandbox.trees().exists());
    let differ = from_trees.iter().zip(&from_archives).find(|(a, b)| a != b);
    assert_eq!(differ, None);
    assert_eq!(from_trees.len(), from_archives.len());
}

fn it_imports_and_runs(sandbox: &Sandbox) {
    let python = |code: &str| {
        sandbox
            .larder(&["run", "-p", "env", "--", "python", "-c", code])
            .success()
            .stdout
    };
    assert_eq!(
        python("import numpy, pandas, sklearn, matplotlib, jupyterlab; print('imported')").trim(),
        "imported"
    );
    let prefix = env(sandbox);
    let conf = fs::read_to_string(prefix.join("share/demo.conf")).unwrap();
    assert!(conf.contains(prefix.to_str().unwrap()), "{conf}");
    let variables = python("import os; print(os.environ['DEMO_HOME'], os.environ['LARDER_SAYS'])");
    assert!(
        variables.trim().ends_with("hello") && variables.len() > "hello\n".len() + 1,
        "{variables}"
    );
    for (script, version) in [
        ("jupyter-lab", "--version"),
        ("pip", "--version"),
        ("f2py", "-v"),
    ] {
        let run = sandbox
            .larder(&["run", "-p", "env", "--", script, version])
            .success();
        assert!(!run.stdout.trim().is_empty(), "{script}");
    }
}

fn records_are_what_rattler_reads(prefix: &Path) {
    let records = PrefixRecord::collect_from_prefix::<PrefixRecord>(prefix).unwrap();
    assert_eq!(records.len(), 110);
    let python = records
        .iter()
        .find(|record| record.name().as_normalized() == "python")
        .unwrap();
    assert_eq!(python.requested_specs, ["python=3.11"]);
    for record in &records {
        assert_eq!(
            record.files.len(),
            record.paths_data.paths.len(),
            "{:?}",
            record.name()
        );
        for path in &record.files {
            assert!(
                prefix.join(path).symlink_metadata().is_ok(),
                "{}",
                path.display()
            );
        }
    }
}
