//! Bounds on what a remote says. Its objects are streams, bounded by whoever reads them.

/// Bytes of an answer that is held whole: a page of a list, an error, an answer of the cache service. A page of
/// a thousand objects has some 500 KB.
pub const ANSWER_BYTES: usize = 16 << 20;
/// Objects of one list.
pub const LISTED_OBJECTS: usize = 1_000_000;
/// Pages of GitHub's list of entries, a hundred each.
pub const LIST_PAGES: usize = 1_000;
