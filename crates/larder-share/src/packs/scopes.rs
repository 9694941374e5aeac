//! [`PackScopes`]: whose packs a run sees.

use super::ScopeId;

/// Where a run may read, and where it may write. On services with scopes of their own these are theirs: the
/// names only make each scope's newest index findable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackScopes {
    /// All that may be read.
    pub read: Vec<ScopeId>,
    /// None for runs that may only read.
    pub write: Option<ScopeId>,
    /// Whether this run keeps packs in order for others, as those of the default branch do: nobody else reads
    /// what a branch rewrites.
    pub rewrites: bool,
}

impl PackScopes {
    /// One that all share.
    pub fn shared() -> Self {
        Self::of(["shared"], Some("shared"))
    }

    /// By their texts, the run's own first and the one that all can read last: who writes there rewrites.
    pub fn of<'a>(read: impl IntoIterator<Item = &'a str>, write: Option<&str>) -> Self {
        let mut scopes: Vec<ScopeId> = Vec::new();
        for scope in read.into_iter().map(ScopeId::of) {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        let write = write.map(ScopeId::of);
        Self {
            rewrites: write.is_some() && scopes.last().copied() == write,
            read: scopes,
            write,
        }
    }
}
