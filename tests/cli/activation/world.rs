//! The shells of this machine, and environments that were never installed.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use larder_testkit::{Run, Sandbox};

pub(super) type Variables = BTreeMap<String, Vec<u8>>;

/// How a shell is spoken to by a test.
#[derive(Clone, Copy)]
pub(crate) struct Real {
    /// Its name for `--shell`.
    pub(super) name: &'static str,
    program: &'static str,
    flags: &'static [&'static str],
    /// How it reads what `larder shell-hook` says; `{}` is the program and its arguments.
    hook: &'static str,
    redirect: &'static str,
    /// How a quote is said inside its quotes.
    quotes: (&'static str, &'static str, &'static str),
}

const POSIX_QUOTES: (&str, &str, &str) = ("'", r"'\''", "'");

pub(crate) const BASH: Real = Real {
    name: "bash",
    program: "bash",
    flags: &["--norc"],
    hook: "eval \"$({})\"",
    redirect: ">",
    quotes: POSIX_QUOTES,
};
pub(super) const STRICT_BASH: Real = Real {
    flags: &["--norc", "-eu"],
    ..BASH
};
pub(crate) const ZSH: Real = Real {
    name: "zsh",
    program: "zsh",
    flags: &["-f"],
    ..BASH
};
pub(super) const DASH: Real = Real {
    name: "posix",
    program: "dash",
    flags: &[],
    ..BASH
};
pub(super) const KSH: Real = Real {
    program: "ksh",
    ..DASH
};
pub(crate) const FISH: Real = Real {
    name: "fish",
    program: "fish",
    flags: &["--no-config"],
    hook: "{} | source",
    quotes: ("'", r"\'", "'"),
    ..BASH
};
/// Only there a prompt is changed.
pub(super) const INTERACTIVE_FISH: Real = Real {
    flags: &["--no-config", "--interactive"],
    ..FISH
};
pub(crate) const XONSH: Real = Real {
    name: "xonsh",
    program: "xonsh",
    flags: &["--no-rc"],
    hook: "execx($({}))",
    quotes: ("\"", "'", "\""),
    ..BASH
};
/// The text itself takes the place of the hook.
pub(crate) const NUSHELL: Real = Real {
    name: "nushell",
    program: "nu",
    flags: &["--no-config-file"],
    hook: "",
    redirect: "o>",
    quotes: ("\"", "'", "\""),
};
pub(super) const TCSH: Real = Real {
    name: "tcsh",
    program: "tcsh",
    flags: &["-f"],
    hook: "eval \"`{}`\"",
    redirect: ">",
    quotes: POSIX_QUOTES,
};

impl Real {
    /// The shell's program, or a word that the test was skipped.
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    pub(crate) fn program(&self) -> Option<PathBuf> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        // Where ci/install-tools puts those that the system has no packages of.
        let installed = [
            "target/venv/bin",
            "target/npm/node_modules/@nushell/linux-x64/bin",
        ];
        let system = ["/usr/bin", "/bin", "/usr/local/bin", "/opt/homebrew/bin"];
        let installed = installed.map(|directory| root.join(directory));
        let directories = system.into_iter().map(PathBuf::from).chain(installed);
        let found = directories
            .map(|directory| directory.join(self.program))
            .find(|program| program.is_file());
        if found.is_none() {
            eprintln!(
                "skipped: there is no {} here (ci/install-tools)",
                self.program
            );
        }
        found
    }

    pub(super) fn quoted(&self, word: &str) -> String {
        let (open, quote, close) = self.quotes;
        format!("{open}{}{close}", word.replace('\'', quote))
    }

    /// A line that reads what larder says.
    pub(super) fn hook(&self, sandbox: &Sandbox, arguments: &str) -> String {
        let larder = sandbox.command(&[]).get_program().to_owned();
        let larder = larder.to_str().unwrap();
        if self.hook.is_empty() {
            let arguments: Vec<_> = arguments.split(' ').collect();
            return sandbox.larder(&arguments).success().stdout;
        }
        self.hook.replace("{}", &format!("{larder} {arguments}"))
    }

    /// A line that writes down all variables.
    pub(super) fn list(&self, sandbox: &Sandbox, name: &str) -> String {
        let file = sandbox.path(name);
        format!("/usr/bin/env -0 {} {}", self.redirect, file.display())
    }

    /// Runs the lines as a script.
    pub(super) fn run(
        &self,
        sandbox: &Sandbox,
        lines: &[String],
        extra: &[(&str, &str)],
    ) -> Option<Run> {
        let program = self.program()?;
        let script = sandbox.write(&format!("script.{}", self.name), &(lines.join("\n") + "\n"));
        let variables = sandbox.command(&[]);
        let variables = variables
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?)));
        let mut command = Command::new(program);
        command
            .args(self.flags)
            .arg(script)
            .current_dir(sandbox.work())
            .env_clear()
            .envs(variables)
            .env("TERM", "dumb")
            .envs(extra.iter().copied());
        Some(Run::of(&mut command))
    }
}

/// What `list` wrote, without what each shell changes by itself.
pub(super) fn listed(sandbox: &Sandbox, name: &str) -> Variables {
    let bytes = fs::read(sandbox.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let records = bytes.split(|byte| *byte == 0);
    let pair = |record: &[u8]| {
        let at = record.iter().position(|byte| *byte == b'=')?;
        let name = String::from_utf8(record[..at].to_vec()).ok()?;
        Some((name, record[at + 1..].to_vec()))
    };
    let mut variables: Variables = records.filter_map(pair).collect();
    for own in [
        "_",
        "SHLVL",
        "PWD",
        "OLDPWD",
        "CMD_DURATION_MS",
        "LAST_EXIT_CODE",
    ] {
        variables.remove(own);
    }
    variables
}

/// An environment with nothing in it but what these files say.
pub(super) fn environment(sandbox: &Sandbox, name: &str, state: &[(&str, &str)]) {
    let state: serde_json::Map<_, _> = state
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).into()))
        .collect();
    let state = serde_json::json!({ "env_vars": state }).to_string();
    sandbox.write(&format!("{name}/conda-meta/history"), "");
    sandbox.write(&format!("{name}/conda-meta/state"), &state);
    fs::create_dir_all(sandbox.path(&format!("{name}/bin"))).unwrap();
}

/// Scripts of a package, for each shell.
pub(super) fn scripts(sandbox: &Sandbox, name: &str) {
    let said = [
        ("sh", "export ORDER=\"${ORDER-}{}\"\n"),
        ("fish", "set -gx ORDER \"$ORDER{}\"\n"),
        (
            "csh",
            "if (! $?ORDER) setenv ORDER ''\nsetenv ORDER \"${ORDER}{}\"\n",
        ),
    ];
    for (directory, words) in [("activate.d", ["+1", "+2"]), ("deactivate.d", ["-1", "-2"])] {
        for (number, word) in words.iter().enumerate() {
            for (extension, text) in said {
                let file = format!("{name}/etc/conda/{directory}/{number}.{extension}");
                sandbox.write(&file, &text.replace("{}", word));
            }
        }
    }
}
