//! The `FETCH` list of conda's `--json` output: the full record of each package whose archive is downloaded.
//!
//! conda prints its `PackageRecord`s there (conda 26.7, `UnlinkLinkTransaction._make_legacy_action_groups`), and
//! programs build locks from them: conda-lock takes `depends`, `md5`, `sha256`, `fn` and `url`. Older consumers read
//! the short keys of `LINK`, so an entry has both.

use larder_fetch::{FetchPlan, redact};
use larder_lock::LockedPackage;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::create::linked;

/// One entry of `FETCH`: the keys of conda's record and those of a `LINK` entry. Holds no credentials.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct FetchRecord(Map<String, Value>);

impl FetchRecord {
    fn new(package: &LockedPackage) -> Self {
        let mut keys = object(&linked(package));
        let record = object(&package.record.package_record);
        keys.extend(record.into_iter().filter(|(_, value)| !value.is_null()));
        for list in ["depends", "constrains"] {
            keys.entry(list).or_insert_with(|| json!([]));
        }
        let subdir = &package.record.package_record.subdir;
        let base = package.record.channel.as_deref().unwrap_or_default();
        // conda prints the channel of a record as a URL that ends in the subdir.
        let channel = format!("{}/{subdir}", base.trim_end_matches('/'));
        keys.insert("channel".into(), channel.into());
        keys.insert("fn".into(), package.record.identifier.to_file_name().into());
        keys.insert("url".into(), redact(&package.record.url).into());
        // The record's own `platform` is conda's old name of the operating system; consumers expect that of `LINK`.
        keys.insert("platform".into(), subdir.clone().into());
        Self(keys)
    }

    /// Name of the package.
    pub fn name(&self) -> &str {
        self.0["name"].as_str().unwrap_or_default()
    }
}

/// The entries for `packages` whose archives `plan` downloads, or for all of them in a dry run.
///
/// A dry run lists packages that are in the store as well: there is no package cache of conda's layout in which a
/// consumer could look up the records of the others, as conda-lock does after conda's dry run.
pub(crate) fn fetch_records<'a>(
    packages: impl Iterator<Item = &'a LockedPackage>,
    plan: &FetchPlan,
    dry_run: bool,
) -> Vec<FetchRecord> {
    let is_missing = |package: &&LockedPackage| {
        let mut missing = plan.missing.iter();
        dry_run || missing.any(|missing| missing.name == package.name())
    };
    packages.filter(is_missing).map(FetchRecord::new).collect()
}

fn object(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(keys)) => keys,
        _ => Map::new(),
    }
}
