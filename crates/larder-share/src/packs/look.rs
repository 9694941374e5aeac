//! Finding the newest index of each scope and reading it (lines L1 to L4 of PACKS.md).

use futures::future::join_all;
use larder_remote::{ObjectName, Remote, Wanted};

use super::{
    Index, PackScopes, View,
    index::LONGEST,
    name::{self, ScopeId},
};
use crate::{ShareError, objects::read};

/// What a run sees of a remote.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Everything that may be read.
    pub(super) view: View,
    /// What the scope has that is written to.
    pub(super) own: Index,
    /// An index that was refused: it counts as none.
    pub(super) damage: Option<ShareError>,
}

/// Looks at every scope.
pub(super) async fn look(remote: &dyn Remote, scopes: &PackScopes) -> Result<Seen, ShareError> {
    let mut all = scopes.read.clone();
    all.extend(scopes.write.filter(|own| !scopes.read.contains(own)));
    let reads = all.iter().map(|scope| newest_index(remote, *scope));
    let mut seen = Seen::default();
    let mut indexes = Vec::new();
    for (scope, read) in all.iter().zip(join_all(reads).await) {
        let index = match read {
            Err(error) if error.is_damage() => {
                seen.damage = Some(error);
                continue;
            }
            read => read?,
        };
        if scopes.write == Some(*scope) {
            seen.own = index.clone();
        }
        if scopes.read.contains(scope) {
            indexes.push(index);
        }
    }
    seen.view = View::of(&indexes);
    Ok(seen)
}

/// The index of a scope that was created last; an empty one where there is none.
pub(super) async fn newest_index(remote: &dyn Remote, scope: ScopeId) -> Result<Index, ShareError> {
    let prefix = Wanted::Prefix(scope.index_prefix());
    let Some(found) = remote.newest(&[prefix]).await? else {
        return Ok(Index::default());
    };
    read_index(remote, scope, &found.name).await
}

/// An index of this name; an empty one if it is gone.
pub(super) async fn read_index(
    remote: &dyn Remote,
    scope: ScopeId,
    name: &ObjectName,
) -> Result<Index, ShareError> {
    let download = match remote.get(name, None).await {
        // It went between the two.
        Err(error) if error.is_not_found() => return Ok(Index::default()),
        download => download?,
    };
    let bytes = read(remote, name.as_str(), download, LONGEST).await?;
    parse(scope, name, &bytes).map_err(|problem| ShareError::Damaged {
        remote: remote.url().to_owned(),
        object: name.to_string(),
        problem,
    })
}

fn parse(scope: ScopeId, name: &ObjectName, bytes: &[u8]) -> Result<Index, String> {
    let digest = name::digest_of_index(scope, name.as_str());
    let digest = digest.ok_or_else(|| "its name is none of an index".to_owned())?;
    Index::parse(&digest, bytes).map_err(|error| error.to_string())
}
