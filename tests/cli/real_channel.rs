//! The 110-package environment of the shared channel: made, used, made again without a server.

use std::{fs, path::Path};

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
use larder_testkit::tree_of;
use larder_testkit::{Sandbox, Server, environment_of};
use rattler_conda_types::PrefixRecord;

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
use crate::support::json;
use crate::support::{env, sandbox, shared};

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
    let first = tree_of(&env(&sandbox));
    it_imports_and_runs(&sandbox);
    bytecode_is_used(&sandbox);
    records_are_what_rattler_reads(&env(&sandbox));

    server.shutdown();
    fs::remove_dir_all(env(&sandbox)).unwrap();
    fs::remove_dir_all(sandbox.trees()).unwrap();
    let report = json(&sandbox.larder(&["create", "-p", "env", "--json"]).success());
    assert_eq!(
        (&report["solve"], &report["fetched"]),
        (&"lock".into(), &0.into())
    );
    let again = tree_of(&env(&sandbox));
    // These two tell of the run.
    let of_the_run = ["conda-meta/history ", "conda-meta/larder "];
    let differ: Vec<_> = first
        .iter()
        .filter(|line| !again.contains(line))
        .chain(again.iter().filter(|line| !first.contains(line)))
        .filter(|line| !of_the_run.iter().any(|file| line.contains(file)))
        .collect();
    assert_eq!(differ, [""; 0], "same files, same bytes");
    it_is_the_same_without_trees(&sandbox);
}

/// Straight from the archives: the same files, modes and records, but for how the files arrived.
fn it_is_the_same_without_trees(sandbox: &Sandbox) {
    let of_the_run = ["conda-meta/history:", "conda-meta/larder:"];
    let of_this_run = |line: &String| !of_the_run.iter().any(|file| line.contains(file));
    let mut from_trees = environment_of(&env(sandbox));
    from_trees.retain(of_this_run);
    fs::remove_dir_all(env(sandbox)).unwrap();
    fs::remove_dir_all(sandbox.trees()).unwrap();
    sandbox
        .larder(&["create", "-p", "env", "--ephemeral", "--compile-bytecode"])
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

/// The modules of noarch packages come from bytecode, and their first import writes none.
fn bytecode_is_used(sandbox: &Sandbox) {
    let site = env(sandbox).join("lib/python3.11/site-packages");
    let directories = ["IPython/core/__pycache__", "jupyterlab/__pycache__"];
    let count = || directories.map(|path| fs::read_dir(site.join(path)).unwrap().count());
    let before = count();
    let code = "import jupyterlab, IPython.core.interactiveshell";
    let run = sandbox
        .larder(&["run", "-p", "env", "--", "python", "-v", "-c", code])
        .success();
    let used = run
        .stderr
        .lines()
        .filter(|line| line.contains(".cpython-311.pyc matches"));
    assert!(
        used.clone()
            .any(|line| line.contains("jupyterlab/__pycache__"))
            && used
                .clone()
                .any(|line| line.contains("IPython/core/__pycache__")),
        "{}",
        run.stderr
    );
    assert_eq!(count(), before);
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
