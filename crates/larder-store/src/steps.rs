//! Where a write or a collection can be interrupted: the steps of FORMAT.md as values.
//!
//! Exists so that tests can kill a process, or make a step fail, at each of them. Nothing else may
//! hang on it.

use std::{fmt, io};

/// A step of the write protocol or of collection that has just been done, numbered as in FORMAT.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// W1: the temporary file is there, empty.
    Created,
    /// W2: all bytes are written to it.
    Written,
    /// W3: their digest is the one that was asked for.
    Checked,
    /// W4: nobody may write to it any more.
    Protected,
    /// W5: its bytes and mode are on the disk.
    Flushed,
    /// W6: it has its name; readers find it from now on.
    Renamed,
    /// W7: the name is on the disk.
    DirectoryFlushed,
    /// W8: the MD5 index names it. Only for an object that was asked for by MD5.
    Indexed,
    /// R6: an object was not found under its name, and is about to be looked for among the doomed ones.
    Missed,
    /// R1: an object has been read and has the digest of its name; its bytes are about to be used.
    Hashed,
    /// P1: a run has said what it is going to use.
    Pinned,
    /// G4: an object that nothing needs has lost its name.
    Doomed,
    /// G5: what was pinned and recorded meanwhile has been read.
    Weighed,
    /// G6: an object that is needed after all has its name again.
    Spared,
    /// G6: an object that nothing needs is gone.
    Removed,
    /// G7: the file of a root that is none any more is gone.
    RootRemoved,
}

impl Step {
    /// The steps of an ingest, in the order in which they are done.
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

    /// The steps of a collection, in the order in which they are done.
    pub const COLLECTION: [Self; 5] = [
        Self::Doomed,
        Self::Weighed,
        Self::Spared,
        Self::Removed,
        Self::RootRemoved,
    ];
}

/// Is told of each step of each ingest, read, pin and collection.
pub trait Steps: fmt::Debug + Send + Sync {
    /// Called right after a step.
    ///
    /// # Errors
    /// Makes the operation fail as if the next step had.
    fn reached(&self, step: Step) -> io::Result<()>;
}

/// Lets every step pass.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSteps;

impl Steps for NoSteps {
    fn reached(&self, _step: Step) -> io::Result<()> {
        Ok(())
    }
}
