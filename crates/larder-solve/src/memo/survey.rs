//! The state of every index that a request reaches: of its channels, of those they relate to
//! (CEP 42), and of those that only a spec names.
//!
//! One conditional request per index, or none if the session has asked already.

use std::{collections::HashSet, sync::Arc};

use futures::future::try_join_all;
use rattler_conda_types::{Channel, ChannelUrl, Subdir};

use super::index::Index;
use crate::{SolveRequest, channels::channel_name, load::subdirs, places, session::Session};

/// One index of a request.
pub(crate) struct Surveyed {
    /// The channel's base URL.
    pub(crate) channel: String,
    pub(crate) subdir: Subdir,
    /// The only names that are looked for in it, for a channel that only specs name.
    pub(crate) only: Option<Vec<String>>,
    pub(crate) index: Arc<Index>,
}

/// Looks at all indexes, always in the same order.
///
/// # Errors
/// What cannot be read, for a note.
pub(crate) async fn survey(
    session: &Session,
    request: &SolveRequest<'_>,
    depth: usize,
) -> Result<Vec<Surveyed>, String> {
    let mut all = Vec::new();
    let mut known = HashSet::new();
    let mut channels = request.channels.to_vec();
    for step in 0..=depth {
        channels.retain(|channel| known.insert(channel_name(channel)));
        let found = look(session, request.subdir, &channels).await?;
        let next = found.iter().flat_map(|(channel, _, index)| {
            let references = index.relations.iter();
            references.filter_map(|reference| related(channel, reference))
        });
        let next: Vec<Channel> = next.collect();
        all.extend(found.into_iter().map(|found| surveyed(found, None)));
        channels = next;
        if channels.is_empty() || step == depth {
            break;
        }
    }
    for (channel, specs) in places::unlisted(request) {
        let names = specs.iter().filter_map(|spec| spec.name.as_exact());
        let names: Vec<String> = names.map(|name| name.as_normalized().to_owned()).collect();
        let channels = [channel];
        let found = look(session, request.subdir, &channels).await?;
        let found = found.into_iter();
        all.extend(found.map(|found| surveyed(found, Some(names.clone()))));
    }
    Ok(all)
}

async fn look<'a>(
    session: &Session,
    subdir: Subdir,
    channels: &'a [Channel],
) -> Result<Vec<(&'a Channel, Subdir, Arc<Index>)>, String> {
    let subdirs = subdirs(subdir);
    let pairs = channels
        .iter()
        .flat_map(|channel| subdirs.iter().map(move |subdir| (channel, *subdir)));
    try_join_all(pairs.map(|(channel, subdir)| async move {
        let index = session.indexes.get(&channel.platform_url(subdir)).await;
        let index = index.map_err(|error| {
            format!("{}/{subdir} cannot be read: {error}", channel_name(channel))
        })?;
        Ok((channel, subdir, index))
    }))
    .await
}

fn surveyed(
    (channel, subdir, index): (&Channel, Subdir, Arc<Index>),
    only: Option<Vec<String>>,
) -> Surveyed {
    Surveyed {
        channel: channel_name(channel),
        subdir,
        only,
        index,
    }
}

/// The channel that a reference means. What rattler refuses fails the solve, so nothing is refused here.
fn related(channel: &Channel, reference: &str) -> Option<Channel> {
    let url = channel.base_url.url().join(reference.trim()).ok()?;
    Some(Channel::from_url(ChannelUrl::from(url)))
}
