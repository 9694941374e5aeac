//! `larder shell-hook`, `larder activate`, `larder deactivate`.

use std::{path::PathBuf, process::ExitCode};

use larder::{
    Change, ChangedVariables, ShellHookOptions, activation::ShellKind, activation::Stacking,
    changed_variables, shell_function, shell_hook as hook,
};
use serde_json::{Value, json};

use crate::{
    args::{ActivateArgs, DeactivateArgs, GlobalArgs, ShellHookArgs, TargetArgs},
    environment::Environment,
    failure::Failure,
    output,
};

use super::{
    context::{block_on, existing_with_settings, settings},
    job::{Job, tell_job},
    shell::{quoted, shell, this_program},
};

pub(super) fn shell_hook(
    args: &ShellHookArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let job = Job::of(args, environment)?;
    let is_named = args.target.name.is_some() || args.target.prefix.is_some();
    if !is_named && job.is_none() && !global.json {
        return function(shell(args.shell, environment)?);
    }
    let options = activation(&args.target, stacking(args.stack), global, environment)?;
    match job {
        Some(job) => {
            let variables = block_on(changed_variables(&options))?;
            let variables = variables.map_err(|error| Failure::new(&error))?;
            tell_job(&job, &variables, global)?;
            Ok(ExitCode::SUCCESS)
        }
        None if global.json => variables(&options),
        None => script(&options, shell(args.shell, environment)?, global),
    }
}

/// What activating an environment changes.
pub(super) fn changed(
    target: &TargetArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ChangedVariables, Failure> {
    let options = activation(target, Stacking::Replace, global, environment)?;
    let variables = block_on(changed_variables(&options))?;
    variables.map_err(|error| Failure::new(&error))
}

pub(super) fn activate(
    args: &ActivateArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let mut target = args.target.clone();
    match &args.environment {
        Some(meant) if is_path(meant) => target.prefix = Some(expanded(meant, environment)),
        Some(meant) => target.name = Some(meant.clone()),
        None if target.name.is_none() && target.prefix.is_none() => {
            let text = "no environment named: `larder activate NAME` or `larder activate ./DIR`";
            return Err(Failure::refused("target::unnamed", text));
        }
        None => {}
    }
    let options = activation(&target, stacking(args.stack), global, environment)?;
    change(&options, args.shell.map(ShellKind::from), global)
}

pub(super) fn deactivate(
    args: &DeactivateArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let prompt = settings(global, environment)?.prompt;
    let options = options(Change::Deactivate, prompt, environment)?;
    change(&options, args.shell.map(ShellKind::from), global)
}

/// Only a shell can change its own variables.
fn change(
    options: &ShellHookOptions,
    shell: Option<ShellKind>,
    global: &GlobalArgs,
) -> Result<ExitCode, Failure> {
    match shell {
        Some(shell) => script(options, shell, global),
        None if global.json => variables(options),
        None => {
            let text =
                "a program cannot change the shell that started it, and this shell is not prepared";
            let hint = match &options.change {
                Change::Activate(prefix, _) => format!(
                    "`larder init` and a new shell, or for once: eval \"$(larder shell-hook -p {})\"",
                    quoted(prefix)
                ),
                Change::Deactivate => {
                    "`larder init` and a new shell, or for once: eval \"$(larder deactivate --shell bash)\"".into()
                }
            };
            Err(Failure::refused("activation::shell", text).with_hint(hint))
        }
    }
}

fn activation(
    target: &TargetArgs,
    stacking: Stacking,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<ShellHookOptions, Failure> {
    let (prefix, settings) = existing_with_settings(target, global, environment)?;
    options(
        Change::Activate(prefix, stacking),
        settings.prompt,
        environment,
    )
}

fn options(
    change: Change,
    prompt: larder::Prompt,
    environment: &Environment,
) -> Result<ShellHookOptions, Failure> {
    Ok(ShellHookOptions {
        change,
        subdir: larder::current_subdir().map_err(|error| Failure::new(&error))?,
        environment: environment.all().collect(),
        prompt,
    })
}

fn function(shell: ShellKind) -> Result<ExitCode, Failure> {
    let text = shell_function(shell, &this_program()?).ok_or_else(|| {
        let text = format!(
            "{} has no functions that could change its variables",
            shell.name()
        );
        Failure::refused("init::no-function", text)
            .with_hint("name an environment: `larder shell-hook -p DIR`")
    })?;
    output::shell_script(text.as_bytes());
    Ok(ExitCode::SUCCESS)
}

fn script(
    options: &ShellHookOptions,
    shell: ShellKind,
    global: &GlobalArgs,
) -> Result<ExitCode, Failure> {
    let hook = block_on(hook(options, shell))?.map_err(|error| Failure::new(&error))?;
    tell_ignored(&hook.ignored);
    for name in &hook.script.unsaid {
        output::tell(format!(
            "warning: {} has no words for `{}`: it stays as it is",
            shell.name(),
            name.escape_debug()
        ));
    }
    if global.json {
        let text = String::from_utf8_lossy(&hook.script.text);
        output::json(&json!({"success": true, "script": text, "unsaid": hook.script.unsaid}));
    } else {
        output::shell_script(&hook.script.text);
    }
    Ok(ExitCode::SUCCESS)
}

fn variables(options: &ShellHookOptions) -> Result<ExitCode, Failure> {
    let changed = block_on(changed_variables(options))?;
    let changed = changed.map_err(|error| Failure::new(&error))?;
    let text = |text: &std::ffi::OsString| text.to_string_lossy().into_owned();
    let set = changed.effect.set.iter();
    let set = set.map(|(name, value)| (text(name), Value::String(text(value))));
    let unset: Vec<_> = changed.effect.unset.iter().map(text).collect();
    output::json(&json!({
        "success": true,
        "environment_variables": set.collect::<serde_json::Map<_, _>>(),
        "unset": unset,
        "path": changed.prepended,
        "ignored": changed.ignored,
    }));
    Ok(ExitCode::SUCCESS)
}

pub(super) fn tell_ignored(names: &[String]) {
    for name in names {
        output::tell(format!(
            "warning: the environment sets `{name}`, which is activation's own: ignored"
        ));
    }
}

fn stacking(stack: bool) -> Stacking {
    if stack {
        Stacking::Stack
    } else {
        Stacking::Replace
    }
}

/// As conda tells a path from a name.
fn is_path(meant: &str) -> bool {
    meant.contains(['/', '\\']) || [".", "..", "~"].contains(&meant)
}

fn expanded(meant: &str, environment: &Environment) -> PathBuf {
    let path = PathBuf::from(meant);
    match (path.strip_prefix("~"), environment.home()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path,
    }
}
