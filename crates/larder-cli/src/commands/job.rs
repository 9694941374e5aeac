//! `larder shell-hook --github-env`, `--azure`, `--gitlab-dotenv`: activation for the later steps of a job.

use std::{
    fs::OpenOptions,
    io::Write as _,
    path::{Path, PathBuf},
};

use larder::{
    ChangedVariables, GITLAB_BYTES, GITLAB_VARIABLES, Unsaid, azure_commands, github_files,
    gitlab_dotenv,
};
use serde_json::{Value, json};

use crate::{
    args::{GlobalArgs, ShellHookArgs},
    environment::Environment,
    failure::Failure,
    output::{self, CommandStream},
};

use super::shell_hook::tell_ignored;

/// Who is told.
pub(super) enum Job {
    /// The files of `GITHUB_ENV` and `GITHUB_PATH`.
    Github { env: PathBuf, path: PathBuf },
    /// Standard output.
    Azure,
    /// The dotenv file.
    Gitlab(PathBuf),
}

impl Job {
    /// The job system that the arguments name, if they do.
    pub(super) fn of(
        args: &ShellHookArgs,
        environment: &Environment,
    ) -> Result<Option<Self>, Failure> {
        let absolute = |path: PathBuf| environment.working_directory.join(path);
        if args.azure {
            return Ok(Some(Self::Azure));
        }
        if let Some(file) = &args.gitlab_dotenv {
            return Ok(Some(Self::Gitlab(absolute(file.clone()))));
        }
        match args.github_env {
            true => Self::github(environment).map(Some),
            false => Ok(None),
        }
    }

    /// The files of GitHub's runner.
    pub(super) fn github(environment: &Environment) -> Result<Self, Failure> {
        let absolute = |path: PathBuf| environment.working_directory.join(path);
        let file = |name: &str| {
            environment.path(name).map(absolute).ok_or_else(|| {
                let text = format!("`{name}` is not set: this is no step of GitHub Actions");
                Failure::refused("shell-hook::github", text)
            })
        };
        Ok(Self::Github {
            env: file("GITHUB_ENV")?,
            path: file("GITHUB_PATH")?,
        })
    }
}

/// Says the variables, and what could not be said.
pub(super) fn tell_job(
    job: &Job,
    variables: &ChangedVariables,
    global: &GlobalArgs,
) -> Result<(), Failure> {
    let unsaid = say(job, variables, CommandStream::Stdout)?;
    if matches!(job, Job::Github { .. }) {
        told(global);
    }
    if global.json && !matches!(job, Job::Azure) {
        let unsaid = unsaid
            .iter()
            .map(|unsaid| json!({"name": unsaid.name, "why": unsaid.why}));
        output::json(&json!({"success": true, "unsaid": unsaid.collect::<Vec<Value>>()}));
    }
    Ok(())
}

/// Says the variables; Azure's commands go to `stream`.
pub(super) fn say(
    job: &Job,
    variables: &ChangedVariables,
    stream: CommandStream,
) -> Result<Vec<Unsaid>, Failure> {
    tell_ignored(&variables.ignored);
    let unsaid = match job {
        Job::Github { env, path } => {
            let files = github_files(variables);
            write(env, &files.env, OpenOptions::new().append(true))?;
            write(path, &files.path, OpenOptions::new().append(true))?;
            files.unsaid
        }
        Job::Azure => {
            let (text, unsaid) = azure_commands(variables);
            output::ci_commands(&text, stream);
            unsaid
        }
        Job::Gitlab(file) => {
            let (text, unsaid) = gitlab_dotenv(variables);
            write(file, &text, OpenOptions::new().write(true).truncate(true))?;
            limits(&text);
            unsaid
        }
    };
    for Unsaid { name, why } in &unsaid {
        output::tell(format!(
            "warning: `{}` does not reach later steps: {why}",
            name.escape_debug()
        ));
    }
    Ok(unsaid)
}

fn told(global: &GlobalArgs) {
    if !global.quiet && !global.json {
        output::tell("later steps have the environment");
    }
}

fn limits(text: &str) {
    let (variables, bytes) = (text.lines().count(), text.len());
    if variables > GITLAB_VARIABLES {
        output::tell(format!(
            "warning: {variables} variables; GitLab takes {GITLAB_VARIABLES} unless the limit was raised"
        ));
    }
    if bytes > GITLAB_BYTES {
        output::tell(format!(
            "warning: {bytes} bytes; GitLab takes {GITLAB_BYTES}"
        ));
    }
}

fn write(path: &Path, text: &str, how: &mut OpenOptions) -> Result<(), Failure> {
    let file = how.create(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| {
        let text = format!("cannot write to `{}`: {error}", path.display());
        Failure::world("shell-hook::write", text)
    })
}
