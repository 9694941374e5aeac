//! What several solves say while they run side by side, told one after the other.
//!
//! Progress is passed on as it happens; only words wait for their turn.

use std::sync::{Mutex, PoisonError};

use larder_event::{Event, Reporter};

/// Keeps warnings and notes until it is told to tell them.
pub(super) struct InTurn<'a> {
    audience: &'a dyn Reporter,
    said: Mutex<Vec<Event>>,
}

impl<'a> InTurn<'a> {
    pub(super) fn new(audience: &'a dyn Reporter) -> Self {
        Self {
            audience,
            said: Mutex::default(),
        }
    }

    pub(super) fn tell(self) {
        let said = self
            .said
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        for event in &said {
            self.audience.event(event);
        }
    }
}

impl Reporter for InTurn<'_> {
    fn event(&self, event: &Event) {
        if matches!(event, Event::Warned(_) | Event::Noted { .. }) {
            let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            said.push(event.clone());
        } else {
            self.audience.event(event);
        }
    }
}

#[cfg(test)]
mod tests;
