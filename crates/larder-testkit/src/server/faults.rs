//! Which fault happens to which request.
//!
//! Pure bookkeeping: nothing here waits or sends.

use std::time::Duration;

use super::Fault;

/// The faults that are not used up, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<(String, Fault)>,
}

/// What is known about an answer before it is made.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// How long to wait first.
    pub(crate) latency: Option<Duration>,
    /// The speed limit of the body.
    pub(crate) bytes_per_second: Option<u64>,
    /// A fault that takes the place of the answer.
    pub(crate) answer: Option<Fault>,
}

impl Faults {
    pub(crate) fn add(&mut self, path_contains: &str, fault: Fault) {
        self.rules.push((path_contains.to_owned(), fault));
    }

    /// Uses up the oldest matching fault if it takes the place of the answer.
    pub(crate) fn early(&mut self, path: &str) -> Plan {
        let mut plan = Plan::default();
        for (part, fault) in &self.rules {
            match fault {
                Fault::Latency(wait) if path.contains(part) => plan.latency = Some(*wait),
                Fault::Bandwidth { bytes_per_second } if path.contains(part) => {
                    plan.bytes_per_second = Some(*bytes_per_second);
                }
                _ => {}
            }
        }
        plan.answer = self.take(path, is_answer);
        plan
    }

    /// Uses up the oldest matching fault if it spoils the body.
    pub(crate) fn late(&mut self, path: &str) -> Option<Fault> {
        self.take(path, |fault| !is_answer(fault))
    }

    /// The oldest fault that can be used up and matches, if it is of the wanted kind.
    fn take(&mut self, path: &str, wanted: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let oldest = self
            .rules
            .iter()
            .position(|(part, fault)| path.contains(part.as_str()) && !is_lasting(fault))?;
        let fault = self.rules[oldest].1.clone();
        if !wanted(&fault) {
            return None;
        }
        if let Some(times) = times(&mut self.rules[oldest].1) {
            *times = times.saturating_sub(1);
            if *times == 0 {
                self.rules.remove(oldest);
            }
        }
        Some(fault)
    }
}

fn is_answer(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Status { .. } | Fault::RedirectTo(_) | Fault::RetryAfter { .. }
    )
}

fn is_lasting(fault: &Fault) -> bool {
    matches!(fault, Fault::Latency(_) | Fault::Bandwidth { .. })
}

fn times(fault: &mut Fault) -> Option<&mut u32> {
    match fault {
        Fault::Status { times, .. }
        | Fault::CutAfter { times, .. }
        | Fault::WrongLength { times }
        | Fault::WrongBytes { times }
        | Fault::Truncated { times, .. }
        | Fault::RetryAfter { times, .. } => Some(times),
        Fault::Latency(_) | Fault::Bandwidth { .. } | Fault::RedirectTo(_) => None,
    }
}
