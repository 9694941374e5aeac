//! The steps of FORMAT.md as values: the points at which a write or a collection can be interrupted.
//!
//! Used only by tests, which kill the process or return an error at each step.

use std::{fmt, io};

/// A completed step of the write protocol or of a collection, numbered as in FORMAT.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoreStep {
    /// W1: the temporary file exists and is empty.
    Created,
    /// W2: all bytes are written.
    Written,
    /// W3: the digest is the expected one.
    Checked,
    /// W4: the file is read-only.
    Protected,
    /// W5: its bytes and mode are flushed to the disk.
    Flushed,
    /// W6: the file has its final name, so that readers find it.
    Renamed,
    /// W7: the name is flushed to the disk.
    DirectoryFlushed,
    /// W8: the MD5 index has an entry for it. Only for objects that were requested by MD5.
    Indexed,
    /// R6: an object was not found under its name; doomed objects are checked next.
    Missed,
    /// R1: an object's bytes have the expected digest and are about to be used.
    Hashed,
    /// P1: a process has pinned the objects that it is about to use.
    Pinned,
    /// G4: an unneeded object was renamed into `tmp/`.
    Doomed,
    /// G5: new pins and roots have been read.
    NeedsRead,
    /// G6: an object that turned out to be needed was renamed back.
    Spared,
    /// G6: an unneeded object was removed.
    Removed,
    /// G7: the file of a dead root was removed.
    RootRemoved,
}

impl StoreStep {
    /// The steps of an ingest, in order.
    pub const INGEST: [Self; 8] = [
        Self::Created,
        Self::Written,
        Self::Checked,
        Self::Protected,
        Self::Flushed,
        Self::Renamed,
        Self::DirectoryFlushed,
        Self::Indexed,
    ];

    /// The steps of a collection, in order.
    pub const COLLECTION: [Self; 5] = [
        Self::Doomed,
        Self::NeedsRead,
        Self::Spared,
        Self::Removed,
        Self::RootRemoved,
    ];
}

/// Observes the steps of ingests, reads, pins and collections.
pub trait StepObserver: fmt::Debug + Send + Sync {
    /// Called after each step.
    ///
    /// # Errors
    /// An error makes the operation fail, as if the next step had failed.
    fn reached(&self, step: StoreStep) -> io::Result<()>;
}

/// Ignores all steps.
#[derive(Debug, Clone, Copy, Default)]
pub struct IgnoreSteps;

impl StepObserver for IgnoreSteps {
    fn reached(&self, _step: StoreStep) -> io::Result<()> {
        Ok(())
    }
}
