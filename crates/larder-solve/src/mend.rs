//! Channels with records that make no sense: used without them.
//!
//! Rattler refuses a whole package name for one bad record. Only when that has happened is the plain
//! index read here, bad records are taken out (each with a warning, up to a limit), and the rest is given back
//! to the gateway. A channel that declares relations (CEP 42) is not mended: they would be lost on the way.

use std::sync::Arc;

use larder_redact::redact_text;
use rattler_conda_types::{
    Channel, PackageRecord, Subdir,
    package::{ArchiveIdentifier, DistArchiveIdentifier},
};
use rattler_repodata_gateway::{Source, sparse::SparseRepoData};
use serde::{Deserialize, Serialize};
use serde_json::{
    Map, Value,
    value::{RawValue, to_raw_value},
};
use url::Url;

use crate::{
    cache::REPODATA, channels::channel_name, notices::Notices, session::Session, spec_bounds,
};

/// So many bad records of one index are named, the rest is counted.
const MOST_WARNINGS: usize = 20;

/// How much of a text of an index is shown.
const SHOWN: usize = 128;

/// The channel without its bad records; nothing if it has none, or cannot be mended.
pub(crate) async fn mended(
    session: &Session,
    channel: &Channel,
    subdirs: &[Subdir],
    notices: &Notices,
) -> Option<Source> {
    let mut parts = Vec::new();
    let mut left_out = 0;
    for subdir in subdirs {
        let Some(bytes) = read(session, &channel.platform_url(*subdir)).await else {
            continue;
        };
        let (bytes, bad) = mend(&bytes)?;
        left_out += bad.len();
        warn_of(
            &bad,
            &format!("{}/{subdir}", channel_name(channel)),
            notices,
        );
        let part = SparseRepoData::from_bytes(channel.clone(), subdir.as_str(), bytes.into(), None);
        parts.push(Arc::new(part.ok()?));
    }
    tracing::debug!("{left_out} records left out of {}", channel_name(channel));
    (!parts.is_empty()).then_some(Source::SparseRepoData(parts))
}

fn warn_of(bad: &[BadRecord], index: &str, notices: &Notices) {
    let code = "repodata::bad-record";
    for BadRecord { file, reason } in bad.iter().take(MOST_WARNINGS) {
        let (file, reason) = (shown(file), shown(reason));
        notices.push(code, format!("{index}/{file} is left out: {reason}"));
    }
    if let Some(more @ 1..) = bad.len().checked_sub(MOST_WARNINGS) {
        notices.push(code, format!("{index}: {more} more records are left out"));
    }
}

/// Text of an index is not to be trusted with the terminal.
fn shown(text: &str) -> String {
    let text = redact_text(text);
    let text = text.chars().filter(|c| !c.is_control());
    text.take(SHOWN).collect()
}

/// A record that makes no sense, and why.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadRecord {
    pub(crate) file: String,
    pub(crate) reason: String,
}

/// An index whose records are looked at one by one: as a whole it would need ten times its size in memory.
#[derive(Deserialize)]
struct LooseIndex<'a> {
    #[serde(default, borrow)]
    info: Option<&'a RawValue>,
    #[serde(default, borrow)]
    packages: Option<&'a RawValue>,
    #[serde(default, borrow, rename = "packages.conda")]
    conda: Option<&'a RawValue>,
    #[serde(default, borrow)]
    v3: Option<&'a RawValue>,
    #[serde(default, borrow)]
    removed: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct LooseV3<'a> {
    #[serde(default, borrow, rename = "tar.bz2")]
    tar_bz2: Option<&'a RawValue>,
    #[serde(default, borrow)]
    conda: Option<&'a RawValue>,
    #[serde(default, borrow)]
    whl: Option<&'a RawValue>,
}

/// A part of an index; what is not as it should be has nothing to offer.
fn part_of<'a, T: Default + Deserialize<'a>>(raw: Option<&'a RawValue>) -> T {
    let part = raw.and_then(|raw| serde_json::from_str(raw.get()).ok());
    part.unwrap_or_default()
}

/// By file name; a name that comes twice counts once.
type LooseRecords<'a> = std::collections::BTreeMap<String, &'a RawValue>;

