//! Which entry a key finds: the key itself, else the newest that continues it or a restore key.
//!
//! Scopes are tried first to last; in each the key, then the restore keys in order. (Azure does not say
//! which of the two comes first; its logs look like this, and GitHub documents it.) A service with scopes of
//! its own does all that by itself.

use std::time::{Duration, SystemTime};

use serde::Serialize;

use larder_remote::{Remote, RemoteError};

use crate::{
    entry::{Entry, object_name, prefix},
    key::Style,
    scope::Scope,
    service,
};

/// Unused entries are gone after so long on both services.
pub const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How an entry was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Hit {
    /// By the key itself.
    #[serde(rename = "true")]
    True,
    /// By a beginning.
    #[serde(rename = "inexact")]
    Inexact,
    /// Not at all.
    #[serde(rename = "false")]
    False,
}

impl Hit {
    /// What it is called in all outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::Inexact => "inexact",
            Self::False => "false",
        }
    }

    /// What a key that was found is to the key that was wanted. GitHub's clients do not mind case.
    pub fn of(style: Style, wanted: &str, matched: &str) -> Self {
        let is_same = match style {
            Style::Github => wanted.to_lowercase() == matched.to_lowercase(),
            Style::Azure | Style::Gitlab => wanted == matched,
        };
        if is_same { Self::True } else { Self::Inexact }
    }
}

/// What counts as a beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrefixMatch {
    /// Whole segments: `yarn` does not find `yarn2|x`.
    Segment,
    /// Characters.
    Plain,
    /// Nothing: the whole name or none.
    Exact,
}

impl PrefixMatch {
    /// What the service does.
    pub fn of(style: Style) -> Self {
        match style {
            Style::Azure => Self::Segment,
            Style::Github => Self::Plain,
            Style::Gitlab => Self::Exact,
        }
    }

    fn is_match(self, key: &str, wanted: &str) -> bool {
        let Some(rest) = key.strip_prefix(wanted) else {
            return false;
        };
        match self {
            Self::Segment => rest.is_empty() || rest.starts_with('|'),
            Self::Plain => true,
            Self::Exact => rest.is_empty(),
        }
    }
}

/// What is looked for.
#[derive(Debug, Clone)]
pub struct Query {
    /// Whose rules.
    pub style: Style,
    /// How restore keys match.
    pub prefix_match: PrefixMatch,
    /// The key.
    pub key: String,
    /// What may stand in for it, in order.
    pub restore_keys: Vec<String>,
    /// The version that entries must have.
    pub version: String,
    /// Where to look, in order.
    pub scopes: Vec<Scope>,
    /// What was not used for so long is not there.
    pub max_unused: Duration,
    /// The time it is.
    pub now: SystemTime,
}

/// Looks for an entry.
///
/// # Errors
/// If the remote fails, or the key is too long for it.
pub async fn look_up(
    remote: &dyn Remote,
    query: &Query,
) -> Result<Option<(Entry, Hit)>, RemoteError> {
    if remote.has_scopes() {
        return service::look_up(remote, query).await;
    }
    for scope in &query.scopes {
        if let Some(entry) = exact(remote, query, scope, &query.key).await? {
            return Ok(Some((entry, Hit::True)));
        }
        // GitHub's primary key is a beginning too.
        let also_key = (query.style == Style::Github).then_some(&query.key);
        for wanted in also_key.into_iter().chain(&query.restore_keys) {
            let found = match query.prefix_match {
                PrefixMatch::Exact => exact(remote, query, scope, wanted).await?,
                _ => newest(remote, query, scope, wanted).await?,
            };
            if let Some(entry) = found {
                let hit = Hit::of(query.style, &query.key, &entry.key);
                return Ok(Some((entry, hit)));
            }
        }
    }
    Ok(None)
}

/// The entry of this very key in a scope.
pub(crate) async fn exact(
    remote: &dyn Remote,
    query: &Query,
    scope: &Scope,
    key: &str,
) -> Result<Option<Entry>, RemoteError> {
    // What no name can be made of was never saved.
    let Ok(name) = object_name(scope, key, &query.version) else {
        return Ok(None);
    };
    match remote.stat(&name).await {
        Ok(object) => {
            let entry = Entry::of_object(object);
            Ok(entry.filter(|entry| !entry.is_unused(query.max_unused, query.now)))
        }
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

async fn newest(
    remote: &dyn Remote,
    query: &Query,
    scope: &Scope,
    wanted: &str,
) -> Result<Option<Entry>, RemoteError> {
    let listed = remote.list(&prefix(scope, wanted)).await?;
    let entries = listed.into_iter().filter_map(Entry::of_object);
    let fits = |entry: &Entry| {
        entry.version == query.version
            && query.prefix_match.is_match(&entry.key, wanted)
            && !entry.is_unused(query.max_unused, query.now)
    };
    let mut candidates: Vec<Entry> = entries.filter(fits).collect();
    // With GitHub, an exact one comes before those that go on, whatever their age.
    let is_whole = |entry: &Entry| query.style == Style::Github && entry.key == wanted;
    let whole = candidates.iter().position(is_whole);
    Ok(match whole {
        Some(at) => Some(candidates.swap_remove(at)),
        None => candidates.into_iter().next(),
    })
}
