//! A script of a package, run by a shell of larder's own in which its environment is active.

use std::path::Path;

use super::{
    ActivationError,
    dialect::ShellKind,
    plan::{Plan, Shell, Stacking, Step, activation_of_unfinished},
    scripts::{Moment, scripts},
};

/// The text for [`ShellKind::CAPTURING`] that activates the environment at `prefix`, which need not be
/// finished, runs `script` in the same shell, then the environment's scripts for deactivation as conda does,
/// and ends with the script's status.
///
/// # Errors
/// If the environment's variables or scripts cannot be read.
pub(crate) fn script_inside(
    prefix: &Path,
    script: &Path,
    shell: &Shell<'_>,
) -> Result<Vec<u8>, ActivationError> {
    let before = activation_of_unfinished(prefix, Stacking::Replace, shell)?.steps;
    // Found before the script runs: one that it writes belongs to nobody.
    let after = scripts(prefix, Moment::Deactivate, shell.extension);
    let after = after.map_err(ActivationError::Scripts)?;
    let kind = ShellKind::CAPTURING;
    // No prompt: nobody types in this shell.
    let text = |steps: Vec<Step>| {
        let plan = Plan {
            steps,
            ..Plan::default()
        };
        kind.script(&plan).text
    };
    let (reset, keep, end) = match kind {
        ShellKind::Cmd => (
            // A batch file that says nothing of it leaves ERRORLEVEL as the scripts for activation left it.
            "@\"%COMSPEC%\" /D /C EXIT 0\r\n",
            "@SET \"__LARDER_STATUS=%ERRORLEVEL%\"\r\n",
            "@EXIT /B %__LARDER_STATUS%\r\n",
        ),
        // `return` in a sourced script ends up here, `exit` ends the shell at once.
        _ => ("", "__larder_status=$?\n", "exit \"$__larder_status\"\n"),
    };
    let run = vec![Step::Run(script.to_owned())];
    let after = after.into_iter().map(Step::Run).collect();
    let parts = [
        text(before),
        reset.into(),
        text(run),
        keep.into(),
        text(after),
        end.into(),
    ];
    Ok(parts.concat())
}
