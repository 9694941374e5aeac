//! In which order archives are fetched, and how many at a time, for the sake of who uses them at once.
//!
//! Archives that share a line arrive together and late. So the large ones are fetched a few at a time,
//! the largest first: whoever unpacks them can begin early, and does not have the largest to do when
//! everything else is done. Small ones come beside them from the start: they give work meanwhile, and
//! their latency costs nothing.

use std::ops::Range;

use crate::{FetchOptions, FetchPlan};

/// Enough to use a line whose latency is high, and to lose little where one stands still.
const FEW: usize = 3;
/// In bytes: so little that latency is most of the time.
const SMALL: u64 = 1 << 20;

/// What is to be begun next.
pub(crate) struct Queue<'a> {
    plan: &'a FetchPlan,
    options: &'a FetchOptions<'a>,
    /// Not begun yet, of the plan's packages, which are sorted by size.
    rest: Range<usize>,
    small: usize,
    large: usize,
    bytes: u64,
}

/// An archive that was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Begun {
    /// In the plan.
    pub(crate) index: usize,
    is_small: bool,
}

impl<'a> Queue<'a> {
    pub(crate) fn new(plan: &'a FetchPlan, options: &'a FetchOptions<'a>) -> Self {
        Self {
            plan,
            options,
            rest: 0..plan.missing.len(),
            small: 0,
            large: 0,
            bytes: 0,
        }
    }

    /// The next archive, if one may be begun now.
    pub(crate) fn begin(&mut self) -> Option<Begun> {
        let running = self.small + self.large;
        if running > 0 && running >= self.options.concurrency {
            return None;
        }
        let begun = self.large().or_else(|| self.small())?;
        if begun.is_small {
            self.small += 1;
        } else {
            self.large += 1;
        }
        self.bytes += self.size(begun.index);
        Some(begun)
    }

    /// It is there, or failed.
    pub(crate) fn end(&mut self, begun: Begun) {
        if begun.is_small {
            self.small -= 1;
        } else {
            self.large -= 1;
        }
        self.bytes -= self.size(begun.index);
    }

    fn large(&mut self) -> Option<Begun> {
        let is_room = self.large < FEW || self.bytes < self.options.bytes_in_flight;
        let index = if is_room { self.rest.next() } else { None };
        let is_small = false;
        index.map(|index| Begun { index, is_small })
    }

    fn small(&mut self) -> Option<Begun> {
        let last = self.rest.clone().next_back()?;
        let is_small = self.size(last) <= SMALL;
        let is_room = self.small < self.options.concurrency / 2;
        (is_small && is_room).then(|| {
            self.rest.end = last;
            Begun {
                index: last,
                is_small,
            }
        })
    }

    /// Unknown sizes come first in the plan and count as large.
    fn size(&self, index: usize) -> u64 {
        self.plan.missing[index].size.unwrap_or(SMALL + 1)
    }
}

#[cfg(test)]
mod tests;
