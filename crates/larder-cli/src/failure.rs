//! How a failure reaches the user: one shape, one exit code per kind, a stable code, a hint.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use larder::Kind;
use serde_json::{Value, json};

use crate::{args::GlobalArgs, exception, output, progress::is_silent};

/// The code of an environment that a marker freezes.
const FROZEN: &str = "target::frozen";

/// A command that did not do what it was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    exit_code: u8,
    /// Stable and greppable, such as `create::exists`.
    code: &'static str,
    message: String,
    causes: Vec<String>,
    hint: Option<String>,
    /// What a tool printed that is to blame.
    output: Option<String>,
    /// The environment that is in the way, if that is the failure.
    existing: Option<PathBuf>,
}

impl Failure {
    /// A failure with its causes spelled out.
    pub(crate) fn new(error: &(impl larder::Explain + 'static)) -> Self {
        let mut causes = Vec::new();
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            // Errors that pass their source's text on would otherwise be read twice.
            if causes.last() != Some(&text) && text != error.to_string() {
                causes.push(text);
            }
            source = cause.source();
        }
        let explanation = larder::explain(error);
        Self {
            kind: explanation.kind,
            exit_code: explanation.kind.exit_code(),
            code: explanation.code,
            message: match explanation.code {
                // The marker's message is a text of its author's, which may have several lines (CEP 22).
                FROZEN => output::continued(&error.to_string()),
                _ => error.to_string(),
            },
            causes,
            hint: explanation.hint,
            output: explanation.output,
            existing: None,
        }
    }

    /// A failure of the command line itself, found after parsing.
    pub(crate) fn refused(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind: Kind::Refused,
            exit_code: Kind::Refused.exit_code(),
            code,
            message: message.into(),
            causes: Vec::new(),
            hint: None,
            output: None,
            existing: None,
        }
    }

    /// The same with what the user can do next.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same because of an environment at this place.
    pub(crate) fn with_existing(mut self, prefix: Option<PathBuf>) -> Self {
        self.existing = prefix;
        self
    }

    /// The environment that is in the way.
    pub(crate) fn existing(&self) -> Option<&Path> {
        self.existing.as_deref()
    }

    /// A failure of the machine, found by the command line.
    pub(crate) fn world(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind: Kind::World,
            exit_code: Kind::World.exit_code(),
            ..Self::refused(code, message)
        }
    }

    /// The process's exit code.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.exit_code)
    }

    /// The process's exit code, to be compared with others.
    pub(crate) fn code_number(&self) -> u8 {
        self.exit_code
    }

    /// The same with an exit code of its own.
    pub(crate) fn with_exit_code(mut self, exit_code: u8) -> Self {
        self.exit_code = exit_code;
        self
    }

    /// The text as part of another message, several lines.
    pub(crate) fn text(&self) -> String {
        self.messages().join("\n  ")
    }

    /// The messages for a terminal. The error, each cause and the hint are printed one by one, so that a line break
    /// in one of them cannot begin what looks like another.
    fn messages(&self) -> Vec<String> {
        let mut messages = vec![format!("error: {}", self.message)];
        let causes = self.causes.iter();
        messages.extend(causes.map(|cause| format!("  because: {cause}")));
        messages.extend(self.hint.iter().map(|hint| format!("  help: {hint}")));
        messages
    }

    /// Prints the failure without what a tool had to say.
    pub(crate) fn tell_briefly(&self) {
        self.messages().iter().for_each(output::tell);
    }

    /// Tells a person, with what a tool printed if nothing of that was shown as it came.
    pub(crate) fn tell(&self, global: &GlobalArgs) {
        if let Some(unseen) = self.output.as_ref().filter(|_| is_silent(global)) {
            output::tell_foreign_lines("  ", unseen);
        }
        self.tell_briefly();
    }

    /// The object for `--json`, with the keys that conda's consumers read.
    pub(crate) fn json(&self) -> Value {
        let name = exception::name_of(self.code);
        let name = name.unwrap_or_else(|| self.kind.exception_name());
        json!({
            "success": false,
            "exception_name": name,
            "exception_type": exception::type_of(name),
            "code": self.code,
            "error": self.message,
            "message": self.message,
            "caused_by": self.causes,
            "hint": self.hint,
            "output": self.output,
        })
    }
}
