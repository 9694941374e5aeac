//! Records that are no candidates whatever a spec asks for: bad flags (CEP 45), names of virtual
//! packages (CEP 26), addresses that a channel cannot send to, specs that rattler must not parse.
//!
//! Rattler takes any text for a flag and a channel's `__cuda` for the system's.

use std::{collections::HashMap, sync::Arc};

use larder_manifest::{check_spec_bounds, mended_record_spec, own_key, parse_record_spec};
use rattler_conda_types::RepoDataRecord;
use rattler_repodata_gateway::RepoData;
use url::Url;

use crate::{address, local::shown_text, notices::Notices};

/// The unfit records, with the reason, for the solver.
pub(crate) fn excluded(repodata: &[RepoData]) -> HashMap<Url, Arc<str>> {
    let records = repodata.iter().flat_map(RepoData::iter);
    records
        .filter_map(|record| Some((record.url.clone(), reason(record)?.into())))
        .collect()
}

/// Warns of each unfit record.
pub(crate) fn tell(repodata: &RepoData, notices: &Notices) {
    for record in repodata.iter() {
        if let Some(reason) = reason(record) {
            let dist = &record.identifier;
            let channel = record.channel.as_deref().unwrap_or_default();
            let text = format!("{channel}: {dist} is left out: {reason}");
            notices.push("repodata::bad-record", text);
        }
    }
}

fn reason(record: &RepoDataRecord) -> Option<String> {
    let name = record.package_record.name.as_normalized();
    if name.starts_with("__") {
        return Some(format!(
            "`{name}` is the name of a virtual package, which no channel can provide (CEP 26)"
        ));
    }
    if let Some(reason) = problem_of_address(record).or_else(|| unreadable_dependency(record)) {
        return Some(reason);
    }
    if let Some(reason) = unusable_dependency(record) {
        return Some(reason);
    }
    let flags = record.package_record.flags.iter();
    let bad = flags.map(ToString::to_string).find(|flag| !is_flag(flag))?;
    let shown: String = bad.chars().filter(|c| !c.is_control()).take(64).collect();
    Some(format!(
        "`{shown}` is no flag (CEP 45): expected `name` or `name:value` in a-z, 0-9, _"
    ))
}

/// A record of CEP 48 (wheels) has an address of its own, the others are below their index's `base_url`.
fn problem_of_address(record: &RepoDataRecord) -> Option<String> {
    let channel = record.channel.as_deref()?.parse().ok()?;
    let problem = address::problem_of(&channel, &record.url)?;
    let shown = larder_redact::redact(&record.url);
    Some(format!("its address is `{shown:.128}`: {problem}"))
}

/// Whether the solver cannot be given a record at all.
pub(crate) fn is_unreadable(record: &RepoDataRecord) -> bool {
    unreadable_dependency(record).is_some()
}

/// A dependency that the solver's recursive parser cannot be given: it would end the process.
fn unreadable_dependency(record: &RepoDataRecord) -> Option<String> {
    let error = specs_of(record).find_map(|text| check_spec_bounds(text).err())?;
    Some(format!("a dependency is not read: {error}"))
}

fn specs_of(record: &RepoDataRecord) -> impl Iterator<Item = &String> {
    let record = &record.package_record;
    let extras = record.extra_depends.values().flatten();
    let depends = record.depends.iter();
    depends.chain(&record.constrains).chain(extras)
}

/// A dependency that the solver would leave its record out for without a word, or read without a part of it.
fn unusable_dependency(record: &RepoDataRecord) -> Option<String> {
    specs_of(record).find_map(|text| {
        let problem = match mended_record_spec(text) {
            Ok(mended) => problem_of_spec(mended.as_deref().unwrap_or(text))?,
            Err(error) => error.to_string(),
        };
        let shown = shown_text(text);
        Some(format!(
            "its dependency `{shown:.128}` is not read: {problem}"
        ))
    })
}

/// Next to no spec of a record has one of these signs: only those that have are parsed.
fn problem_of_spec(text: &str) -> Option<String> {
    if !text.contains(['[', '@', '(']) {
        return None;
    }
    let spec = match parse_record_spec(text) {
        Ok(spec) => spec,
        Err(error) => return Some(error.to_string()),
    };
    let key = own_key(&spec).or(spec.subdir.as_ref().map(|_| "subdir"))?;
    Some(format!("only a request can ask for `{key}`"))
}

/// `^[a-z0-9_]+(:[a-z0-9_]+)?$`
pub(crate) fn is_flag(text: &str) -> bool {
    let word = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
    };
    match text.split_once(':') {
        Some((name, value)) => word(name) && word(value),
        None => word(text),
    }
}
