//! [`Timeline`]: listens to a run and keeps when each phase, download and piece of work was.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    thread::{self, ThreadId},
    time::{Duration, Instant},
};

use larder_event::{ArchiveSource, Event, Phase, Reporter, WorkKind};

use super::page;
use crate::{output, progress::phase_names};

/// Passes every event on, and notes the time.
pub(crate) struct Timeline {
    inner: Box<dyn Reporter>,
    begun: Instant,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    spans: Vec<Span>,
    phases: HashMap<Phase, Vec<Duration>>,
    downloads: HashMap<String, Duration>,
    threads: Vec<ThreadId>,
}

/// Something that took time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) lane: Lane,
    pub(super) kind: &'static str,
    pub(super) subject: String,
    /// Since the beginning of the run.
    pub(super) start: Duration,
    pub(super) end: Duration,
}

/// Where a span is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lane {
    /// All phases.
    Phases,
    /// Downloads, which overlap.
    Downloads,
    /// What one thread did.
    Thread(usize),
}

impl Timeline {
    /// Begins now; `inner` goes on hearing everything.
    pub(crate) fn over(inner: Box<dyn Reporter>) -> Self {
        Self {
            inner,
            begun: Instant::now(),
            heard: Mutex::default(),
        }
    }

    /// The page of all that was heard so far. `title` is the command.
    pub(crate) fn page(&self, title: &str) -> String {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        page::render(title, &heard.spans, self.begun.elapsed())
    }
}

impl Reporter for Timeline {
    fn event(&self, event: &Event) {
        let now = self.begun.elapsed();
        self.heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .hear(event, now);
        self.inner.event(event);
    }
}

impl Heard {
    fn hear(&mut self, event: &Event, now: Duration) {
        match event {
            Event::PhaseStarted { phase, .. } => {
                self.phases.entry(*phase).or_default().push(now);
            }
            Event::PhaseFinished { phase, .. } => {
                if let Some(start) = self.phases.get_mut(phase).and_then(Vec::pop) {
                    let name = phase_names(*phase).0.to_owned();
                    self.push(Lane::Phases, "phase", name, (start, now));
                }
            }
            Event::FetchStarted { package, .. } => {
                self.downloads.insert(package.clone(), now);
            }
            Event::Fetched {
                package,
                bytes,
                source: source @ (ArchiveSource::Channel | ArchiveSource::Remote),
            } => {
                if let Some(start) = self.downloads.remove(package) {
                    let from = if *source == ArchiveSource::Remote {
                        " from the remote"
                    } else {
                        ""
                    };
                    let subject = format!("{package}, {}{from}", output::bytes(*bytes));
                    self.push(Lane::Downloads, "download", subject, (start, now));
                }
            }
            Event::Worked {
                work,
                subject,
                microseconds,
            } => {
                let kind = match work {
                    WorkKind::Hash => "hash",
                    WorkKind::Unpack => "unpack",
                };
                let start = now.saturating_sub(Duration::from_micros(*microseconds));
                let lane = Lane::Thread(self.thread());
                self.push(lane, kind, subject.clone(), (start, now));
            }
            _ => {}
        }
    }

    fn push(
        &mut self,
        lane: Lane,
        kind: &'static str,
        subject: String,
        (start, end): (Duration, Duration),
    ) {
        self.spans.push(Span {
            lane,
            kind,
            subject,
            start,
            end,
        });
    }

    /// The number of the thread that tells.
    fn thread(&mut self) -> usize {
        let current = thread::current().id();
        match self.threads.iter().position(|known| *known == current) {
            Some(number) => number,
            None => {
                self.threads.push(current);
                self.threads.len() - 1
            }
        }
    }
}
