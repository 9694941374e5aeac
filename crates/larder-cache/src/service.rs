//! Entries on a service with scopes and look-ups of its own, as GitHub's cache service is.
//!
//! The service decides who reads and writes what, which entry a beginning finds, and what expires; nothing
//! of that is done here once more. An entry is `cache1s/VERSION/KEY|`, the key escaped: the version comes
//! first, so that a beginning finds entries of its version alone, and the `|` ends the key, so that Azure's
//! whole segments are beginnings too.

use larder_remote::{ObjectInfo, ObjectName, ObjectNameError, Remote, RemoteError, Wanted};

use crate::{
    entry::Entry,
    key::Style,
    look_up::{Hit, PrefixMatch, Query},
    scope::Scope,
};

/// Where all entries are; `1` is the version of this layout.
pub(crate) const ENTRIES: &str = "cache1s/";
const END: char = '|';
/// As many as GitHub's service takes at once. More are asked for afterwards, in all scopes again.
const MOST: usize = 10;

/// The name of the object that an entry is.
pub(crate) fn object_name(key: &str, version: &str) -> Result<ObjectName, ObjectNameError> {
    ObjectName::new(beginning(&format!("{key}{END}"), version))
}

/// The entry that an object is; `None` if it is none.
pub(crate) fn entry(object: ObjectInfo) -> Option<Entry> {
    let name = object.name.as_str().strip_prefix(ENTRIES)?;
    let (version, key) = name.split_once('/')?;
    let mut key = ObjectName::unescape(key)?;
    if key.pop() != Some(END) || key.contains(char::is_control) {
        return None;
    }
    Some(Entry {
        scope: Scope::of_service(),
        key,
        version: version.to_owned(),
        size: object.size,
        created: object.created,
        used: object.used,
        object: object.name,
    })
}

/// Looks for an entry, in one look-up where that can be.
pub(crate) async fn look_up(
    remote: &dyn Remote,
    query: &Query,
) -> Result<Option<(Entry, Hit)>, RemoteError> {
    if query.scopes.is_empty() {
        return Ok(None);
    }
    let found = remote.newest(&wanted(query)).await?;
    let found = found.and_then(entry).map(|entry| {
        let hit = Hit::of(query.style, &query.key, &entry.key);
        (entry, hit)
    });
    Ok(found)
}

/// The entry of this very key.
pub(crate) async fn exact(
    remote: &dyn Remote,
    query: &Query,
) -> Result<Option<Entry>, RemoteError> {
    let wanted: Vec<Wanted> = whole(query, &query.key).into_iter().collect();
    Ok(remote.newest(&wanted).await?.and_then(entry))
}

fn wanted(query: &Query) -> Vec<Wanted> {
    let mut wanted: Vec<Wanted> = whole(query, &query.key).into_iter().collect();
    let is_github = query.style == Style::Github;
    // GitHub's primary key is a beginning too.
    let also_key = is_github.then_some(&query.key);
    wanted.extend(also_key.and_then(|key| matching(query, key)));
    for (at, key) in query.restore_keys.iter().enumerate() {
        let left = query.restore_keys.len() - at;
        // With GitHub, an exact one comes before those that go on, whatever their age.
        if is_github && wanted.len() + 1 + left <= MOST {
            wanted.extend(whole(query, key));
        }
        wanted.extend(matching(query, key));
    }
    wanted.dedup();
    wanted
}

fn matching(query: &Query, key: &str) -> Option<Wanted> {
    match query.prefix_match {
        PrefixMatch::Exact => whole(query, key),
        PrefixMatch::Plain => Some(Wanted::Prefix(beginning(key, &query.version))),
        PrefixMatch::Segment => {
            let segments = format!("{key}{END}");
            Some(Wanted::Prefix(beginning(&segments, &query.version)))
        }
    }
}

/// What no name can be made of was never saved.
fn whole(query: &Query, key: &str) -> Option<Wanted> {
    let name = object_name(key, &query.version).ok()?;
    Some(Wanted::Whole(name))
}

fn beginning(key: &str, version: &str) -> String {
    format!("{ENTRIES}{version}/{}", ObjectName::escape(key))
}
