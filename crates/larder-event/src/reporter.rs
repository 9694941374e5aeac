//! [`Reporter`], which receives events, and two simple implementations.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use crate::{Event, Warning, WorkKind};

/// Receives the events of an operation, from any thread. The events of one package arrive in order.
pub trait Reporter: Send + Sync {
    /// Receives one event. Must return quickly and must not panic, because it runs on the thread that does the work.
    fn event(&self, event: &Event);

    /// Reports a warning.
    fn warn(&self, code: &'static str, text: String) {
        self.event(&Event::Warned(Warning { code, text }));
    }

    /// Reports a detail for `-v`.
    fn note(&self, text: String) {
        self.event(&Event::Noted { text });
    }
}

/// Runs `act` and reports its duration.
pub fn time_work<T>(
    reporter: &dyn Reporter,
    (work, subject): (WorkKind, &str),
    act: impl FnOnce() -> T,
) -> T {
    let begun = Instant::now();
    let result = act();
    reporter.event(&Event::Worked {
        work,
        subject: subject.to_owned(),
        microseconds: u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
    });
    result
}

/// Milliseconds since `begun`, rounded down.
pub fn elapsed_milliseconds(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Ignores all events.
#[derive(Debug, Clone, Copy, Default)]
pub struct SilentReporter;

impl Reporter for SilentReporter {
    fn event(&self, _event: &Event) {}
}

/// Records all events, for tests.
#[derive(Debug, Default)]
pub struct EventRecorder {
    events: Mutex<Vec<Event>>,
}

impl EventRecorder {
    /// All events so far.
    pub fn events(&self) -> Vec<Event> {
        self.lock().clone()
    }

    /// All warnings so far, as `code: text`.
    pub fn warnings(&self) -> Vec<String> {
        let warning = |event: &Event| match event {
            Event::Warned(warning) => Some(format!("{}: {}", warning.code, warning.text)),
            _ => None,
        };
        self.lock().iter().filter_map(warning).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reporter for EventRecorder {
    fn event(&self, event: &Event) {
        self.lock().push(event.clone());
    }
}
