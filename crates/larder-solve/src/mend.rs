//! Channels with records that make no sense: used without them.
//!
//! Rattler refuses a whole package name for one bad record. Only when that has happened is the plain
//! index read here as loose JSON, nulls and bad records are taken out (each with a warning), and the
//! rest is given back to the gateway. A channel that declares relations (CEP 42) is not mended: they
//! would be lost on the way.

use std::sync::Arc;

use rattler_conda_types::{Channel, PackageRecord, Subdir};
use rattler_repodata_gateway::{Source, sparse::SparseRepoData};
use serde_json::{Map, Value};
use url::Url;

use crate::{channels::channel_name, notices::Notices, session::Session};

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
        let mut index: Value = serde_json::from_slice(&bytes).ok()?;
        // Whatever is no object is no index, and cannot be looked into.
        if !index.is_object() || index["info"]["channel_relations"].is_object() {
            return None;
        }
        for (file, reason) in mend(&mut index) {
            left_out += 1;
            let name = channel_name(channel);
            notices.push(
                "repodata::bad-record",
                format!("{name}/{subdir}/{file} is left out: {reason}"),
            );
        }
        let bytes = index.to_string().into();
        let part = SparseRepoData::from_bytes(channel.clone(), subdir.as_str(), bytes, None);
        parts.push(Arc::new(part.ok()?));
    }
    tracing::debug!("{left_out} records left out of {}", channel_name(channel));
    (!parts.is_empty()).then_some(Source::SparseRepoData(parts))
}

/// Takes nulls and bad records out; gives back the files and why.
pub(crate) fn mend(index: &mut Value) -> Vec<(String, String)> {
    let mut bad = Vec::new();
    for group in ["packages", "packages.conda"] {
        if let Some(records) = index[group].as_object_mut() {
            mend_group(records, &mut bad);
        }
    }
    let groups = index["v3"].as_object_mut().into_iter().flatten();
    for (_, group) in groups {
        if let Some(records) = group.as_object_mut() {
            mend_group(records, &mut bad);
        }
    }
    if let Some(index) = index.as_object_mut() {
        // Looking a key up by index makes it.
        index.retain(|_, value| !value.is_null());
    }
    bad
}

fn mend_group(records: &mut Map<String, Value>, bad: &mut Vec<(String, String)>) {
    records.retain(|file, record| {
        if let Some(record) = record.as_object_mut() {
            record.retain(|_, value| !value.is_null());
        }
        match serde_json::from_value::<PackageRecord>(record.clone()) {
            Ok(_) => true,
            Err(error) => {
                bad.push((file.clone(), error.to_string()));
                false
            }
        }
    });
}

/// The index of a subdir, from the first form that is there.
async fn read(session: &Session, subdir: &Url) -> Option<Vec<u8>> {
    let plain = subdir.join("repodata.json").ok()?;
    let compressed = subdir.join("repodata.json.zst").ok()?;
    match session.get(compressed).await {
        Some(bytes) => zstd::decode_all(bytes.as_slice()).ok(),
        None => session.get(plain).await,
    }
}
