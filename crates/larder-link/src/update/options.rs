//! What a caller decides about an update, and what it is told afterwards.

use crate::LinkOptions;

/// How an environment is updated.
#[derive(Debug, Clone)]
pub struct UpdateOptions {
    /// As for a new one. Its `variables` are those that the environment is to have in the end; `replace`
    /// does not matter.
    pub link: LinkOptions,
    /// What a frozen environment is to this update.
    pub frozen: FrozenPolicy,
    /// What happens to files that are not what a package brought.
    pub changed: ChangedPolicy,
    /// Further files that go, relative to the prefix with `/`, which no package owns.
    pub also_remove: Vec<String>,
}

/// What a frozen environment (CEP 22) is to an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FrozenPolicy {
    /// It is not changed.
    #[default]
    Respect,
    /// It is changed, and stays frozen for others.
    Override,
}

/// What happens to files that somebody changed and that have to go, or that are in the way of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChangedPolicy {
    /// They are kept in `.larder-saved`, with a warning.
    #[default]
    Save,
    /// They go.
    Discard,
}

impl UpdateOptions {
    /// Respects frozen environments, saves what somebody changed.
    pub fn new(link: LinkOptions) -> Self {
        Self {
            link,
            frozen: FrozenPolicy::default(),
            changed: ChangedPolicy::default(),
            also_remove: Vec::new(),
        }
    }
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Updated {
    /// Files and links that came.
    pub linked: u64,
    /// Files and links that went for good.
    pub unlinked: u64,
    /// Bytes written rather than linked.
    pub bytes_written: u64,
    /// Packages whose trees somebody touched without changing their bytes, by name.
    pub touched: Vec<String>,
    /// Files that were kept in `.larder-saved`, as paths below the prefix.
    pub saved: Vec<String>,
}
