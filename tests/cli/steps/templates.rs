//! The templates for Azure Pipelines, GitLab, Docker and other services: their own lines, run as the service would,
//! with its cache as it keeps it; a miss, then a hit on another machine.

mod azure;
mod docker;
mod generic;
mod gitlab;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use larder_testkit::{Run, Sandbox};

use crate::support::app_and_lib;

/// A machine with larder on its PATH, and nothing else of ours.
struct Machine {
    directory: PathBuf,
    /// Where the sources are.
    sources: PathBuf,
    variables: BTreeMap<String, String>,
}

impl Machine {
    fn new(sandbox: &Sandbox, name: &str) -> Self {
        let directory = sandbox.path("machine");
        let _ = fs::remove_dir_all(&directory);
        for name in ["home", "temp"] {
            fs::create_dir_all(directory.join(name)).unwrap();
        }
        let bin = Path::new(env!("CARGO_BIN_EXE_larder")).parent().unwrap();
        let machine = Self {
            sources: sandbox.work().to_owned(),
            variables: BTreeMap::new(),
            directory: directory.clone(),
        };
        machine
            .with("PATH", &format!("{}:/usr/bin:/bin", bin.display()))
            .with("HOME", &directory.join("home").display().to_string())
            .with(
                "LARDER_SYSTEM_CONFIG",
                &directory.join("etc").display().to_string(),
            )
            .with("LARDER_DURABLE", "false")
            .with("LANG", "C.UTF-8")
            .with("MACHINE", name)
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    fn path(&self, name: &str) -> String {
        self.directory.join(name).display().to_string()
    }

    /// Runs a script as services do.
    fn script(&self, text: &str) -> Run {
        let mut command = Command::new("/bin/bash");
        command
            .args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", text])
            .current_dir(&self.sources)
            .env_clear()
            .envs(&self.variables);
        Run::of(&mut command)
    }
}

/// Packages, a manifest and its lock.
fn locked() -> Sandbox {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock"]).success();
    sandbox
}

/// Another lock: one package more.
fn lock_anew(sandbox: &Sandbox) {
    sandbox.write(
        "environment.yml",
        "name: work\nchannels: [./channel]\ndependencies: [lib]\n",
    );
    sandbox.larder(&["lock"]).success();
}

/// Packs a directory as the services' agents do.
fn tar(arguments: &[&str]) {
    let status = Command::new("tar").args(arguments).status().unwrap();
    assert!(status.success(), "tar {arguments:?}");
}
