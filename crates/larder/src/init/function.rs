//! The shell function `larder`, through which `larder activate` changes the shell that it is typed in, and
//! the lines of a start-up file that define it.
//!
//! The texts are in `functions/`. They name the program by its path, so that they hold without PATH.

use std::path::Path;

use crate::activation::ShellKind;

/// What stands for the quoted path of the program in the texts.
const PROGRAM: &str = "@LARDER@";
/// What stands for the shell's name.
const SHELL: &str = "@SHELL@";

/// The function `larder` for a shell; `None` for one that has no functions that could do it (tcsh), or if the
/// program's path is not UTF-8. cmd has none either: it gets a batch file to be called `larder.bat`, which is found
/// instead of `larder.exe` if its directory comes first on PATH.
pub fn shell_function(shell: ShellKind, larder: &Path) -> Option<String> {
    let text = match shell {
        ShellKind::Bash | ShellKind::Zsh | ShellKind::Posix => include_str!("functions/larder.sh"),
        ShellKind::Fish => include_str!("functions/larder.fish"),
        ShellKind::Xonsh => include_str!("functions/larder.xsh"),
        ShellKind::Nushell => include_str!("functions/larder.nu"),
        ShellKind::PowerShell => include_str!("functions/larder.ps1"),
        ShellKind::Cmd => return batch_file(larder),
        ShellKind::Tcsh => return None,
    };
    filled(text, shell, larder)
}

/// Labels need the line ends of Windows. A batch file is read in the code page of the console, so a path that is not
/// ASCII is left to PATH.
fn batch_file(larder: &Path) -> Option<String> {
    let text = include_str!("functions/larder.bat").replace('\n', "\r\n");
    match larder.to_str().is_some_and(str::is_ascii) {
        true => filled(&text, ShellKind::Cmd, larder),
        false => Some(text.replace(PROGRAM, "larder.exe")),
    }
}

/// The lines of a start-up file that define the function each time anew, as this larder has it. If larder
/// is not there any more, they do nothing. nushell cannot read what a program says, so it gets the text.
pub(super) fn start_up(shell: ShellKind, larder: &Path) -> Option<String> {
    let text = match shell {
        ShellKind::Bash | ShellKind::Zsh | ShellKind::Posix => {
            "[ ! -x @LARDER@ ] || eval \"$(@LARDER@ shell-hook --shell @SHELL@)\"\n"
        }
        ShellKind::Fish => {
            "if test -x @LARDER@\n    @LARDER@ shell-hook --shell fish | source\nend\n"
        }
        ShellKind::Xonsh => {
            "if __import__('os').access(@LARDER@, 1):\n    execx($(@(@LARDER@) shell-hook --shell xonsh))\n"
        }
        ShellKind::PowerShell => {
            "if (Test-Path -LiteralPath @LARDER@) { & @LARDER@ shell-hook --shell powershell | Out-String | Invoke-Expression }\n"
        }
        ShellKind::Nushell => return shell_function(shell, larder),
        ShellKind::Cmd | ShellKind::Tcsh => return None,
    };
    filled(text, shell, larder)
}

fn filled(text: &str, shell: ShellKind, larder: &Path) -> Option<String> {
    let program = String::from_utf8(shell.quoted(larder.as_os_str())?).ok()?;
    Some(text.replace(SHELL, shell.name()).replace(PROGRAM, &program))
}
