//! How a pipeline learns the result: GitHub's output file, Azure's logging command, GitLab's dotenv.

use std::{fs::File, io::Write as _, path::Path};

use larder::cache::{Hit, RestoreReport, Style};

use crate::{
    args::{CacheRestoreArgs, GlobalArgs},
    environment::Environment,
    failure::Failure,
    output,
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
        append(
            &path,
            &format!("LARDER_CACHE_HIT={hit}\nLARDER_CACHE_MATCHED_KEY={matched}\n"),
        )?;
    }
    if let Some(name) = &args.cache_hit_var {
        let command = format!(
            "##vso[task.setvariable variable={};issecret=False;]{}",
            escaped(name),
            report.hit.as_str()
        );
        // The agent reads both; stdout belongs to the JSON document.
        if global.json {
            output::tell(command);
        } else {
            output::line(command);
        }
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
        text += &format!("cache-hit={hit}\n");
    }
    if report.hit != Hit::False {
        text += &format!("cache-matched-key={matched}\n");
    }
    text += &format!("cache-primary-key={}\n", report.key);
    text += &format!("cache-result={}\n", report.hit.as_str());
    text
}

/// Azure's escapes in the name of a property.
fn escaped(text: &str) -> String {
    text.replace('%', "%AZP25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
        .replace(']', "%5D")
        .replace(';', "%3B")
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
