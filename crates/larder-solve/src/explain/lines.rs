//! What is wrong with single lines: no such package, no such version.
//!
//! Looks at records only; the solver is not asked.

use std::cmp::Reverse;

use rattler_conda_types::{Matches as _, RepoDataRecord};

use super::{Conflict, Context};
use crate::{
    Requested,
    channels::{channel_text, short_name},
    places::{is_from, is_placed},
    resolve::Universe,
    suggestions::closest,
};

/// How many versions or builds are listed.
const MOST_SHOWN: usize = 6;

/// The lines that nothing can meet, each with the reason.
pub(super) fn hopeless(context: &Context, universe: &Universe) -> Vec<(Conflict, String)> {
    let reason = |wanted: &Requested| {
        let reason = if is_virtual(wanted) {
            unmet_virtual(wanted, universe)?
        } else if is_unknown(wanted, universe) {
            unknown_name(wanted, context)
        } else {
            unmet(wanted, context, universe)?
        };
        Some((Conflict::from(wanted), reason))
    };
    context.wanted.iter().filter_map(reason).collect()
}

/// Whether no channel has the name at all.
pub(super) fn is_unknown(wanted: &Requested, universe: &Universe) -> bool {
    !is_virtual(wanted)
        && wanted.spec.url.is_none()
        && wanted.spec.condition.is_none()
        && universe.records_of(name_of(wanted)).next().is_none()
}

fn unknown_name(wanted: &Requested, context: &Context) -> String {
    let name = name_of(wanted);
    let close = closest(name, context.names.iter().map(String::as_str), 3);
    let meant = match close.as_slice() {
        [] => String::new(),
        close => format!("; did you mean `{}`?", close.join("`, `")),
    };
    let channels: Vec<String> = match &wanted.spec.channel {
        Some(channel) => vec![short_name(channel)],
        None => context.channels.iter().map(short_name).collect(),
    };
    let channels = match channels.as_slice() {
        [] => "no channel is configured".to_owned(),
        channels => format!("in {}", channels.join(", ")),
    };
    if let Some(file) = wheel_file_name(wanted, context) {
        return format!(
            "there is only a wheel of `{name}` {channels} (`{file}`), and larder does not install wheels from channels yet"
        );
    }
    format!(
        "no package `{name}` {channels} ({}, noarch){meant}",
        context.subdir
    )
}

/// A wheel of the package in one of the channels: the last by file name, which only shows that there is one.
pub(super) fn wheel_file_name<'c>(wanted: &Requested, context: &'c Context) -> Option<&'c str> {
    let name = name_of(wanted);
    let wheels = context.wheels.iter().filter(|wheel| wheel.package == name);
    wheels.map(|wheel| wheel.file.as_str()).max()
}

/// Records have the name, none fits the rest of the spec.
fn unmet(wanted: &Requested, context: &Context, universe: &Universe) -> Option<String> {
    if wanted.spec.url.is_some() || wanted.spec.condition.is_some() {
        return None;
    }
    let mut records: Vec<&RepoDataRecord> = universe
        .records_of(name_of(wanted))
        .map(AsRef::as_ref)
        .collect();
    if records.iter().any(|record| fits(wanted, record)) {
        return None;
    }
    records.sort_by_key(|record| {
        let record = &record.package_record;
        Reverse((record.version.version().clone(), record.build_number))
    });
    Some(format!(
        "no build of `{}` for {} fits `{}`; there is {}",
        name_of(wanted),
        context.subdir,
        wanted.text,
        what_there_is(wanted, &records),
    ))
}

/// The newest versions, or builds if it is not the version that is at fault.
fn what_there_is(wanted: &Requested, records: &[&RepoDataRecord]) -> String {
    let right = |record: &&&RepoDataRecord| {
        let version = wanted.spec.version.as_ref();
        version.is_none_or(|version| version.matches(&record.package_record.version))
    };
    let places = is_placed(&wanted.spec);
    let describe = |record: &&RepoDataRecord| describe(record, places);
    let mut shown: Vec<String> = records.iter().filter(right).map(describe).collect();
    if shown.is_empty() {
        let versions = records.iter().map(|record| &record.package_record.version);
        shown = versions.map(ToString::to_string).collect();
    }
    shown.dedup();
    let more = match shown.len().saturating_sub(MOST_SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    shown.truncate(MOST_SHOWN);
    format!("{}{more}", shown.join(", "))
}

fn fits(wanted: &Requested, record: &RepoDataRecord) -> bool {
    wanted.spec.matches(record) && is_from(&wanted.spec, record)
}

fn unmet_virtual(wanted: &Requested, universe: &Universe) -> Option<String> {
    let name = name_of(wanted);
    let mut present = universe
        .virtual_packages
        .iter()
        .filter(|package| package.name.as_normalized() == name);
    if present.clone().any(|package| wanted.spec.matches(package)) {
        return None;
    }
    Some(match present.next() {
        Some(package) => format!("the target system has {package}"),
        None => format!("the target system has no `{name}`"),
    })
}

fn describe(record: &RepoDataRecord, with_place: bool) -> String {
    let channel = record.channel.as_deref().map(channel_text);
    let record = &record.package_record;
    match channel {
        Some(channel) if with_place => format!(
            "{} {} in {channel}/{}",
            record.version, record.build, record.subdir
        ),
        _ => format!("{} {}", record.version, record.build),
    }
}

fn is_virtual(wanted: &Requested) -> bool {
    name_of(wanted).starts_with("__")
}

fn name_of(wanted: &Requested) -> &str {
    let name = wanted.spec.name.as_exact();
    name.map_or("", |name| name.as_normalized())
}
