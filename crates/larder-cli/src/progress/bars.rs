//! A bar for each phase that runs, at the bottom of the terminal; lines above them for what should stay.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use larder_event::{Event, Phase, Reporter};

use super::{phase_names, plain::script_message};

/// How often a spinner turns.
const TICK: Duration = Duration::from_millis(100);

/// Draws the phases that run: archives arrive while others are unpacked.
#[derive(Debug)]
pub(super) struct Bars {
    all: MultiProgress,
    running: Mutex<Vec<Running>>,
}

/// One phase, which may have begun several times: subdirs are solved side by side.
#[derive(Debug)]
struct Running {
    phase: Phase,
    times: u32,
    bar: ProgressBar,
}

impl Bars {
    pub(super) fn new() -> Self {
        Self {
            all: MultiProgress::new(),
            running: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self, phase: Phase, total: u64, bytes: u64) {
        let (length, template) = match (phase, total) {
            (_, 0) | (Phase::Solve | Phase::Repodata, _) => (None, "{spinner} {msg} {elapsed}"),
            (phase, _) if is_counted_in_bytes(phase) => (
                Some(bytes),
                "{msg} {wide_bar:.green} {bytes}/{total_bytes}  {bytes_per_sec}  {eta}",
            ),
            _ => (Some(total), "{msg} {wide_bar:.green} {pos}/{len}"),
        };
        let mut running = self.lock();
        if let Some(same) = running.iter_mut().find(|running| running.phase == phase) {
            same.times += 1;
            same.bar.inc_length(length.unwrap_or_default());
            return;
        }
        let bar = match length {
            Some(length) => ProgressBar::new(length),
            None => ProgressBar::new_spinner(),
        };
        let bar = self.all.add(bar.with_style(style(template)));
        bar.set_message(phase_names(phase).0);
        bar.enable_steady_tick(TICK);
        running.push(Running {
            phase,
            times: 1,
            bar,
        });
    }

    fn finish(&self, phase: Phase) {
        let mut running = self.lock();
        let Some(index) = running.iter().position(|running| running.phase == phase) else {
            return;
        };
        running[index].times -= 1;
        if running[index].times == 0 {
            running.remove(index).bar.finish_and_clear();
        }
    }

    fn advance(&self, phase: Phase, by: u64) {
        if let Some(running) = self.lock().iter().find(|running| running.phase == phase) {
            running.bar.inc(by);
        }
    }

    fn line(&self, text: &str) {
        self.all.suspend(|| crate::output::tell(text));
    }
}

/// Whether a phase's events say how many bytes are done, rather than how many packages.
fn is_counted_in_bytes(phase: Phase) -> bool {
    matches!(
        phase,
        Phase::Fetch
            | Phase::Verify
            | Phase::Pack
            | Phase::Receive
            | Phase::Import
            | Phase::Export
            | Phase::Save
            | Phase::Restore
            | Phase::Push
    )
}

/// The templates are constants of this file; a test builds each of them.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸ ")
}

impl Reporter for Bars {
    fn event(&self, event: &Event) {
        match event {
            Event::PhaseStarted {
                phase,
                total,
                bytes,
            } => self.start(*phase, *total, *bytes),
            Event::PhaseFinished { phase, .. } => self.finish(*phase),
            Event::FetchProgressed { bytes, .. } => self.advance(Phase::Fetch, *bytes),
            Event::Verified { bytes } => self.advance(Phase::Verify, *bytes),
            Event::Collected { objects } => self.advance(Phase::Collect, *objects),
            Event::Progressed { phase, bytes } => self.advance(*phase, *bytes),
            Event::Unpacked { .. } => self.advance(Phase::Unpack, 1),
            Event::Linked { .. } => self.advance(Phase::Link, 1),
            Event::Compiled { .. } => self.advance(Phase::Compile, 1),
            Event::FetchRetried {
                package,
                url,
                reason,
            } => self.line(&format!("retrying {package} from {url}: {reason}")),
            Event::Warned(warning) => self.line(&format!("warning: {}", warning.text)),
            Event::ToolSaid { tool, line } => self.line(&format!("  {tool}: {line}")),
            Event::ScriptMessage { package, text } => self.line(&script_message(package, text)),
            _ => {}
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        for running in self.lock().drain(..) {
            running.bar.finish_and_clear();
        }
    }
}
