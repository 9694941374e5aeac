//! How a pipeline learns the result: GitHub's output file, Azure's logging command, GitLab's dotenv.

use std::{fs::File, io::Write as _, path::Path};

use larder::cache::{Hit, RestoreReport, Style};

use crate::{
    args::{CacheRestoreArgs, GlobalArgs},
    environment::Environment,
    failure::Failure,
    output::{self, AzureCommand, CommandStream, github_assignment},
};

use super::inputs::style;

/// Tells every service that was asked for, or whose variables are set.
pub(super) fn tell_services(
    args: &CacheRestoreArgs,
    report: &RestoreReport,
    (global, environment): (&GlobalArgs, &Environment),
) -> Result<(), Failure> {
    let matched = report.matched_key.as_deref().unwrap_or_default();
    if let Some(path) = environment.path("GITHUB_OUTPUT") {
        append(&path, &github(args, report, matched))?;
    }
    if let Some(path) = &args.dotenv {
        let hit = report.hit.as_str();
        let path = environment.working_directory.join(path);
        let lines = [
            ("LARDER_CACHE_HIT", hit),
            ("LARDER_CACHE_MATCHED_KEY", matched),
        ];
        let lines = lines.map(|(name, value)| output::dotenv_line(name, value).unwrap_or_default());
        append(&path, &lines.concat())?;
    }
    if let Some(name) = &args.cache_hit_var {
        let properties = [("variable", name.as_str()), ("issecret", "False")];
        let command = AzureCommand::new("task.setvariable", &properties, report.hit.as_str());
        let stream = match global.json {
            true => CommandStream::Stderr,
            false => CommandStream::Stdout,
        };
        output::ci_commands(command.as_line(), stream);
    }
    Ok(())
}

/// With GitHub's style `cache-hit` is what actions/cache says: `false` for a restore key, nothing for a miss.
fn github(args: &CacheRestoreArgs, report: &RestoreReport, matched: &str) -> String {
    let hit = match (style(&args.options), report.hit) {
        (Style::Github, Hit::False) => "",
        (Style::Github, Hit::Inexact) => "false",
        (_, hit) => hit.as_str(),
    };
    let mut text = String::new();
    if !hit.is_empty() {
        text += &github_assignment("cache-hit", hit);
    }
    if report.hit != Hit::False {
        text += &github_assignment("cache-matched-key", matched);
    }
    text += &github_assignment("cache-primary-key", &report.key);
    text += &github_assignment("cache-result", report.hit.as_str());
    text
}

fn append(path: &Path, text: &str) -> Result<(), Failure> {
    let file = File::options().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| {
            Failure::refused(
                "cache::output",
                format!("cannot write the result to `{}`: {error}", path.display()),
            )
            .with_exit_code(larder::Kind::World.exit_code())
        })
}