/// Takes bad records and nulls out of the bytes of an index; gives back the rest and what was taken out. `None` if it
/// is not an index, or one that relates to other channels.
pub(crate) fn mend(bytes: &[u8]) -> Option<(Vec<u8>, Vec<BadRecord>)> {
    // A list would be read as the fields of the index in their order.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    let index: LooseIndex<'_> = serde_json::from_slice(bytes).ok()?;
    if let Some(info) = index.info {
        let info: Value = serde_json::from_str(info.get()).ok()?;
        if info["channel_relations"].is_object() {
            return None;
        }
    }
    let mut bad = Vec::new();
    let v3: LooseV3<'_> = part_of(index.v3);
    let mut groups = Vec::new();
    for (records, is_v3) in [
        (index.packages, false),
        (index.conda, false),
        (v3.tar_bz2, true),
        (v3.conda, true),
        (v3.whl, true),
    ] {
        groups.push(mend_group(part_of(records), is_v3, &mut bad));
    }
    let removed: Vec<String> = part_of(index.removed);
    let removed = removed.into_iter();
    let removed = removed.filter(|file| is_file_name(file, false));
    let mut groups = groups.into_iter();
    let mut next = || groups.next().unwrap_or_default();
    let mended = MendedIndex {
        info: index.info,
        packages: next(),
        conda: next(),
        v3: MendedV3 {
            tar_bz2: next(),
            conda: next(),
            whl: next(),
        },
        removed: removed.collect(),
    };
    Some((serde_json::to_vec(&mended).ok()?, bad))
}

#[derive(Serialize)]
struct MendedIndex<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    info: Option<&'a RawValue>,
    packages: MendedRecords,
    #[serde(rename = "packages.conda")]
    conda: MendedRecords,
    v3: MendedV3,
    removed: Vec<String>,
}

#[derive(Serialize)]
struct MendedV3 {
    #[serde(rename = "tar.bz2")]
    tar_bz2: MendedRecords,
    conda: MendedRecords,
    whl: MendedRecords,
}

type MendedRecords = std::collections::BTreeMap<String, Box<RawValue>>;

fn mend_group(records: LooseRecords<'_>, is_v3: bool, bad: &mut Vec<BadRecord>) -> MendedRecords {
    let mut good = MendedRecords::new();
    for (file, record) in records {
        match mend_record(&file, record, is_v3) {
            Ok(record) => {
                good.insert(file, record);
            }
            Err(reason) => bad.push(BadRecord { file, reason }),
        }
    }
    good
}

/// Whether a key of an index can be that of a package. The gateway joins it to an address.
fn is_file_name(key: &str, is_v3: bool) -> bool {
    let is_package = match is_v3 {
        // Keys of version 3 have no extension.
        true => key.parse::<ArchiveIdentifier>().is_ok(),
        false => DistArchiveIdentifier::try_from_filename(key).is_some(),
    };
    is_package && !key.contains([':', '/', '\\'])
}

/// The record without nulls.
///
/// # Errors
/// Why rattler cannot read it.
fn mend_record(file: &str, record: &RawValue, is_v3: bool) -> Result<Box<RawValue>, String> {
    if !is_file_name(file, is_v3) {
        return Err("expected a file name such as `name-version-build.conda`".to_owned());
    }
    let mut fields: Map<String, Value> =
        serde_json::from_str(record.get()).map_err(|error| error.to_string())?;
    fields.retain(|_, value| !value.is_null());
    for field in ["depends", "constrains"] {
        let texts = fields.get(field).and_then(Value::as_array);
        if let Some(problem) = texts.and_then(|texts| spec_bounds::problem_of_length(texts.len())) {
            return Err(problem);
        }
        let texts = texts.into_iter().flatten().filter_map(Value::as_str);
        if let Some(problem) = texts.filter_map(spec_bounds::problem_of).next() {
            return Err(problem);
        }
    }
    let extras = fields.get("extra_depends").and_then(Value::as_object);
    let extras = extras.into_iter().flat_map(Map::values);
    let mut lists = extras.clone().filter_map(Value::as_array);
    if let Some(problem) = lists.find_map(|list| spec_bounds::problem_of_length(list.len())) {
        return Err(problem);
    }
    let mut extras = extras.filter_map(Value::as_array).flatten();
    if let Some(problem) = extras.find_map(|text| spec_bounds::problem_of(text.as_str()?)) {
        return Err(problem);
    }
    let record = to_raw_value(&fields).map_err(|error| error.to_string())?;
    serde_json::from_value::<PackageRecord>(Value::Object(fields))
        .map_err(|error| error.to_string())?;
    Ok(record)
}

/// The index of a subdir, unpacked, from the first form that is there.
async fn read(session: &Session, subdir: &Url) -> Option<Vec<u8>> {
    for form in ["repodata.json.zst", "repodata.json.bz2", "repodata.json"] {
        let url = subdir.join(form).ok()?;
        if let Some(bytes) = session.get(url.clone()).await {
            let mut unpacked = Vec::new();
            REPODATA.unpack(&url, &bytes, &mut unpacked).ok()?;
            return Some(unpacked);
        }
    }
    None
}
