//! What is to be put on a remote, and what came of it.

use std::{collections::BTreeSet, fmt};

use larder_store::ObjectId;

use crate::{Limits, Note, Source};

/// An object and its size in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Weighed {
    /// Which.
    pub id: ObjectId,
    /// In bytes.
    pub size: u64,
}

/// What is to be put on a remote.
pub struct Load<'a> {
    /// The objects, in any order.
    pub objects: &'a [Weighed],
    /// Notes, which replace those of their names.
    pub notes: &'a [Note],
    /// What these objects are together, for people who read the remote's roots; without a name no root is made,
    /// and a collection may remove them when they are old.
    pub root: Option<&'a str>,
    /// Objects of the remote that are known to be damaged: they are replaced.
    pub damaged: &'a BTreeSet<ObjectId>,
    /// Where their bytes are.
    pub source: &'a dyn Source,
    /// How long the remote is waited for.
    pub limits: &'a Limits,
    /// Is told of bytes as they leave.
    pub told: &'a (dyn Fn(u64) + Send + Sync),
    /// Only look what is missing.
    pub dry_run: bool,
}

impl fmt::Debug for Load<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Load")
            .field("objects", &self.objects.len())
            .field("notes", &self.notes.len())
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

/// What came of a load.
#[derive(Debug, Default)]
pub struct Put {
    /// What was sent, or would be.
    pub sent: Vec<Weighed>,
    /// What was there.
    pub present: Vec<Weighed>,
    /// Which of those that were sent replaced damaged ones.
    pub mended: Vec<ObjectId>,
    /// What could not be read here, and so was not sent.
    pub unsent: Vec<Unsent>,
    /// Which of all these a collection of the remote was about to remove: whether they stay is not known.
    pub doubtful: Vec<ObjectId>,
    /// How many notes were sent.
    pub notes: usize,
    /// How many bytes besides those of objects: notes, roots, indexes.
    pub other_bytes: u64,
}

/// An object that was not sent because of what is wrong here.
#[derive(Debug)]
pub struct Unsent {
    /// Which.
    pub id: ObjectId,
    /// Why not, with all causes.
    pub reason: String,
}
