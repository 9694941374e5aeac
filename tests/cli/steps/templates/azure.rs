//! Azure Pipelines: Cache@2 as its agent does it (keys by `larder cache key`, which has the agent's golden
//! cases), logging commands read from standard output.

use std::{fs, path::PathBuf};

use larder_testkit::{Run, Sandbox};
use serde_json::Value;

use super::{Machine, lock_anew, locked, tar};
use crate::steps::yaml::{filled, yaml};

fn agent(sandbox: &Sandbox, name: &str) -> Machine {
    let machine = Machine::new(sandbox, name);
    let workspace = machine.path("");
    let temporary = machine.path("temp");
    let sources = machine.sources.display().to_string();
    machine
        .with("TF_BUILD", "True")
        .with("AGENT_OS", "Linux")
        .with("AGENT_TEMPDIRECTORY", &temporary)
        .with("PIPELINE_WORKSPACE", &workspace)
        .with("SYSTEM_DEFAULTWORKINGDIRECTORY", &sources)
        .with("BUILD_REASON", "IndividualCI")
        .with("BUILD_SOURCEBRANCH", "refs/heads/main")
}

/// The parameters' defaults, with those that are given in their place; then the agent's variables.
fn fill(template: &Value, text: &str, given: &[(&str, &str)], machine: &Machine) -> String {
    let mut values = given.to_vec();
    for parameter in template["parameters"].as_array().unwrap() {
        let name = parameter["name"].as_str().unwrap();
        if let Some(default) = parameter["default"].as_str() {
            values.push((name, default));
        }
    }
    let workspace = machine.path("");
    values.push(("Pipeline.Workspace", workspace.trim_end_matches('/')));
    filled(text, &values)
}

/// Runs a `bash` step and does what its commands say.
fn step(
    machine: Machine,
    template: &Value,
    step: &Value,
    given: &[(&str, &str)],
) -> (Machine, Run) {
    let mut machine = machine;
    for (name, value) in step["env"].as_object().into_iter().flatten() {
        let value = fill(template, value.as_str().unwrap(), given, &machine);
        machine = machine.with(name, &value);
    }
    let script = fill(template, step["bash"].as_str().unwrap(), given, &machine);
    let run = machine.script(&script).success();
    for name in step["env"].as_object().into_iter().flatten() {
        machine.variables.remove(name.0);
    }
    for line in run.stdout.lines() {
        let Some((command, value)) = line
            .strip_prefix("##vso[")
            .and_then(|line| line.split_once(']'))
        else {
            panic!("a line that is no command: {line}");
        };
        if let Some(name) = command.strip_prefix("task.setvariable variable=") {
            machine = machine.with(
                &name.to_uppercase().replace('.', "_"),
                &value.replace("%AZP25", "%"),
            );
        } else if command == "task.prependpath" {
            let path = format!("{value}:{}", machine.variables["PATH"]);
            machine = machine.with("PATH", &path);
        } else {
            assert_eq!(command, "task.uploadsummary");
            let page = fs::read_to_string(value).unwrap();
            assert!(page.contains("| solve | none: from the lock |"), "{page}");
        }
    }
    (machine, run)
}

/// Cache@2: an entry for each fingerprint.
struct Cache2 {
    entries: PathBuf,
    key: String,
    restore_key: String,
    path: String,
    hit_variable: String,
}

impl Cache2 {
    fn new(sandbox: &Sandbox, template: &Value, machine: &Machine) -> Self {
        let task = &template["steps"][0];
        assert_eq!(task["task"], "Cache@2");
        let inputs = &task["inputs"];
        let text = |name: &str| {
            let text = inputs[name].as_str().unwrap();
            // Variables of keys are the agent's, which `larder cache key` knows as well.
            let text = text.replace("$(Agent.OS)", "AGENT-OS");
            fill(template, &text, &[], machine).replace("AGENT-OS", "$(Agent.OS)")
        };
        let fingerprint = |key: String| {
            let script = format!("larder cache key '{key}'");
            machine.script(&script).success().stdout.trim().to_owned()
        };
        let entries = sandbox.path("cache2");
        fs::create_dir_all(&entries).unwrap();
        Self {
            entries,
            key: fingerprint(text("key")),
            restore_key: fingerprint(text("restoreKeys")),
            path: text("path"),
            hit_variable: text("cacheHitVar"),
        }
    }

    fn file(&self, key: &str) -> PathBuf {
        self.entries.join(key.replace('/', "%2f"))
    }

