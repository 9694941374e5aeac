//! The files that shells read when they start.

use std::path::{Path, PathBuf};

use crate::activation::ShellKind;

/// Where the user's files are.
#[derive(Debug, Clone)]
pub(super) struct Places<'a> {
    pub(super) home: &'a Path,
    /// `XDG_CONFIG_HOME`.
    pub(super) config: Option<&'a Path>,
    /// `ZDOTDIR`.
    pub(super) zsh: Option<&'a Path>,
}

/// The files of a shell; none for a shell that reads none when it starts.
pub(super) fn start_up_files(shell: ShellKind, places: &Places<'_>) -> Vec<PathBuf> {
    let home = |path: &str| places.home.join(path);
    let config = |path: &str| match places.config {
        Some(config) => config.join(path),
        None => places.home.join(".config").join(path),
    };
    match shell {
        // On a Mac terminals are login shells, and Git's bash on Windows is one.
        ShellKind::Bash if cfg!(any(target_os = "macos", windows)) => vec![home(".bash_profile")],
        ShellKind::Bash => vec![home(".bashrc")],
        ShellKind::Zsh => vec![places.zsh.unwrap_or(places.home).join(".zshrc")],
        ShellKind::Posix => vec![home(".profile")],
        ShellKind::Fish => vec![config("fish/conf.d/larder.fish")],
        ShellKind::Xonsh => vec![home(".xonshrc")],
        ShellKind::Nushell if cfg!(target_os = "macos") && places.config.is_none() => {
            vec![home("Library/Application Support/nushell/config.nu")]
        }
        ShellKind::Nushell if cfg!(windows) && places.config.is_none() => {
            vec![home("AppData/Roaming/nushell/config.nu")]
        }
        ShellKind::Nushell => vec![config("nushell/config.nu")],
        ShellKind::PowerShell if cfg!(windows) => vec![
            home("Documents/PowerShell/profile.ps1"),
            home("Documents/WindowsPowerShell/profile.ps1"),
        ],
        ShellKind::PowerShell => vec![config("powershell/profile.ps1")],
        ShellKind::Cmd | ShellKind::Tcsh => Vec::new(),
    }
}
