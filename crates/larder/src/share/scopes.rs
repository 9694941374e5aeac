//! Whose packs a run sees: the scopes of the pipeline cache, as larder-share has them.

use larder_cache::scope::{Scope, Scopes};
use larder_share::packs::PackScopes;

/// Runs of main keep the packs of main in order. Azure's read both of these last, so that who writes there does
/// not read its own last.
const AZURES: [&str; 2] = [";refs/heads/main", ";refs/heads/master"];

/// What a run sees that has these scopes.
pub(super) fn pack_scopes(scopes: &Scopes) -> PackScopes {
    let write = scopes.write.as_ref().map(Scope::as_str);
    let mut found = PackScopes::of(scopes.read.iter().map(Scope::as_str), write);
    let is_main =
        |own: &str| own.starts_with("azure;") && AZURES.iter().any(|main| own.ends_with(main));
    found.rewrites |= write.is_some_and(is_main);
    found
}

#[cfg(test)]
mod tests;
