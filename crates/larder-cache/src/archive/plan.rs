//! Which entries go into which part. Decided before anything is read, so that the same directories
//! give the same archive however many threads there are.

use std::ops::Range;

use super::{PART, entry::Item, walk::Walked};

/// One frame to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Whole entries.
    Entries(Range<usize>),
    /// Whole entries, and the header of a large file after them.
    Opening(Range<usize>, usize),
    /// Bytes of a large file.
    Body {
        item: usize,
        opened_by: u32,
        offset: u64,
        length: u64,
    },
    /// What tar ends with.
    End,
}

/// All entries in the archive's order, and its parts.
pub(super) struct Plan {
    pub(super) items: Vec<Item>,
    pub(super) parts: Vec<Part>,
}

/// Above this a file has parts of its own.
const LARGE: u64 = PART as u64;
/// What an entry's headers take, roughly.
const HEADERS: u64 = 1536;

impl Plan {
    pub(super) fn new(walked: Walked) -> Self {
        let directories = walked.directories.len();
        let mut items = walked.directories;
        items.extend(walked.files);
        items.extend(walked.hard_links);
        // All directories are one part, however many.
        let mut plan = Planner {
            parts: vec![Part::Entries(0..directories)],
            from: directories,
            weight: 0,
        };
        for (index, item) in items.iter().enumerate().skip(directories) {
            plan.add(index, item.size());
        }
        plan.close(items.len());
        plan.parts.push(Part::End);
        let parts = plan.parts;
        Self { items, parts }
    }
}

struct Planner {
    parts: Vec<Part>,
    from: usize,
    weight: u64,
}

impl Planner {
    fn add(&mut self, index: usize, size: u64) {
        if size > LARGE {
            self.open(index, size);
            return;
        }
        if self.weight + size + HEADERS > LARGE {
            self.close(index);
        }
        self.weight += size + HEADERS;
    }

    fn close(&mut self, to: usize) {
        if self.from < to {
            self.parts.push(Part::Entries(self.from..to));
        }
        (self.from, self.weight) = (to, 0);
    }

    fn open(&mut self, item: usize, size: u64) {
        let opened_by = u32::try_from(self.parts.len()).unwrap_or(u32::MAX);
        self.parts.push(Part::Opening(self.from..item, item));
        let mut offset = 0;
        while offset < size {
            let length = LARGE.min(size - offset);
            self.parts.push(Part::Body {
                item,
                opened_by,
                offset,
                length,
            });
            offset += length;
        }
        (self.from, self.weight) = (item + 1, 0);
    }
}
