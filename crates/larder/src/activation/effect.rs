//! What a plan does, without a shell of the user's: applied to variables, the packages' scripts run in a
//! shell of our own and only their effect taken. The scripts do not see credentials
//! ([`larder_redact::value_for_script`]); whoever gets the result has them as before.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::ExitStatus,
    time::Duration,
};

use larder_fs::{PathContext as _, PathError};
use larder_redact::value_for_script;
use rattler_shell::{
    environment::EnvironmentSnapshot,
    process::{ProcessError, ProcessLimits, run_bounded},
};

use super::{
    dialect::ShellKind,
    plan::{Plan, Step},
};

/// Activate scripts are small; one that takes longer than this waits for something that never comes.
const LIMITS: ProcessLimits = ProcessLimits {
    timeout: Duration::from_secs(300),
    output_limit: 64 << 20,
};

/// Where cmd keeps the number of the console's code page.
const CODE_PAGE: &str = "__LARDER_CODE_PAGE";

/// Why scripts have no effect to take.
#[derive(Debug, thiserror::Error)]
pub enum EffectError {
    /// There is no place for the script that runs them.
    #[error(transparent)]
    Place(#[from] PathError),
    /// The path of the temporary directory has no spelling in the shell's language.
    #[error("the temporary directory `{}` cannot be named in a script; set TMPDIR (TEMP on Windows) to another", .0.display())]
    Unquotable(PathBuf),
    /// The shell did not start or did not end.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A script ended the shell.
    #[error("the shell ended with {status}{}", said(stderr))]
    Ended {
        /// How.
        status: ExitStatus,
        /// What it said.
        stderr: Vec<u8>,
    },
}

/// What is different, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effect {
    /// Variables with new values.
    pub set: Vec<(OsString, OsString)>,
    /// Variables that are gone.
    pub unset: Vec<OsString>,
}

impl Effect {
    /// What makes `inside` of `outside`.
    pub fn between(outside: &EnvironmentSnapshot, inside: &EnvironmentSnapshot) -> Self {
        let is_new = |(name, value): &(&OsStr, &OsStr)| outside.get(name) != Some(*value);
        let owned = |(name, value): (&OsStr, &OsStr)| (name.to_owned(), value.to_owned());
        let mut set: Vec<_> = inside.iter().filter(is_new).map(owned).collect();
        let gone = outside
            .iter()
            .filter(|(name, _)| inside.get(name).is_none());
        let mut unset: Vec<_> = gone.map(|(name, _)| name.to_owned()).collect();
        set.sort();
        unset.sort();
        Self { set, unset }
    }

    /// The same as a plan without scripts. Names that are no text have no words in any shell.
    pub fn into_plan(self, of: &Plan) -> Plan {
        let unset = self.unset.into_iter().map(|name| (name, None));
        let set = self
            .set
            .into_iter()
            .map(|(name, value)| (name, Some(value)));
        let step =
            |(name, value): (OsString, _)| Some(Step::Variable(name.into_string().ok()?, value));
        Plan {
            steps: unset.chain(set).filter_map(step).collect(),
            prompt: of.prompt.clone(),
            ignored: of.ignored.clone(),
        }
    }
}

/// The variables after all steps. Without scripts no shell is started.
pub(super) async fn applied(
    plan: &Plan,
    outside: &EnvironmentSnapshot,
) -> Result<EnvironmentSnapshot, EffectError> {
    let has_scripts = plan.steps.iter().any(|step| matches!(step, Step::Run(_)));
    let mut inside = if has_scripts {
        run(plan, outside).await?
    } else {
        outside.clone()
    };
    for step in &plan.steps {
        // A shell does not take every name; with scripts, only what it did not take is left to do.
        match step {
            Step::Variable(name, value) if !has_scripts || is_unsaid(name) => match value {
                Some(value) => inside.insert(name, value),
                None => inside.remove(name),
            },
            _ => {}
        }
    }
    Ok(inside)
}

fn is_unsaid(name: &str) -> bool {
    let plan = Plan {
        steps: vec![Step::Variable(name.to_owned(), None)],
        ..Plan::default()
    };
    !ShellKind::CAPTURING.script(&plan).unsaid.is_empty()
}

/// What scripts see of the variables outside.
fn visible(outside: &EnvironmentSnapshot) -> EnvironmentSnapshot {
    let seen = |(name, value)| Some((name, value_for_script(name, value)?.into_owned()));
    outside.iter().filter_map(seen).collect()
}

/// Whether scripts may see a step. A plan moves values: the environment may set a variable whose value
/// outside is a credential, which the plan keeps under another name.
fn is_visible(step: &Step) -> bool {
    match step {
        Step::Variable(name, Some(value)) => {
            value_for_script(OsStr::new(name), value).is_some_and(|seen| seen == *value)
        }
        Step::Variable(_, None) | Step::Run(_) => true,
    }
}

/// Runs the scripts of a plan among its other steps, and applies what they did to `outside`.
async fn run(
    plan: &Plan,
    outside: &EnvironmentSnapshot,
) -> Result<EnvironmentSnapshot, EffectError> {
    let shown = visible(outside);
    let seen = run_scripts(plan, &shown).await?;
    let change = Effect::between(&shown, &seen);
    let mut inside = outside.clone();
    for step in &plan.steps {
        match step {
            Step::Variable(name, Some(value)) if !is_visible(step) => inside.insert(name, value),
            // The shell had nothing to unset, so it is no change.
            Step::Variable(name, None) if shown.get(name).is_none() => inside.remove(name),
            _ => {}
        }
    }
    // After the steps that scripts did not see: what a script sets comes last, as in a user's shell.
    change
        .set
        .into_iter()
        .for_each(|(name, value)| inside.insert(name, value));
    change.unset.iter().for_each(|name| inside.remove(name));
    Ok(inside)
}

