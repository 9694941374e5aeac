//! `larder env remove`.

use std::{
    io::{self, IsTerminal as _},
    path::Path,
    process::ExitCode,
};

use larder::{RemoveOptions, RemoveReport, existing_prefix, remove as remove_environment};

use crate::{
    args::{EnvRemoveArgs, GlobalArgs},
    commands::{
        context::{command_line, settings, target},
        create::tell_notes,
        frame::{performed, summed_up},
    },
    environment::Environment,
    failure::Failure,
    output,
};

pub(super) fn remove(
    args: &EnvRemoveArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    if args.target.name.is_none() && args.target.prefix.is_none() {
        let text = "no environment named: give `-n NAME` or `-p DIR`";
        return Err(Failure::refused("target::unnamed", text));
    }
    tell_notes(&args.solver.notes(), global);
    let settings = settings(global, environment)?;
    let prefix =
        existing_prefix(&target(&args.target), &settings).map_err(|error| Failure::new(&error))?;
    let mut options = RemoveOptions {
        prefix,
        override_frozen: args.override_frozen,
        dry_run: true,
        command_line: command_line(),
    };
    let run = |options: &RemoveOptions| {
        performed(global, |reporter| {
            remove_environment(options, &settings, reporter)
        })
    };
    let mut report = run(&options)?;
    if !args.dry_run {
        confirm(&options.prefix, &contents(&report), args.yes)?;
        options.dry_run = false;
        report = run(&options)?;
    }
    summed_up(&report, global, |report| {
        let what = match report.dry_run {
            true => "would remove",
            false => "removed",
        };
        let prefix = report.prefix.display();
        output::tell(format!("{what} {prefix} with {}", contents(report)));
    });
    Ok(ExitCode::SUCCESS)
}

/// `2 packages and 1 file that no package owns`.
fn contents(report: &RemoveReport) -> String {
    let packages = output::count(report.actions.unlink.len(), "package");
    match report.extra.len() {
        0 => packages,
        files => format!(
            "{packages} and {} that no package owns",
            output::count(files, "file")
        ),
    }
}

/// Asks whoever sits at the terminal; where nobody does, `--yes` has to say it.
fn confirm(prefix: &Path, contents: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() || !output::is_watched() {
        let text = format!(
            "nobody can be asked whether `{}` may go, with {contents}: give --yes",
            prefix.display()
        );
        return Err(Failure::refused("remove::unconfirmed", text));
    }
    output::tell(format!(
        "remove {} with {contents}? [y/N]",
        prefix.display()
    ));
    let mut answer = String::new();
    match io::stdin().read_line(&mut answer) {
        Ok(_) if ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) => Ok(()),
        _ => Err(Failure::refused(
            "remove::unconfirmed",
            "nothing was removed",
        )),
    }
}
