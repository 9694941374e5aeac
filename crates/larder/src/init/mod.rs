//! `init`: the shell function `larder` in the files that shells read when they start, and out of them.
//!
//! Each file gets one marked block; running it again changes nothing, `reverse` leaves the bytes that were
//! there before. A file is replaced whole, keeps its mode, and stays where a link leads. What larder did
//! not write is never touched.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use larder_fs::{PathContext as _, PathError};
use serde::Serialize;

use crate::{Explain, Kind, activation::ShellKind};

mod block;
mod function;
mod places;

#[cfg(test)]
mod tests;

use block::{Damaged, Without, with_block, without_block};
pub use function::shell_function;
use places::{Places, start_up_files};

/// What to write where.
#[derive(Debug, Clone)]
pub struct InitOptions {
    /// The shells.
    pub shells: Vec<ShellKind>,
    /// Take the blocks out.
    pub reverse: bool,
    /// Change nothing, and say what would be.
    pub dry_run: bool,
    /// The program that the function runs, absolute.
    pub larder: PathBuf,
    /// The user's home.
    pub home: PathBuf,
    /// `XDG_CONFIG_HOME`.
    pub config: Option<PathBuf>,
    /// `ZDOTDIR`.
    pub zsh: Option<PathBuf>,
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct InitReport {
    /// Whether nothing was changed because nothing was to be.
    pub dry_run: bool,
    /// File by file.
    pub files: Vec<InitializedFile>,
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InitializedFile {
    /// The shell that reads it.
    pub shell: &'static str,
    /// The file.
    pub path: PathBuf,
    /// What was done to it.
    pub change: InitChange,
}

/// What was done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum InitChange {
    /// It was made.
    Created,
    /// The block was put in or brought up to date.
    Written,
    /// The block was taken out.
    Reversed,
    /// The file was removed: it held nothing but the block.
    Removed,
    /// Nothing was to be done.
    Unchanged,
}

/// Why a shell was not initialized. The files before the one that is named are done.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The shell cannot have the function.
    #[error("{} has no functions that could change its own variables", shell.name())]
    NoFunction {
        /// The shell.
        shell: ShellKind,
    },
    /// The file has half a block.
    #[error("`{}`, line {line}: a block of `larder init` has no beginning, no end, or is there twice", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where.
        line: usize,
    },
    /// The file system said no.
    #[error(transparent)]
    File(#[from] PathError),
}

impl Explain for InitError {
    fn kind(&self) -> Kind {
        match self {
            Self::File(_) => Kind::World,
            _ => Kind::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoFunction { .. } => "init::no-function",
            Self::Damaged { .. } => "init::damaged",
            Self::File(_) => "init::file",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoFunction { shell } => Some(match shell {
                ShellKind::Cmd => {
                    "`larder shell-hook --shell cmd > DIR\\larder.bat`, in a directory that is before the one of larder.exe on PATH".into()
                }
                _ => "eval \"`larder shell-hook --shell tcsh -p DIR`\"".into(),
            }),
            Self::Damaged { .. } => {
                Some("take the marked lines out by hand, then run `larder init` again".into())
            }
            Self::File(_) => None,
        }
    }
}

/// Puts the function into the start-up files of the shells, or takes it out of them.
///
/// # Errors
/// See [`InitError`].
pub fn init(options: &InitOptions) -> Result<InitReport, InitError> {
    let places = Places {
        home: &options.home,
        config: options.config.as_deref(),
        zsh: options.zsh.as_deref(),
    };
    let mut report = InitReport {
        dry_run: options.dry_run,
        ..InitReport::default()
    };
    for shell in &options.shells {
        let files = start_up_files(*shell, &places);
        if files.is_empty() {
            return Err(InitError::NoFunction { shell: *shell });
        }
        for path in files {
            report.files.push(InitializedFile {
                shell: shell.name(),
                change: one(&path, *shell, options)?,
                path,
            });
        }
    }
    Ok(report)
}

fn one(path: &Path, shell: ShellKind, options: &InitOptions) -> Result<InitChange, InitError> {
    let content = read(path)?;
    let damaged = |Damaged { line }| InitError::Damaged {
        path: path.to_owned(),
        line,
    };
    if options.reverse {
        return match without_block(content.as_deref().unwrap_or_default()).map_err(damaged)? {
            Without::Unchanged => Ok(InitChange::Unchanged),
            Without::Content(rest) => {
                write(path, &rest, options)?;
                Ok(InitChange::Reversed)
            }
            Without::NoFile => {
                if !options.dry_run {
                    fs::remove_file(path).at("remove file", path)?;
                }
                Ok(InitChange::Removed)
            }
        };
    }
    let lines = function::start_up(shell, &options.larder);
    let lines = lines.ok_or(InitError::NoFunction { shell })?;
    let Some(new) = with_block(content.as_deref(), &lines).map_err(damaged)? else {
        return Ok(InitChange::Unchanged);
    };
    write(path, &new, options)?;
    Ok(match content {
        Some(_) => InitChange::Written,
        None => InitChange::Created,
    })
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, PathError> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        content => content.at("read file", path).map(Some),
    }
}

fn write(path: &Path, content: &[u8], options: &InitOptions) -> Result<(), PathError> {
    if options.dry_run {
        return Ok(());
    }
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).at("create directory", directory)?;
    }
    larder_fs::rewrite(path, content)
}
