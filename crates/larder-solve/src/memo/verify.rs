//! A remembered closure, taken from the channels' own records and held against the request.
//!
//! Nothing of the memo's records gets into the closure: they only say which records of the current
//! indexes it has, and must equal them. The solver is not asked.

use std::{collections::HashMap, sync::Arc};

use larder_lock::{Closure, Selection, Wanted, WantedSpec, check_closure};
use rattler_conda_types::{Channel, MatchSpec, PackageName, RepoDataRecord};
use rattler_repodata_gateway::RepoData;
use serde_json::Value;

use crate::{
    Priority, Requested, SolveRequest,
    channels::channel_name,
    load::Load,
    local::outward,
    resolve::Universe,
    solver::{closure, presentable},
};

/// How much of a memo's text a reason may show.
const SHOWN: usize = 64;

/// The closure of these remembered records.
///
/// # Errors
/// Why it is not to be used.
pub(crate) async fn recalled(packages: &[Value], load: &Load<'_>) -> Result<Closure, String> {
    let names = packages.iter().map(|package| {
        let name = name_of(package);
        let parsed = PackageName::try_from(name).map(MatchSpec::from);
        parsed.map_err(|_| format!("the memo has a package of the name `{}`", shown(name)))
    });
    let names: Vec<MatchSpec> = names.collect::<Result<_, _>>()?;
    let loaded = load.only(&names).await;
    let loaded =
        loaded.map_err(|error| format!("the remembered records are not there: {error}"))?;
    let universe = Universe::new(load.request, loaded).map_err(|error| error.to_string())?;
    let records = pick(packages, &universe, load.request)?;
    let closure = closure(load.request, records).map_err(|error| error.to_string())?;
    fits(&closure, load.request)?;
    Ok(closure)
}

/// Whether `closure` is complete and meets the request.
///
/// # Errors
/// The first reason why not.
pub(crate) fn fits(closure: &Closure, request: &SolveRequest<'_>) -> Result<(), String> {
    let channels: Vec<String> = request.channels.iter().map(channel_name).collect();
    let wanted = |wanted: &Requested| WantedSpec {
        spec: outward_spec(&wanted.spec),
        text: wanted.text.clone(),
        location: wanted.location.clone().unwrap_or_default(),
        is_implied: wanted.is_implied,
    };
    let specs: Vec<WantedSpec> = request.specs.iter().map(wanted).collect();
    let pinned: Vec<WantedSpec> = request.pinned.iter().map(wanted).collect();
    let wanted = Wanted {
        subdir: request.subdir,
        channels: &channels,
        specs: &specs,
        constraints: &pinned,
        virtual_packages: request.virtual_packages,
        selection: &Selection::all(),
    };
    match check_closure(closure, &wanted).first() {
        None => Ok(()),
        Some(reason) => Err(format!("the remembered closure does not fit: {reason}")),
    }
}

/// The closure names local channels as the user does.
fn outward_spec(spec: &MatchSpec) -> MatchSpec {
    let channel = spec.channel.as_deref().map(|channel| Channel {
        base_url: outward(channel.base_url.as_ref()).into(),
        ..channel.clone()
    });
    MatchSpec {
        channel: channel.map(Arc::new),
        ..spec.clone()
    }
}

/// The records of the indexes that equal the remembered ones, if a solve may choose them.
fn pick(
    packages: &[Value],
    universe: &Universe,
    request: &SolveRequest<'_>,
) -> Result<Vec<RepoDataRecord>, String> {
    let mut by_name: HashMap<&str, Vec<&RepoDataRecord>> = HashMap::new();
    for record in universe.repodata.iter().flat_map(RepoData::iter) {
        let name = record.package_record.name.as_normalized();
        by_name.entry(name).or_default().push(record);
    }
    let specs: Vec<MatchSpec> = request.specs.iter().map(|w| w.spec.clone()).collect();
    let find = |package: &Value| {
        let name = name_of(package);
        let url = package["url"].as_str();
        let offered = by_name.get(name).map_or(&[][..], Vec::as_slice);
        let equal = offered.iter().find(|record| {
            url == Some(outward(&record.url).as_str())
                && remembered(record).as_ref() == Some(package)
        });
        let equal =
            equal.ok_or_else(|| format!("no channel has {} as it is remembered", shown(name)))?;
        let is_first = offered[0].channel == equal.channel
            || request.priority != Priority::Strict
            || specs.iter().any(|spec| names_channel_of(spec, equal));
        if !is_first || !universe.admits(equal, &specs) {
            return Err(format!(
                "a solve may not choose the remembered {}",
                shown(name)
            ));
        }
        Ok(RepoDataRecord::clone(equal))
    };
    packages.iter().map(find).collect()
}

/// Whether the spec says from which channel the record's package is to come: then the order of
/// channels does not.
fn names_channel_of(spec: &MatchSpec, record: &RepoDataRecord) -> bool {
    spec.channel.is_some() && spec.name.as_exact() == Some(&record.package_record.name)
}

/// A record as a memo has it: as the closure has it.
pub(crate) fn remembered(record: &RepoDataRecord) -> Option<Value> {
    serde_json::to_value(presentable(record.clone())).ok()
}

fn name_of(package: &Value) -> &str {
    package["name"].as_str().unwrap_or_default()
}

/// Text of a memo is not to be trusted with the terminal.
fn shown(text: &str) -> String {
    let text = text.chars().filter(|c| !c.is_control());
    text.take(SHOWN).collect()
}
