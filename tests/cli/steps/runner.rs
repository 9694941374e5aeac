//! A runner of GitHub Actions, as far as an action sees it: files for environment, path, outputs, state and
//! summary, a temporary directory, inputs with their defaults, and a home that is new for each job.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use larder_testkit::{Run, Sandbox};

use super::yaml::{repository, yaml};

/// The program that runs actions, if this machine has it.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
pub(super) fn node() -> Option<PathBuf> {
    let asked = Command::new("/bin/sh")
        .args(["-c", "command -v node"])
        .output();
    let found = String::from_utf8(asked.unwrap().stdout).unwrap();
    let found = Some(PathBuf::from(found.trim())).filter(|file| file.is_file());
    if found.is_none() {
        eprintln!("skipped: node is not here");
    }
    found
}

/// One job on a machine of its own.
pub(super) struct Job<'a> {
    pub(super) sandbox: &'a Sandbox,
    /// Where this machine's home, temporary directory and the runner's files are.
    pub(super) machine: PathBuf,
    pub(super) variables: BTreeMap<String, String>,
}

impl<'a> Job<'a> {
    /// A job for a push to main.
    pub(super) fn new(sandbox: &'a Sandbox, machine: &str) -> Self {
        let directory = sandbox.path(&format!("machines/{machine}"));
        for name in ["home", "temp", "tools"] {
            fs::create_dir_all(directory.join(name)).unwrap();
        }
        let file = |name: &str| directory.join(name).display().to_string();
        let mut variables = BTreeMap::from(
            [
                ("CI", "true"),
                ("GITHUB_ACTIONS", "true"),
                ("GITHUB_EVENT_NAME", "push"),
                ("GITHUB_REF", "refs/heads/main"),
                ("GITHUB_REPOSITORY", "o/r"),
                ("RUNNER_OS", "Linux"),
                ("RUNNER_ARCH", "X64"),
                ("LANG", "C.UTF-8"),
                ("LARDER_DURABLE", "false"),
                ("PATH", "/usr/bin:/bin"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        for (name, value) in [
            ("GITHUB_ENV", "env"),
            ("GITHUB_PATH", "path"),
            ("GITHUB_OUTPUT", "output"),
            ("GITHUB_STATE", "state"),
            ("GITHUB_STEP_SUMMARY", "summary"),
            ("HOME", "home"),
            ("RUNNER_TEMP", "temp"),
            ("RUNNER_TOOL_CACHE", "tools"),
            ("LARDER_SYSTEM_CONFIG", "etc"),
        ] {
            variables.insert(name.to_owned(), file(value));
        }
        let workspace = sandbox.work().display().to_string();
        variables.insert("GITHUB_WORKSPACE".into(), workspace);
        Self {
            sandbox,
            machine: directory,
            variables,
        }
    }

    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The inputs of the action: those that are given, and the defaults of the others.
    pub(super) fn inputs(mut self, given: &[(&str, &str)]) -> Self {
        let action = yaml("action.yml");
        for (name, input) in action["inputs"].as_object().unwrap() {
            let default = input["default"].as_str().unwrap_or_default();
            // The runner evaluates it, for each step again.
            let default = default.replace("${{ job.status }}", "success");
            assert!(!default.contains("${{"), "{name}: {default}");
            self = self.with(&format!("INPUT_{}", name.to_uppercase()), &default);
        }
        for (name, value) in given {
            assert!(action["inputs"].get(name).is_some(), "no input {name}");
            self = self.with(&format!("INPUT_{}", name.to_uppercase()), value);
        }
        self
    }

    /// Runs a program as a step.
    pub(super) fn step(&self, program: &Path, arguments: &[&str]) -> Run {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.sandbox.work())
            .env_clear()
            .envs(&self.variables);
        Run::of(&mut command)
    }

    /// Runs a script of the action, `main` or `post`.
    pub(super) fn action(&self, node: &Path, which: &str) -> Run {
        let file = yaml("action.yml")["runs"][which]
            .as_str()
            .unwrap()
            .to_owned();
        let file = repository(&file).display().to_string();
        self.step(node, &[&file])
    }

    /// A later step of the same job, on the same machine: it sees what earlier ones left for it, and has outputs
    /// and a state of its own.
    pub(super) fn next_step(&self, name: &str, given: &[(&str, &str)]) -> Self {
        let earlier = Self {
            sandbox: self.sandbox,
            machine: self.machine.clone(),
            variables: self.variables.clone(),
        };
        let mut next = earlier.after();
        next.variables
            .retain(|variable, _| !variable.starts_with("STATE_"));
        for (variable, file) in [("GITHUB_STATE", "state"), ("GITHUB_OUTPUT", "output")] {
            let file = next.machine.join(format!("{file}-{name}"));
            next = next.with(variable, &file.display().to_string());
        }
        next.inputs(given)
    }

    /// The same job after a step: what it left for later steps is there.
    pub(super) fn after(mut self) -> Self {
        for (name, value) in pairs(&self.file("env")) {
            self.variables.insert(name, value);
        }
        for (name, value) in pairs(&self.own_file("GITHUB_STATE")) {
            self.variables.insert(format!("STATE_{name}"), value);
        }
        let mut path = self.variables["PATH"].clone();
        for directory in self.file("path").lines() {
            path = format!("{directory}:{path}");
        }
        self.with("PATH", &path)
    }

    pub(super) fn file(&self, name: &str) -> String {
        fs::read_to_string(self.machine.join(name)).unwrap_or_default()
    }

    /// A file that the runner gives this step.
    fn own_file(&self, variable: &str) -> String {
        fs::read_to_string(&self.variables[variable]).unwrap_or_default()
    }

    pub(super) fn outputs(&self) -> BTreeMap<String, String> {
        pairs(&self.own_file("GITHUB_OUTPUT")).into_iter().collect()
    }
}

/// `name=value` and `name<<END`, as the runner reads them.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some((name, end)) = line
            .split_once("<<")
            .filter(|(name, _)| !name.contains('='))
        {
            let value: Vec<_> = lines.by_ref().take_while(|line| *line != end).collect();
            pairs.push((name.to_owned(), value.join("\n")));
        } else if let Some((name, value)) = line.split_once('=') {
            pairs.push((name.to_owned(), value.to_owned()));
        }
    }
    pairs
}
