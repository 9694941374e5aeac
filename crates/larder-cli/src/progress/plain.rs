//! Plain lines: one for each phase that takes longer than half a second to speak of, one per warning.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use larder_event::{ArchiveSource, Event, Phase, Reporter};

use crate::output;

use super::phase_names;

/// A phase that is over sooner than this is not worth a line, in milliseconds.
const WORTH_A_LINE: u64 = 500;

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verbosity {
    /// Warnings and what link scripts have to say.
    Warnings,
    /// Besides: phases.
    Phases,
    /// Besides: packages and decisions.
    Everything,
}

/// Writes plain lines to stderr.
#[derive(Debug)]
pub(super) struct Plain {
    verbosity: Verbosity,
    totals: Mutex<HashMap<Phase, (u64, u64)>>,
}

impl Plain {
    pub(super) fn new(verbosity: Verbosity) -> Self {
        Self {
            verbosity,
            totals: Mutex::default(),
        }
    }

    fn started(&self, phase: Phase, total: u64, bytes: u64) {
        self.totals
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(phase, (total, bytes));
        // A download is the one thing that may take minutes: it is announced before it begins.
        if phase == Phase::Fetch && bytes > 0 {
            output::tell(format!("fetching {}", output::bytes(bytes)));
        }
    }

    fn finished(&self, phase: Phase, milliseconds: u64) {
        let (total, bytes) = self
            .totals
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&phase)
            .unwrap_or_default();
        if milliseconds < WORTH_A_LINE && self.verbosity != Verbosity::Everything {
            return;
        }
        let count = match (total, bytes) {
            (0, _) => String::new(),
            (total, 0) => format!(" {total}"),
            (total, bytes) => format!(" {total}, {}", output::bytes(bytes)),
        };
        output::tell(format!(
            "{}{count} in {}",
            phase_names(phase).1,
            output::duration(milliseconds)
        ));
    }
}

impl Reporter for Plain {
    fn event(&self, event: &Event) {
        let everything = self.verbosity == Verbosity::Everything;
        match event {
            Event::Warned(warning) => output::tell(format!("warning: {}", warning.text)),
            Event::ScriptMessage { package, text } => output::tell(script_message(package, text)),
            Event::PhaseStarted {
                phase,
                total,
                bytes,
            } if self.verbosity != Verbosity::Warnings => {
                self.started(*phase, *total, *bytes);
            }
            Event::PhaseFinished {
                phase,
                milliseconds,
            } if self.verbosity != Verbosity::Warnings => {
                self.finished(*phase, *milliseconds);
            }
            Event::FetchRetried {
                package,
                url,
                reason,
            } if self.verbosity != Verbosity::Warnings => {
                output::tell(format!("retrying {package} from {url}: {reason}"));
            }
            Event::Fetched {
                package,
                source: ArchiveSource::Store,
                ..
            } if everything => {
                output::tell(format!("  in the store: {package}"));
            }
            Event::Fetched {
                package,
                bytes,
                source,
            } if everything => output::tell(fetched(package, *bytes, *source)),
            Event::Unpacked { package, files } if everything => {
                output::tell(format!("  unpacked {package}, {files} files"))
            }
            Event::Linked { package, files } if everything => {
                output::tell(format!("  linked {package}, {files} files"))
            }
            Event::Compiled { package, files } if everything => {
                output::tell(format!("  compiled {package}, {files} files"))
            }
            Event::ToolSaid { tool, line } if self.verbosity != Verbosity::Warnings => {
                output::tell(format!("  {tool}: {line}"));
            }
            Event::Noted { text } if everything => output::tell(format!("  {text}")),
            _ => {}
        }
    }
}

fn fetched(package: &str, bytes: u64, source: ArchiveSource) -> String {
    let from = match source {
        ArchiveSource::Remote => " from the remote",
        ArchiveSource::Store | ArchiveSource::Channel => "",
    };
    format!("  fetched {package}{from}, {}", output::bytes(bytes))
}

/// What a link script has to say, with the package's name where that is known. The first words are larder's, so the
/// script's text is never taken for larder's own.
pub(super) fn script_message(package: &str, text: &str) -> String {
    let text = output::continued(text);
    if package.is_empty() {
        format!("link scripts: {text}")
    } else {
        format!("{package}: {text}")
    }
}
