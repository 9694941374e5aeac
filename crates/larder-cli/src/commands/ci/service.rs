//! What the services differ in: where a step may leave things, how later steps learn of outputs, what a
//! summary is.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
};

use crate::{
    args::{CiJobArgs, CiService},
    environment::Environment,
    failure::Failure,
    output::{self, AzureCommand, CommandStream, github_assignment},
};

/// The service that runs this job.
pub(super) fn of(args: &CiJobArgs, environment: &Environment) -> CiService {
    let is = |name: &str| environment.flag(name);
    args.service.unwrap_or_else(|| {
        if is("GITHUB_ACTIONS") {
            CiService::Github
        } else if is("TF_BUILD") {
            CiService::Azure
        } else if is("GITLAB_CI") {
            CiService::Gitlab
        } else {
            CiService::None
        }
    })
}

/// A directory of this job, which the service removes with the job; where it has none, one below the cache's.
pub(super) fn directory(service: CiService, environment: &Environment) -> Result<PathBuf, Failure> {
    let temporary = match service {
        CiService::Github => environment.path("RUNNER_TEMP"),
        CiService::Azure => environment.path("AGENT_TEMPDIRECTORY"),
        CiService::Gitlab | CiService::None => None,
    };
    let job = || {
        environment
            .text("CI_JOB_ID")
            .unwrap_or_else(|| "job".to_owned())
    };
    let own = || Some(environment.job_directory()?.join(job()));
    let directory = temporary.map(|path| path.join("larder")).or_else(own);
    let directory = directory.ok_or_else(|| {
        let text = "there is no place for what a job keeps: neither the service's temporary directory nor HOME is set";
        Failure::refused("usage::no-home", text)
    })?;
    Ok(environment.working_directory.join(directory))
}

/// Tells later steps the outputs. What reads standard output gets it there, unless that is a document's.
pub(super) fn tell_outputs(
    service: CiService,
    outputs: &[(&'static str, String)],
    (is_document, environment): (bool, &Environment),
) -> Result<(), Failure> {
    match service {
        CiService::Github => match environment.path("GITHUB_OUTPUT") {
            Some(file) => append(&file, &github_lines(outputs)),
            None => Ok(()),
        },
        CiService::Azure => {
            for (name, value) in outputs {
                let name = variable(name);
                let command =
                    AzureCommand::new("task.setvariable", &[("variable", name.as_str())], value);
                print_command(&command, is_document);
            }
            Ok(())
        }
        CiService::Gitlab | CiService::None => Ok(()),
    }
}

/// Prints a line that the agent reads.
pub(super) fn print_command(command: &AzureCommand, is_document: bool) {
    output::ci_commands(command.as_line(), command_stream(is_document));
}

/// stdout, unless that is a document's.
pub(super) fn command_stream(is_document: bool) -> CommandStream {
    match is_document {
        true => CommandStream::Stderr,
        false => CommandStream::Stdout,
    }
}

/// The outputs for a dotenv file. A value of several lines has no words there.
pub(super) fn dotenv(outputs: &[(&'static str, String)]) -> String {
    outputs
        .iter()
        .filter_map(|(name, value)| output::dotenv_line(&variable(name), value))
        .collect()
}

fn github_lines(outputs: &[(&'static str, String)]) -> String {
    outputs
        .iter()
        .map(|(name, value)| github_assignment(name, value))
        .collect()
}

/// `cache-hit` as a variable: `LARDER_CACHE_HIT`.
fn variable(name: &str) -> String {
    format!("LARDER_{}", name.to_uppercase().replace('-', "_"))
}

/// Where the summary goes: named, GitHub's file, or a page that Azure shows.
pub(super) fn summary_file(
    service: CiService,
    named: Option<&PathBuf>,
    (directory, environment): (&Path, &Environment),
) -> Option<PathBuf> {
    let of_service = || match service {
        CiService::Github => environment.path("GITHUB_STEP_SUMMARY"),
        CiService::Azure => Some(directory.join("larder.md")),
        CiService::Gitlab | CiService::None => None,
    };
    let named = named.cloned().or_else(of_service)?;
    Some(environment.working_directory.join(named))
}

/// Appends to a file of the service or the user.
pub(super) fn append(path: &Path, text: &str) -> Result<(), Failure> {
    let file = OpenOptions::new().append(true).create(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| unwritable(path, &error))
}

/// Writes a file of our own, with its directory.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent)
        .and_then(|()| fs::write(path, text))
        .map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    let text = format!("cannot write to `{}`: {error}", path.display());
    Failure::world("ci::write", text)
}
