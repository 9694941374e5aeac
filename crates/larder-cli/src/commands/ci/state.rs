//! What `setup` leaves for `finish`: a file, whose place GitHub's runner hands on.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{
    args::{CiJobArgs, CiService},
    environment::Environment,
    failure::Failure,
    output::github_assignment,
};

use super::{keep::Left, service};

/// The name by which GitHub's runner hands the file's place on.
const NAME: &str = "larder-state";
/// What it is called where nothing hands it on.
const FILE: &str = "state.json";

/// What `finish` has to know.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct State {
    /// What is to be saved or shared; none if all of it is there.
    pub(super) left: Option<Left>,
    /// What is to be removed.
    pub(super) remove: Vec<PathBuf>,
    /// The environment, if it is to be removed.
    pub(super) environment: Option<PathBuf>,
}

impl State {
    /// Where it is written. A job may have several environments, each with a state in the job's directory; where the
    /// service has no directory for a job, one of an earlier job would be taken for this one's.
    pub(super) fn new_file(
        args: &CiJobArgs,
        (service, directory): (CiService, &Path),
        environment: &Environment,
    ) -> PathBuf {
        let ours = || match service {
            CiService::None => directory.join(FILE),
            _ => directory.join(format!("state-{}.json", std::process::id())),
        };
        let file = args.state.clone().unwrap_or_else(ours);
        environment.working_directory.join(file)
    }

    /// Where it is to be found: the file that is named or that the runner hands on, else those of every `setup` of
    /// the job.
    pub(super) fn files(
        args: &CiJobArgs,
        directory: &Path,
        environment: &Environment,
    ) -> Vec<PathBuf> {
        let named = args.state.clone();
        let handed = || environment.path(&format!("STATE_{NAME}"));
        if let Some(file) = named.or_else(handed) {
            return vec![environment.working_directory.join(file)];
        }
        let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
        let mut files: Vec<PathBuf> = entries
            .filter(|entry| entry.file_name().to_str().is_some_and(is_of_a_step))
            .map(|entry| entry.path())
            .collect();
        files.sort();
        if files.is_empty() {
            files.push(directory.join(FILE));
        }
        files
    }

    /// Notes that nothing is left, so that the post step of the action saves nothing a second time.
    pub(super) fn clear(file: &Path) -> Result<(), Failure> {
        Self::default().write(file)
    }

    /// Whether something is left to do.
    fn is_pending(&self) -> bool {
        self.left.is_some() || self.environment.is_some() || !self.remove.is_empty()
    }

    /// Another `setup` of the job whose end is still to come: what it needs lies in the same directory.
    pub(super) fn other_pending(file: &Path, directory: &Path) -> Option<(PathBuf, Self)> {
        let entries = std::fs::read_dir(directory).ok()?.flatten();
        let mut others: Vec<PathBuf> = entries
            .filter(|entry| entry.file_name().to_str().is_some_and(is_of_a_step))
            .map(|entry| entry.path())
            .filter(|other| other != file)
            .collect();
        others.sort();
        let read = |other: PathBuf| Self::read(&other).ok().map(|state| (other, state));
        let mut states = others.into_iter().filter_map(read);
        states.find(|(_, state)| state.is_pending())
    }

    pub(super) fn write(&self, file: &Path) -> Result<(), Failure> {
        service::write(file, &serde_json::to_string(self).unwrap_or_default())
    }

    /// Has the runner tell the post step of the action where the file is.
    pub(super) fn hand_on(
        file: &Path,
        (service, environment): (CiService, &Environment),
    ) -> Result<(), Failure> {
        match environment.path("GITHUB_STATE") {
            Some(state) if service == CiService::Github => service::append(
                &state,
                &github_assignment(NAME, &file.display().to_string()),
            ),
            _ => Ok(()),
        }
    }

    pub(super) fn read(file: &Path) -> Result<Self, Failure> {
        let refused = |problem: String| {
            let text = format!("cannot read `{}`: {problem}", file.display());
            Failure::refused("ci::state", text)
                .with_hint("`larder ci setup` writes it, earlier in the job; --state names another")
        };
        let text = std::fs::read(file).map_err(|error| refused(error.to_string()))?;
        serde_json::from_slice(&text).map_err(|error| refused(error.to_string()))
    }
}

/// Whether a file has the name of what a step leaves.
fn is_of_a_step(name: &str) -> bool {
    name.starts_with("state-") && name.ends_with(".json")
}
