//! Who receives events.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use crate::{Event, Warning, Work};

/// Receives every event of an operation, from any thread, in the order in which they happen per package.
pub trait Reporter: Send + Sync {
    /// Takes one event. Must return quickly and must not fail: an operation never waits for its audience.
    fn event(&self, event: &Event);

    /// Tells of something the user should know and that stops nothing.
    fn warn(&self, code: &'static str, text: String) {
        self.event(&Event::Warned(Warning { code, text }));
    }

    /// Tells how a decision fell, for `-v`.
    fn note(&self, text: String) {
        self.event(&Event::Noted { text });
    }
}

/// Does a piece of work and tells how long it took.
pub fn timed<T>(
    reporter: &dyn Reporter,
    (work, subject): (Work, &str),
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

/// Whole milliseconds since `begun`, as events and reports have them.
pub fn milliseconds(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Reporter for Silent {
    fn event(&self, _event: &Event) {}
}

/// Keeps every event, for tests.
#[derive(Debug, Default)]
pub struct Recorder {
    events: Mutex<Vec<Event>>,
}

impl Recorder {
    /// All events so far.
    pub fn events(&self) -> Vec<Event> {
        self.lock().clone()
    }

    /// The texts of all warnings so far, each with its code in front (`code: text`).
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

impl Reporter for Recorder {
    fn event(&self, event: &Event) {
        self.lock().push(event.clone());
    }
}
