//! Records that are no candidates whatever a spec asks for: bad flags (CEP 45), names of virtual
//! packages (CEP 26).
//!
//! Rattler takes any text for a flag and a channel's `__cuda` for the system's.

use std::{collections::HashMap, sync::Arc};

use rattler_conda_types::RepoDataRecord;
use rattler_repodata_gateway::RepoData;
use url::Url;

use crate::notices::Notices;

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
    let flags = record.package_record.flags.iter();
    let bad = flags.map(ToString::to_string).find(|flag| !is_flag(flag))?;
    let shown: String = bad.chars().filter(|c| !c.is_control()).take(64).collect();
    Some(format!(
        "`{shown}` is no flag (CEP 45): expected `name` or `name:value` in a-z, 0-9, _"
    ))
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