    /// Restores as the agent does, and says what the hit variable is.
    fn restore(&self) -> &'static str {
        let start = format!("{}|", self.restore_key).replace('/', "%2f");
        let other = || {
            let entries = fs::read_dir(&self.entries).unwrap().flatten();
            let mut found: Vec<_> = entries.map(|entry| entry.path()).collect();
            found.retain(|path| {
                path.file_name()
                    .unwrap()
                    .to_string_lossy()
                    .starts_with(&start)
            });
            found.pop()
        };
        let (file, hit) = match (self.file(&self.key), other()) {
            (file, _) if file.exists() => (file, "true"),
            (_, Some(file)) => (file, "inexact"),
            _ => return "false",
        };
        fs::create_dir_all(&self.path).unwrap();
        tar(&["-xf", &file.display().to_string(), "-C", &self.path]);
        hit
    }

    fn save(&self) {
        tar(&[
            "-cf",
            &self.file(&self.key).display().to_string(),
            "-C",
            &self.path,
            ".",
        ]);
    }
}

/// Without a lock the key is that of the manifest, and the arguments reach `larder create`.
#[test]
fn the_template_with_cache_2_needs_no_lock_and_takes_arguments() {
    let sandbox = crate::support::app_and_lib();
    let template = yaml("ci/templates/azure-cache.yml");
    let machine = agent(&sandbox, "no-lock");
    let cache = Cache2::new(&sandbox, &template, &machine);
    assert_eq!(cache.restore(), "false");
    let given = [("arguments", "-- --copy -v lib")];
    let script = template["steps"][1]["bash"].as_str().unwrap();
    let script = fill(&template, script, &given, &machine);
    let place = machine.path("larder");
    let run = machine
        .with("LARDER_STORE", &place)
        .script(&script)
        .success();
    assert!(run.stderr.contains("solved"), "{}", run.stderr);
    let without = cache.key.clone();
    sandbox.larder(&["lock"]).success();
    let machine = agent(&sandbox, "lock");
    assert_ne!(Cache2::new(&sandbox, &template, &machine).key, without);
}

#[test]
fn the_template_with_cache_2_misses_hits_and_keeps_only_what_is_needed() {
    let sandbox = locked();
    let template = yaml("ci/templates/azure-cache.yml");
    for (round, (hit, reused)) in [("false", 0), ("true", 2), ("inexact", 1)]
        .into_iter()
        .enumerate()
    {
        if hit == "inexact" {
            lock_anew(&sandbox);
        }
        let machine = agent(&sandbox, &round.to_string());
        let cache = Cache2::new(&sandbox, &template, &machine);
        assert_eq!(cache.restore(), hit);
        let machine = machine.with(&cache.hit_variable, hit);
        let (machine, run) = step(machine, &template, &template["steps"][1], &[]);
        assert!(
            run.stderr.contains(&format!("reused {reused}")),
            "{hit}: {}",
            run.stderr
        );
        assert_eq!(
            machine.variables["LARDER_CACHE_HIT"], hit,
            "the task's variable stays"
        );
        assert_eq!(machine.variables["LARDER_SOLVE"], "false");
        let later = if hit == "inexact" {
            "ls \"$CONDA_PREFIX/lib\""
        } else {
            "app"
        };
        machine.script(later).success();
        if hit != "true" {
            cache.save();
        }
        let objects = machine.script("find machine/larder/pkgs -type f | wc -l");
        let expected = if hit == "inexact" { "1" } else { "2" };
        assert_eq!(
            objects.stdout.trim(),
            expected,
            "{hit}: what nobody needs is not saved"
        );
    }
}

#[test]
fn the_template_with_a_remote_misses_saves_after_the_jobs_steps_and_hits() {
    let sandbox = locked();
    let template = yaml("ci/templates/azure-remote.yml");
    let remote = format!("file://{}", sandbox.path("remote").display());
    let given = [("remote", &remote[..])];
    let steps = template["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 3);
    let inserted = steps[1].as_object().unwrap().keys().next().unwrap();
    assert!(
        inserted.contains("each step in parameters.steps"),
        "{inserted}"
    );
    assert_eq!(steps[2]["condition"], "always()");
    for (status, hit, line) in [
        ("Failed", "false", "nothing is saved"),
        ("Succeeded", "false", "larder: shared 2 objects"),
        ("SucceededWithIssues", "true", "nothing to save"),
    ] {
        let machine = agent(&sandbox, hit);
        let (machine, _) = step(machine, &template, &steps[0], &given);
        assert_eq!(machine.variables["LARDER_CACHE_RESULT"], hit);
        machine.script("app").success();
        let machine = machine.with("AGENT_JOBSTATUS", status);
        let (_, finish) = step(machine, &template, &steps[2], &given);
        assert!(finish.stderr.contains(line), "{}", finish.stderr);
    }
}
