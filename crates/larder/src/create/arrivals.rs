//! Archives as they come into the store, for those who wait to use them.
//!
//! Filled by the task that fetches, emptied by threads that unpack; knows neither.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

use larder_store::Object;

use super::install::Objects;

/// Archives by package name.
pub(super) struct Arrivals {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    objects: Objects,
    /// Not given to anybody yet: the largest first, so that none of them begins last.
    ready: BinaryHeap<(u64, Reverse<String>)>,
    /// Nothing comes any more.
    is_over: bool,
}

impl Arrivals {
    /// With what is there already; more comes until [`Arrivals::end`].
    pub(super) fn new(objects: Objects) -> Self {
        let ready = objects.iter();
        let ready = ready
            .map(|(name, object)| (object.size, Reverse(name.clone())))
            .collect();
        Self {
            state: Mutex::new(State {
                objects,
                ready,
                is_over: false,
            }),
            changed: Condvar::new(),
        }
    }

    /// With everything there is.
    pub(super) fn all(objects: Objects) -> Self {
        let arrivals = Self::new(objects);
        arrivals.end();
        arrivals
    }

    /// One more is in the store.
    pub(super) fn add(&self, name: &str, object: &Object) {
        let mut state = self.state();
        if state.objects.contains_key(name) {
            return;
        }
        state.objects.insert(name.to_owned(), object.clone());
        state.ready.push((object.size, Reverse(name.to_owned())));
        self.changed.notify_all();
    }

    /// Nothing comes any more.
    pub(super) fn end(&self) {
        self.state().is_over = true;
        self.changed.notify_all();
    }

    /// The largest that nobody was given yet; waits for one. Nothing once all were given and no more come.
    pub(super) fn next(&self) -> Option<(String, Object)> {
        let mut state = self.state();
        loop {
            if let Some((_, Reverse(name))) = state.ready.pop() {
                let object = state.objects.get(&name)?.clone();
                return Some((name, object));
            }
            if state.is_over {
                return None;
            }
            state = self.wait(state);
        }
    }

    /// A certain one; waits for it. Nothing if it never comes.
    pub(super) fn get(&self, name: &str) -> Option<Object> {
        let mut state = self.state();
        loop {
            if let Some(object) = state.objects.get(name) {
                return Some(object.clone());
            }
            if state.is_over {
                return None;
            }
            state = self.wait(state);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner)
    }
}
