//! A package's record as channels and package caches have it: complete, without anything of an environment.

use std::path::Path;

use larder_link::{LinkPackage, RecordError};
use larder_lock::LockedPackage;
use larder_store::Object;
use larder_unpack::PackageInfo;
use serde_json::{Map, Value};

/// What only makes sense in an environment.
const OF_AN_ENVIRONMENT: [&str; 4] = [
    "extracted_package_dir",
    "package_tarball_full_path",
    "requested_spec",
    "requested_specs",
];
/// What a cache's record has and a channel's index says otherwise.
const OF_A_CACHE: [&str; 3] = ["channel", "fn", "url"];

/// The record, with size and digest of the archive that is really there: what
/// `info/repodata_record.json` of a package cache holds (CEP 32).
pub(crate) fn cache_record(
    package: &LockedPackage,
    info: &PackageInfo,
    object: &Object,
) -> Result<Map<String, Value>, RecordError> {
    let mut record = larder_link::package_record(LinkPackage {
        locked: package,
        tree_root: Path::new(""),
        recorded_root: Path::new(""),
        info,
        stamps: &[],
        archive_path: Path::new(""),
    })?;
    for key in OF_AN_ENVIRONMENT {
        record.remove(key);
    }
    of_object(&mut record, object);
    record.sort_keys();
    Ok(record)
}

/// Size and digest of what is really there.
fn of_object(record: &mut Map<String, Value>, object: &Object) {
    record.insert("size".into(), object.size.into());
    record.insert("sha256".into(), object.id.sha256.to_hex().into());
}

/// A record of which everything is known, as it stands in a channel's index.
pub(crate) fn known_record(
    package: &LockedPackage,
    object: &Object,
) -> Result<Map<String, Value>, RecordError> {
    let record = serde_json::to_value(&package.record.package_record).map_err(RecordError::Json)?;
    let mut record = match record {
        Value::Object(record) => record,
        _ => Map::new(),
    };
    of_object(&mut record, object);
    record.sort_keys();
    Ok(record)
}

/// The record as it stands in a channel's index, with what it leaves out from the archive.
pub(crate) fn index_record(
    package: &LockedPackage,
    info: &PackageInfo,
    object: &Object,
) -> Result<Map<String, Value>, RecordError> {
    let mut record = cache_record(package, info, object)?;
    for key in OF_A_CACHE {
        record.remove(key);
    }
    Ok(record)
}
