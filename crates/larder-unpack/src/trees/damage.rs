//! What can be wrong with a tree.

use larder_digest::Sha256;

use crate::RelPath;

/// Something of a tree that is not as it was extracted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The index beside the tree is gone, or not what larder wrote.
    #[error("its index is gone or damaged")]
    Index,
    /// There is an index, and nothing that it describes.
    #[error("its files are gone")]
    Files,
    /// It is gone.
    #[error("`{0}` is missing")]
    Missing(RelPath),
    /// It, or the directory that holds it, cannot be read.
    #[error("`{0}` cannot be read")]
    Unreadable(RelPath),
    /// A file is a link now, or the like.
    #[error("`{0}` is no longer the kind of thing that it was")]
    Kind(RelPath),
    /// Other permissions.
    #[error("`{path}` has mode {found:04o}, expected {expected:04o}")]
    Mode {
        /// Where.
        path: RelPath,
        /// As extracted.
        expected: u32,
        /// Now.
        found: u32,
    },
    /// Another size.
    #[error("`{path}` has {found} bytes, expected {expected}")]
    Size {
        /// Where.
        path: RelPath,
        /// As extracted.
        expected: u64,
        /// Now.
        found: u64,
    },
    /// Other bytes.
    #[error("`{path}` has sha256:{found}, expected sha256:{expected}")]
    Sha256 {
        /// Where.
        path: RelPath,
        /// As extracted.
        expected: Sha256,
        /// Now.
        found: Sha256,
    },
    /// A link leads elsewhere.
    #[error("`{0}` is a link to something else")]
    Target(RelPath),
}
