//! Why a pack or an index is refused.

use larder_digest::Sha256;

/// What was read from a remote is no pack's table or no index.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// It begins with something else.
    #[error("it does not begin as one, but with `{found}`")]
    Magic {
        /// The first bytes, escaped.
        found: String,
    },
    /// It is shorter or longer than it says, or than is read.
    #[error("it has {found} bytes, expected {expected}")]
    Length {
        /// How many it has.
        found: u64,
        /// How many it should have, or may have.
        expected: u64,
    },
    /// Its bytes are not those that its name promises.
    #[error(
        "its bytes are not those of its name: expected sha256:{expected}, found sha256:{found}"
    )]
    Digest {
        /// What the name ends in.
        expected: Sha256,
        /// What the bytes have.
        found: Sha256,
    },
    /// It cannot be decompressed.
    #[error("it cannot be decompressed")]
    Compressed {
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is not the JSON that it should be.
    #[error("it is not what it should be inside")]
    Json {
        /// Where it goes wrong.
        #[source]
        source: serde_json::Error,
    },
    /// It lists what cannot be.
    #[error("it is refused at `{member}`: {problem}")]
    Listed {
        /// The member, pack or root, escaped.
        member: String,
        /// Why.
        problem: &'static str,
    },
    /// It lists more than anything needs.
    #[error("it lists more than {limit} things")]
    TooMany {
        /// How many are allowed.
        limit: usize,
    },
}
