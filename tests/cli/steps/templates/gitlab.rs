//! GitLab: the job's variables, its cache by `key:files` and `fallback_keys` (exact names), one shell for
//! `before_script` and `script`, the dotenv report.

use std::fs;

use larder_testkit::{Run, Sandbox};
use serde_json::Value;

use super::{Machine, lock_anew, locked, tar};
use crate::steps::yaml::yaml;

fn texts(value: &Value) -> Vec<&str> {
    let list = value.as_array().unwrap();
    list.iter().map(|text| text.as_str().unwrap()).collect()
}

/// A job that extends a hidden one, on a runner that is new.
fn job(sandbox: &Sandbox, name: &str, job: (&str, &str)) -> (Machine, Run) {
    job_with(sandbox, name, job, &[])
}

/// The same with variables of the job's own.
fn job_with(
    sandbox: &Sandbox,
    name: &str,
    (hidden, script): (&str, &str),
    variables: &[(&str, &str)],
) -> (Machine, Run) {
    let file = yaml("ci/templates/gitlab.yml");
    let base = &file[".larder"];
    let job = &file[hidden];
    let machine = Machine::new(sandbox, name);
    let project = machine.sources.display().to_string();
    let mut machine = machine
        .with("GITLAB_CI", "true")
        .with("CI", "true")
        .with("CI_JOB_ID", name)
        .with("CI_PROJECT_DIR", &project);
    for (name, value) in base["variables"].as_object().unwrap() {
        let value = value.as_str().unwrap().replace("$CI_PROJECT_DIR", &project);
        machine = machine.with(name, &value);
    }
    for (name, value) in variables {
        machine = machine.with(name, value);
    }
    for left in [".larder-store", ".larder-env", "larder.env"] {
        let path = machine.sources.join(left);
        let _ = fs::remove_dir_all(&path);
        let _ = fs::remove_file(&path);
    }
    let cache = job.get("cache").unwrap_or(&base["cache"])[0].clone();
    let paths = texts(&cache["paths"]);
    let entries = sandbox.path("gitlab-cache");
    fs::create_dir_all(&entries).unwrap();
    let key = match &cache["key"] {
        Value::String(key) => key.clone(),
        key => {
            let (prefix, files) = (
                key["prefix"].as_str().unwrap(),
                texts(&key["files"]).join(" "),
            );
            let script = format!("larder cache key --style gitlab {prefix} --key-files {files}");
            machine.script(&script).success().stdout.trim().to_owned()
        }
    };
    let mut keys = vec![key.clone()];
    keys.extend(
        cache["fallback_keys"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|key| key.as_str().unwrap().to_owned()),
    );
    if let Some(found) = keys
        .iter()
        .map(|key| entries.join(key))
        .find(|file| file.exists())
    {
        tar(&["-xf", &found.display().to_string(), "-C", &project]);
    }
    let mut lines = texts(&base["before_script"]);
    lines.extend(job.get("script").map(texts).unwrap_or_default());
    lines.push(script);
    machine.script("git init -q . && git add -A").success();
    let before = machine
        .script("git ls-files -o --exclude-standard")
        .success();
    let run = machine.script(&lines.join("\n")).success();
    let after = machine
        .script("git ls-files -o --exclude-standard")
        .success();
    assert_eq!(
        after.stdout.replace("machine/", "").contains(".larder"),
        before.stdout.contains(".larder"),
        "the job leaves files that are not the project's: {}",
        after.stdout
    );
    assert!(!after.stdout.contains("larder.env"), "{}", after.stdout);
    assert_eq!(cache["when"], "on_success");
    let file = entries.join(key).display().to_string();
    tar(&[&["-cf", &file, "-C", &project][..], &paths].concat());
    (machine, run)
}

#[test]
fn the_template_misses_hits_and_falls_back() {
    let sandbox = locked();
    let (_, miss) = job(&sandbox, "1", (".larder", "app"));
    assert!(miss.stderr.contains("reused 0"), "{}", miss.stderr);
    let (machine, hit) = job(&sandbox, "2", (".larder", "app; echo $CONDA_PREFIX"));
    assert!(
        hit.stderr.contains("reused 2, nothing fetched"),
        "{}",
        hit.stderr
    );
    let environment = machine.sources.join(".larder-env").display().to_string();
    assert_eq!(hit.stdout, format!("{environment}\n{environment}\n"));
    let report = fs::read_to_string(machine.sources.join("larder.env")).unwrap();
    assert!(report.contains("LARDER_SOLVE=false\n"), "{report}");
    assert!(report.contains("LARDER_BYTES_FETCHED=0\n"), "{report}");
    job(&sandbox, "3", (".larder-fallback", "true"));
    lock_anew(&sandbox);
    let (_, fallback) = job(&sandbox, "4", (".larder", "true"));
    assert!(
        fallback.stderr.contains("reused 1, nothing fetched"),
        "{}",
        fallback.stderr
    );
}

/// Without a lock the key is that of the manifest, and the variables reach `larder create`.
#[test]
fn the_template_needs_no_lock_and_takes_arguments() {
    let sandbox = crate::support::app_and_lib();
    let (_, miss) = job(&sandbox, "1", (".larder", "app"));
    assert!(miss.stderr.contains("solved"), "{}", miss.stderr);
    let (_, hit) = job(&sandbox, "2", (".larder", "app"));
    assert!(hit.stderr.contains("nothing fetched"), "{}", hit.stderr);
    let entries = || fs::read_dir(sandbox.path("gitlab-cache")).unwrap().count();
    assert_eq!(entries(), 1);
    sandbox.write(
        "environment.yml",
        "name: work\nchannels: [./channel]\ndependencies: [lib]\n",
    );
    job(
        &sandbox,
        "3",
        (".larder", "test ! -e $CONDA_PREFIX/bin/app"),
    );
    assert_eq!(entries(), 2, "an entry of its own");
    let variables = [("LARDER_ARGUMENTS", "-- --copy app")];
    job_with(&sandbox, "4", (".larder", "app"), &variables);
}
