//! Specs that name a channel or a subdir, such as `forge/noarch::p` or the address of a package: only
//! records from there meet them.
//!
//! Rattler's solver looks at the channel of one spec for each name and at no subdir; the rest is here.
//! A channel that is not in the list is asked for what names it and nothing else, after the listed ones.

use std::{collections::HashMap, sync::Arc};

use larder_manifest::{matches_key, parse_record_spec};
use rattler_conda_types::{Channel, MatchSpec, Matches as _, PackageName, RepoDataRecord};
use rattler_repodata_gateway::RepoData;
use url::Url;

use crate::{
    SolveRequest,
    channels::{accepted_channel_names, channel_name, channel_text, is_channel_group},
    local::inward_channel,
};

/// Whether a record is in the channel and the subdir that the spec names.
pub(crate) fn is_from(spec: &MatchSpec, record: &RepoDataRecord) -> bool {
    let subdir = spec.subdir.as_deref();
    subdir.is_none_or(|subdir| matches_key(subdir, &record.package_record.subdir))
        && is_from_channel(spec.channel.as_deref(), record)
}

/// The records in the wrong place of which the solver would not see it, with the reason.
pub(crate) fn misplaced(specs: &[MatchSpec], repodata: &[RepoData]) -> HashMap<Url, Arc<str>> {
    let mut misplaced = HashMap::new();
    for placed in specs.iter().filter(|spec| is_placed(spec)) {
        let name = placed.name.as_exact();
        let seen = specs
            .iter()
            .filter(|other| other.name.as_exact() == name)
            .find_map(|other| other.channel.as_deref());
        let wrong = repodata.iter().flat_map(RepoData::iter).filter(|record| {
            Some(&record.package_record.name) == name
                && is_from_channel(seen, record)
                && !is_from(placed, record)
        });
        let reason: Arc<str> = format!("it is not from {}", place(placed)).into();
        misplaced.extend(wrong.map(|record| (record.url.clone(), Arc::clone(&reason))));
    }
    misplaced
}

/// Whether a record is where every spec of its name wants it.
pub(crate) fn is_well_placed(specs: &[MatchSpec], record: &RepoDataRecord) -> bool {
    let name = &record.package_record.name;
    let mut specs = specs.iter();
    specs.all(|spec| spec.name.as_exact() != Some(name) || is_from(spec, record))
}

/// The channels that only specs name, with those specs.
pub(crate) fn unlisted(request: &SolveRequest<'_>) -> Vec<(Channel, Vec<MatchSpec>)> {
    let mut unlisted: Vec<(Channel, Vec<MatchSpec>)> = Vec::new();
    for spec in request.specs.iter().map(|wanted| &wanted.spec) {
        let accepted = spec.channel.as_deref().map(accepted_channel_names);
        for name in accepted.unwrap_or_default() {
            let is_same = |other: &Channel| channel_name(other) == name;
            if request.channels.iter().any(is_same) {
                continue;
            }
            if let Some((_, specs)) = unlisted.iter_mut().find(|(other, _)| is_same(other)) {
                specs.push(spec.clone());
            } else if let Ok(url) = Url::parse(&name) {
                unlisted.push((inward_channel(&Channel::from_url(url)), vec![spec.clone()]));
            }
        }
    }
    unlisted
}

/// The channel of some spec that stands for several channels, if the records are from one of them: its name for the
/// solver, which treats channels of one such name alike.
pub(crate) fn channel_group<'a>(specs: &'a [MatchSpec], repodata: &RepoData) -> Option<&'a str> {
    let first = repodata.iter().next()?;
    let channel = first.channel.as_deref().map(channel_text)?;
    let groups = specs.iter().filter_map(|spec| spec.channel.as_deref());
    let mut groups = groups.filter(|group| is_channel_group(group));
    let group = groups.find(|group| accepted_channel_names(group).contains(&channel))?;
    group.name.as_deref()
}

/// What the records that fit one of `specs` depend on.
pub(crate) fn dependencies(specs: &[MatchSpec], repodata: &[RepoData]) -> Vec<MatchSpec> {
    let records = repodata.iter().flat_map(RepoData::iter);
    let fitting = records.filter(|record| specs.iter().any(|spec| spec.matches(*record)));
    let mut texts: Vec<&String> = fitting
        .flat_map(|record| {
            let record = &record.package_record;
            let extras = record.extra_depends.values().flatten();
            record.depends.iter().chain(extras)
        })
        .collect();
    texts.sort();
    texts.dedup();
    texts
        .into_iter()
        .filter_map(|text| parse_record_spec(text).ok())
        .filter(|spec| spec.name.as_exact().is_some())
        .collect()
}

/// Without what `loaded` has as well, by way of channel relations.
pub(crate) fn not_in(loaded: &[RepoData], apart: Vec<RepoData>) -> Vec<RepoData> {
    let key = |record: &RepoDataRecord| -> (Option<String>, PackageName) {
        (record.channel.clone(), record.package_record.name.clone())
    };
    let is_new = |repodata: &RepoData| {
        let Some(first) = repodata.iter().next().map(key) else {
            return false;
        };
        let mut known = loaded.iter().flat_map(RepoData::iter);
        !known.any(|record| key(record) == first)
    };
    apart.into_iter().filter(is_new).collect()
}

/// `channel/subdir`, as far as the spec names it.
fn place(spec: &MatchSpec) -> String {
    let channel = spec.channel.as_deref();
    let channel = channel.map(|channel| accepted_channel_names(channel).join(" or "));
    match (channel, spec.subdir.as_deref()) {
        (Some(channel), Some(subdir)) => format!("{channel}/{subdir}"),
        (Some(channel), None) => channel,
        (None, subdir) => format!("subdir {}", subdir.unwrap_or("any")),
    }
}

/// Whether the spec names a place.
pub(crate) fn is_placed(spec: &MatchSpec) -> bool {
    spec.channel.is_some() || spec.subdir.is_some()
}

fn is_from_channel(channel: Option<&Channel>, record: &RepoDataRecord) -> bool {
    channel.is_none_or(|channel| {
        let found = record.channel.as_deref().map(channel_text);
        found.is_some_and(|found| accepted_channel_names(channel).contains(&found))
    })
}
