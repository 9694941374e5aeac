//! bash, zsh, dash, ksh.

use std::path::Path;

use super::{Dialect, bytes, escaped, is_identifier, line, plain};

/// Variables that a shell makes itself. bash and ksh evaluate what is assigned to many of them as arithmetic, in
/// which `a[$(command)]` runs a command however it is quoted; others are read-only. An environment cannot have
/// any of them.
const OF_SHELLS: [&str; 17] = [
    "BASHPID",
    "BASH_ARGV0",
    "EGID",
    "EPOCHREALTIME",
    "EPOCHSECONDS",
    "ERRNO",
    "EUID",
    "GID",
    "HISTCMD",
    "LINENO",
    "OPTIND",
    "PPID",
    "RANDOM",
    "SECONDS",
    "SRANDOM",
    "UID",
    "USER_ID",
];

fn can_be_set(name: &str) -> bool {
    is_identifier(name) && !OF_SHELLS.contains(&name)
}

/// `percent`: whether `%` means something in prompts.
pub(super) struct Posix {
    pub(super) percent: bool,
}

impl Dialect for Posix {
    fn quoted(&self, word: &[u8]) -> Option<Vec<u8>> {
        Some(quoted(word))
    }

    fn set(&self, name: &str, value: &[u8]) -> Option<Vec<u8>> {
        // Git's bash on Windows has PATH in a form of its own.
        if cfg!(windows) && name.eq_ignore_ascii_case("PATH") {
            let value = quoted(value);
            return Some(line(&[
                b"export PATH=\"$(cygpath --unix --path ",
                &value,
                b")\"\n",
            ]));
        }
        let text = || line(&[b"export ", name.as_bytes(), b"=", &quoted(value), b"\n"]);
        can_be_set(name).then(text)
    }

    fn unset(&self, name: &str) -> Option<Vec<u8>> {
        can_be_set(name).then(|| line(&[b"unset ", name.as_bytes(), b"\n"]))
    }

    fn run(&self, script: &Path) -> Option<Vec<u8>> {
        Some(line(&[b". ", &quoted(bytes(script)), b"\n"]))
    }

    /// Only where there is a prompt that is not powerline's. A modifier of conda's is there as it is.
    fn prompt(&self, old: &str, new: &str) -> Vec<u8> {
        let shown = |text: &str| {
            let text = plain(text, &[]);
            if self.percent {
                text.replace('%', "%%")
            } else {
                text
            }
        };
        let without = |text: &str| line(&[b"PS1=${PS1#", &quoted(text.as_bytes()), b"}; "]);
        let mut change = without(&shown(old));
        if shown(old) != old {
            change.extend(without(old));
        }
        change.extend(line(&[b"PS1=", &quoted(shown(new).as_bytes()), b"$PS1"]));
        line(&[
            b"if [ -n \"${PS1+x}\" ]; then case \"$PS1\" in *POWERLINE_COMMAND*) ;; *) ",
            &change,
            b" ;; esac; fi\n",
        ])
    }
}

/// In single quotes, in which only they themselves mean anything.
pub(super) fn quoted(value: &[u8]) -> Vec<u8> {
    let value = escaped(value, |byte| (byte == b'\'').then_some(b"'\\''".as_slice()));
    line(&[b"'", &value, b"'"])
}
