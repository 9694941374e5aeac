//! `larder init`.

use std::process::ExitCode;

use larder::{InitChange, InitOptions, InitReport, activation::ShellKind, init as initialize};

use crate::{
    args::{GlobalArgs, InitArgs},
    environment::Environment,
    failure::Failure,
    output,
};

use super::shell::{shell, shells_on_path, this_program};

pub(super) fn init(
    args: &InitArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let home = environment.home().ok_or_else(|| {
        Failure::refused("usage::no-home", "HOME is not set: whose files are meant?")
    })?;
    let options = InitOptions {
        shells: shells(args, environment)?,
        reverse: args.reverse,
        dry_run: args.dry_run,
        larder: this_program()?,
        home,
        config: environment.path("XDG_CONFIG_HOME"),
        zsh: environment.path("ZDOTDIR"),
    };
    let report = initialize(&options).map_err(|error| Failure::new(&error))?;
    if global.json {
        let mut document = serde_json::json!({"success": true});
        document["dry_run"] = report.dry_run.into();
        document["files"] = serde_json::json!(report.files);
        output::json(&document);
    } else {
        print(&report, global);
    }
    Ok(ExitCode::SUCCESS)
}

fn shells(args: &InitArgs, environment: &Environment) -> Result<Vec<ShellKind>, Failure> {
    if args.all {
        return Ok(if args.reverse {
            let has_file = |shell: &ShellKind| ![ShellKind::Cmd, ShellKind::Tcsh].contains(shell);
            ShellKind::ALL.into_iter().filter(has_file).collect()
        } else {
            shells_on_path(environment)
        });
    }
    if args.shells.is_empty() {
        return Ok(vec![shell(None, environment)?]);
    }
    Ok(args.shells.iter().map(|name| (*name).into()).collect())
}

fn print(report: &InitReport, global: &GlobalArgs) {
    for file in &report.files {
        let did = match (file.change, report.dry_run) {
            (InitChange::Created, false) => "made",
            (InitChange::Created, true) => "would make",
            (InitChange::Written, false) => "wrote to",
            (InitChange::Written, true) => "would write to",
            (InitChange::Reversed, false) => "took the block out of",
            (InitChange::Reversed, true) => "would take the block out of",
            (InitChange::Removed, false) => "removed",
            (InitChange::Removed, true) => "would remove",
            (InitChange::Unchanged, _) => "nothing to do in",
        };
        output::line(format!("{}: {did} {}", file.shell, file.path.display()));
    }
    let is_new = |change| matches!(change, InitChange::Created | InitChange::Written);
    let has_new = report.files.iter().any(|file| is_new(file.change));
    if has_new && !report.dry_run && !global.quiet {
        output::tell("start a new shell, then: larder activate NAME");
    }
}
