//! The languages of shells: the same steps, said so that each shell reads back the very bytes.
//!
//! Values are quoted, never interpolated. What a shell has no words for is left out and named, so that
//! nothing of an environment is ever run as code. Never runs a shell.

use std::{ffi::OsStr, path::Path};

use super::plan::{Plan, Step};

mod cmd;
mod fish;
mod nushell;
mod posix;
mod powershell;
mod tcsh;
mod xonsh;

#[cfg(test)]
mod tests;

/// The shells that larder speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ShellKind {
    /// GNU bash.
    Bash,
    /// zsh.
    Zsh,
    /// Any other POSIX shell: dash, ksh, busybox.
    Posix,
    /// fish.
    Fish,
    /// xonsh.
    Xonsh,
    /// nushell.
    Nushell,
    /// PowerShell, on Windows and elsewhere.
    PowerShell,
    /// Windows' cmd.
    Cmd,
    /// tcsh and csh.
    Tcsh,
}

/// A text for a shell to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    /// The text. Bytes, as variables have them.
    pub text: Vec<u8>,
    /// The variables that the shell has no words for, which stay as they are.
    pub unsaid: Vec<String>,
}

/// How one shell says things. `None`: it cannot.
trait Dialect {
    /// One word, whatever is in it.
    fn quoted(&self, word: &[u8]) -> Option<Vec<u8>>;
    fn set(&self, name: &str, value: &[u8]) -> Option<Vec<u8>>;
    fn unset(&self, name: &str) -> Option<Vec<u8>>;
    fn run(&self, script: &Path) -> Option<Vec<u8>>;
    /// What stands before the prompt, from now on; `old` is there now.
    fn prompt(&self, old: &str, new: &str) -> Vec<u8>;
    /// All that was said, with what has to stand around it.
    fn framed(&self, text: Vec<u8>) -> Vec<u8> {
        text
    }
}

impl ShellKind {
    /// The shell that larder itself runs scripts in.
    pub(crate) const CAPTURING: Self = if cfg!(windows) { Self::Cmd } else { Self::Bash };

    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Bash,
        Self::Zsh,
        Self::Posix,
        Self::Fish,
        Self::Xonsh,
        Self::Nushell,
        Self::PowerShell,
        Self::Cmd,
        Self::Tcsh,
    ];

    /// The shell's name, as it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Posix => "posix",
            Self::Fish => "fish",
            Self::Xonsh => "xonsh",
            Self::Nushell => "nushell",
            Self::PowerShell => "powershell",
            Self::Cmd => "cmd",
            Self::Tcsh => "tcsh",
        }
    }

    /// The shell that a program is, by its file name; login shells have a `-` in front.
    pub fn of_program(program: &Path) -> Option<Self> {
        let name = program.file_name()?.to_str()?.to_lowercase();
        let name = name.trim_start_matches('-').trim_end_matches(".exe");
        Some(match name {
            "bash" => Self::Bash,
            "zsh" => Self::Zsh,
            "sh" | "dash" | "ash" | "ksh" | "ksh93" | "mksh" | "busybox" | "posix" => Self::Posix,
            "fish" => Self::Fish,
            "xonsh" => Self::Xonsh,
            "nu" | "nushell" => Self::Nushell,
            "pwsh" | "powershell" => Self::PowerShell,
            "cmd" => Self::Cmd,
            "tcsh" | "csh" => Self::Tcsh,
            _ => return None,
        })
    }

    /// The extension of the packages' scripts that it runs, as in conda.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Bash | Self::Zsh | Self::Posix => "sh",
            Self::Fish => "fish",
            Self::PowerShell => "ps1",
            Self::Cmd => "bat",
            Self::Tcsh => "csh",
            Self::Xonsh | Self::Nushell => Self::CAPTURING.extension(),
        }
    }

    /// Whether it runs the packages' scripts itself. nushell cannot: it knows all its code before it runs.
    /// xonsh has conda's plugin run those of bash, which fails on variables that are no text.
    pub fn runs_scripts(self) -> bool {
        !matches!(self, Self::Xonsh | Self::Nushell)
    }

    fn dialect(self) -> &'static dyn Dialect {
        match self {
            Self::Bash | Self::Posix => &posix::Posix { percent: false },
            Self::Zsh => &posix::Posix { percent: true },
            Self::Fish => &fish::Fish,
            Self::Xonsh => &xonsh::Xonsh,
            Self::Nushell => &nushell::Nushell,
            Self::PowerShell => &powershell::PowerShell,
            Self::Cmd => &cmd::Cmd,
            Self::Tcsh => &tcsh::Tcsh,
        }
    }

    /// A word of a command, such as a path, as the shell takes it; none if it has no words for that.
    pub fn quoted(self, word: &OsStr) -> Option<Vec<u8>> {
        self.dialect().quoted(word.as_encoded_bytes())
    }

    /// The plan in this shell's words.
    pub fn script(self, plan: &Plan) -> Script {
        let dialect = self.dialect();
        let mut script = Script::default();
        for step in &plan.steps {
            let (text, subject) = match step {
                Step::Variable(name, Some(value)) => {
                    (dialect.set(name, value.as_encoded_bytes()), name.clone())
                }
                Step::Variable(name, None) => (dialect.unset(name), name.clone()),
                Step::Run(path) => (dialect.run(path), path.display().to_string()),
            };
            match text {
                Some(text) => script.text.extend(text),
                None => script.unsaid.push(subject),
            }
        }
        let (old, new) = &plan.prompt;
        if old != new {
            script.text.extend(dialect.prompt(old, new));
        }
        script.text = dialect.framed(script.text);
        script
    }
}

/// Whether a name is one in every shell.
fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    let first = characters.next();
    first.is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|character| character.is_ascii_alphanumeric() || character == '_')
}

/// Bytes with some of them replaced.
fn escaped(bytes: &[u8], escape: impl Fn(u8) -> Option<&'static [u8]>) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len() + 2);
    for byte in bytes {
        match escape(*byte) {
            Some(replacement) => text.extend(replacement),
            None => text.push(*byte),
        }
    }
    text
}

fn bytes(path: &Path) -> &[u8] {
    AsRef::<OsStr>::as_ref(path).as_encoded_bytes()
}

/// The pieces of a line, one after the other.
fn line(pieces: &[&[u8]]) -> Vec<u8> {
    pieces.concat()
}

/// A prompt's text for shells that expand prompts: nothing in it means anything to them, nor these.
fn plain(text: &str, also: &[char]) -> String {
    let is_live =
        |c: char| c.is_control() || ['$', '`', '\\', '!', '"'].contains(&c) || also.contains(&c);
    let plain = |c: char| if is_live(c) { '_' } else { c };
    text.chars().map(plain).collect()
}