async fn run_scripts(
    plan: &Plan,
    outside: &EnvironmentSnapshot,
) -> Result<EnvironmentSnapshot, EffectError> {
    let visible = plan.steps.iter().filter(|step| is_visible(step));
    let unprompted = Plan {
        steps: visible.cloned().collect(),
        ..Plan::default()
    };
    let mut text = ShellKind::CAPTURING.script(&unprompted).text;
    let directory = tempfile::TempDir::new().at("create", std::env::temp_dir())?;
    // TMPDIR may be relative, and `-c/...` as the first argument would be an option of the shell.
    let directory_path = std::path::absolute(directory.path()).at("find", directory.path())?;
    let listing = directory_path.join("variables");
    text.extend(list_variables(&listing)?);
    let script = directory_path.join(format!("activate.{}", ShellKind::CAPTURING.extension()));
    std::fs::write(&script, text).at("write file", &script)?;
    let output = match run_with("bash", &script, outside).await {
        Err(ProcessError::Spawn(_)) if cfg!(unix) => run_with("/bin/sh", &script, outside).await?,
        output => output?,
    };
    let listed = std::fs::read(&listing);
    let (true, Ok(listed)) = (output.status.success(), listed) else {
        let (status, stderr) = (output.status, output.stderr);
        return Err(EffectError::Ended { status, stderr });
    };
    Ok(read_variables(&listed, outside))
}

async fn run_with(
    shell: &str,
    script: &Path,
    outside: &EnvironmentSnapshot,
) -> Result<rattler_shell::process::ProcessOutput, ProcessError> {
    let mut command = shell_command(shell, script);
    command.env_clear().envs(outside.iter());
    run_bounded(&mut command, LIMITS).await
}

#[cfg(not(windows))]
fn shell_command(shell: &str, script: &Path) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(shell);
    command.arg(script);
    command
}

/// cmd reads its command line by its own rules, not by those that `arg` quotes for: with `/S` it takes off the
/// outer pair of quotes, and the inner pair keeps a `&` in the path (`C:\Users\A&B`) from ending the command.
#[cfg(windows)]
fn shell_command(_shell: &str, script: &Path) -> tokio::process::Command {
    let mut line = OsString::from("/D /S /C \"\"");
    line.push(script);
    line.push("\"\"");
    let mut command = tokio::process::Command::new("cmd.exe");
    command.raw_arg(line);
    command
}

/// The last lines of the script: they write all variables to a file. Its path contains TMPDIR, so it is quoted
/// like any other word: a quote in it must not end the word.
///
/// Old systems have no `env -0`: there a value with a line end is cut.
fn list_variables(into: &Path) -> Result<Vec<u8>, EffectError> {
    let quoted = ShellKind::CAPTURING.quoted(into.as_os_str());
    let file = quoted.ok_or_else(|| EffectError::Unquotable(into.to_owned()))?;
    if ShellKind::CAPTURING == ShellKind::Cmd {
        return Ok(list_variables_in_cmd(&file));
    }
    Ok([
        b"/usr/bin/env -0 > ",
        &*file,
        b" 2> /dev/null || /usr/bin/env > ",
        &*file,
        b"\n",
    ]
    .concat())
}

/// The code page is that of the user's console, which lives longer than this cmd, so it is put back. What ERRORLEVEL
/// package scripts leave says nothing (conda ignores it too, as sourced scripts of sh have no exit code): the shell
/// ends with 0 if it came this far, and without a listing it did not.
fn list_variables_in_cmd(file: &[u8]) -> Vec<u8> {
    [
        format!(
            "@FOR /F \"tokens=2 delims=:.\" %%A IN ('CHCP') DO @SET \"{CODE_PAGE}=%%A\"\r\n\
             @CHCP 65001 > NUL\r\n@SET > "
        )
        .as_bytes(),
        file,
        format!("\r\n@CHCP %{CODE_PAGE}% > NUL\r\n@EXIT 0\r\n").as_bytes(),
    ]
    .concat()
}

fn read_variables(listed: &[u8], outside: &EnvironmentSnapshot) -> EnvironmentSnapshot {
    let separator = if listed.contains(&0) { 0 } else { b'\n' };
    let records = listed.split(|byte| *byte == separator);
    let pair = |record: &[u8]| {
        let at = record.iter().position(|byte| *byte == b'=')?;
        Some((native(&record[..at])?, native(&record[at + 1..])?))
    };
    let mut inside: EnvironmentSnapshot = records.filter_map(pair).collect();
    // The shell's own, and names that it may not have passed on.
    for name in ["_", "SHLVL", "PWD", "OLDPWD", CODE_PAGE] {
        match outside.get(name) {
            Some(value) => inside.insert(name, value),
            None => inside.remove(name),
        }
    }
    for (name, value) in outside.iter() {
        if name.to_str().is_none_or(is_unsaid) && inside.get(name).is_none() {
            inside.insert(name, value);
        }
    }
    inside
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "as on other systems")]
fn native(bytes: &[u8]) -> Option<OsString> {
    use std::os::unix::ffi::OsStrExt as _;
    Some(OsStr::from_bytes(bytes).to_owned())
}

#[cfg(not(unix))]
fn native(bytes: &[u8]) -> Option<OsString> {
    let text = std::str::from_utf8(bytes).ok()?;
    Some(text.trim_end_matches('\r').into())
}

/// What the scripts printed, its later lines indented: the layout of errors.
fn said(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<&str> = text.trim().lines().collect();
    if lines.is_empty() {
        String::new()
    } else {
        format!(": {}", lines.join("\n  "))
    }
}

#[cfg(test)]
mod tests;
