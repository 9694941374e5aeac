//! One bar at a time at the bottom of the terminal; lines above it for what should stay.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use larder_event::{Event, Phase, Reporter};

use super::{phase_names, plain::script_message};

/// How often a spinner turns.
const TICK: Duration = Duration::from_millis(100);

/// Draws the phase that runs.
#[derive(Debug)]
pub(super) struct Bars {
    current: Mutex<Option<(Phase, ProgressBar)>>,
}

impl Bars {
    pub(super) fn new() -> Self {
        Self {
            current: Mutex::new(None),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Phase, ProgressBar)>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self, phase: Phase, total: u64, bytes: u64) {
        let bar = match (phase, total) {
            (_, 0) | (Phase::Solve | Phase::Repodata, _) => {
                ProgressBar::new_spinner().with_style(style("{spinner} {msg} {elapsed}"))
            }
            (Phase::Fetch | Phase::Verify, _) => ProgressBar::new(bytes).with_style(style(
                "{msg} {wide_bar:.green} {bytes}/{total_bytes}  {bytes_per_sec}  {eta}",
            )),
            _ => ProgressBar::new(total).with_style(style("{msg} {wide_bar:.green} {pos}/{len}")),
        };
        bar.set_message(phase_names(phase).0);
        bar.enable_steady_tick(TICK);
        if let Some((_, old)) = self.lock().replace((phase, bar)) {
            old.finish_and_clear();
        }
    }

    fn finish(&self, phase: Phase) {
        let mut current = self.lock();
        if current
            .as_ref()
            .is_some_and(|(running, _)| *running == phase)
            && let Some((_, bar)) = current.take()
        {
            bar.finish_and_clear();
        }
    }

    fn advance(&self, phase: Phase, by: u64) {
        if let Some((running, bar)) = &*self.lock()
            && *running == phase
        {
            bar.inc(by);
        }
    }

    fn line(&self, text: &str) {
        match &*self.lock() {
            Some((_, bar)) => bar.suspend(|| crate::output::tell(text)),
            None => crate::output::tell(text),
        }
    }
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
            Event::Unpacked { .. } => self.advance(Phase::Unpack, 1),
            Event::Linked { .. } => self.advance(Phase::Link, 1),
            Event::FetchRetried {
                package,
                url,
                reason,
            } => self.line(&format!("retrying {package} from {url}: {reason}")),
            Event::Warned(warning) => self.line(&format!("warning: {}", warning.text)),
            Event::ScriptMessage { package, text } => self.line(&script_message(package, text)),
            _ => {}
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        if let Some((_, bar)) = self.lock().take() {
            bar.finish_and_clear();
        }
    }
}
