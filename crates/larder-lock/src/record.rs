//! Records from and to what a lock keeps of them: the keys of CEP 37 and, for the rest, a JSON
//! object under `custom_metadata` ("the remainder").
//!
//! A record is the base that follows from the CEP's keys, with the remainder's keys laid over it.
//! The remainder is bound to one artifact and can change neither name, address nor digests, so that
//! a merge or another tool cannot marry it to a package that it is not about.

use rattler_conda_types::RepoDataRecord;
use serde_json::{Map, Value};

use crate::{
    Completeness, LockedPackage,
    address::PackageUrl,
    dependencies::{self, Dependencies},
};

/// Which artifact a remainder is about: the first digits of its checksum.
const BOUND_TO: &str = "of";
const REQUESTED: &str = "requested_specs";
/// Says that `depends` are unknown, not none.
const BARE: &str = "bare";
/// Says that what is not there is not known.
const PARTIAL: &str = "partial";
const FIXED: [&str; 6] = ["name", "version", "build", "url", "md5", "sha256"];
const BOUND_DIGITS: usize = 8;
/// Keys of a record that a remainder may have.
const KNOWN: [&str; 24] = [
    "arch",
    "attestations_sha256",
    "build_number",
    "channel",
    "constrains",
    "depends",
    "extra_depends",
    "features",
    "flags",
    "fn",
    "indexed_timestamp",
    "legacy_bz2_md5",
    "legacy_bz2_size",
    "license",
    "license_family",
    "noarch",
    "platform",
    "purls",
    "python_site_packages_path",
    "run_exports",
    "size",
    "subdir",
    "timestamp",
    "track_features",
];

/// What CEP 37 has keys for.
#[derive(Debug, Clone)]
pub(crate) struct Core {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) build: String,
    pub(crate) url: url::Url,
    pub(crate) md5: Option<String>,
    pub(crate) sha256: Option<String>,
    pub(crate) dependencies: Dependencies,
    /// The platform of the item, which need not be the record's subdir.
    pub(crate) platform: &'static str,
    /// From keys that older tools have; empty otherwise.
    pub(crate) extension: Map<String, Value>,
}

/// A record that its keys do not make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoRecord(pub(crate) String);

/// What a remainder gives, if it is about this package.
pub(crate) enum Remainder {
    Applies {
        fields: Map<String, Value>,
        requested_specs: Vec<String>,
        completeness: Completeness,
    },
    /// Why it does not.
    Foreign(&'static str),
}

impl Core {
    pub(crate) fn of(package: &LockedPackage, platform: &'static str) -> Self {
        let record = &package.record.package_record;
        Self {
            name: package.name().to_owned(),
            version: record.version.as_str().into_owned(),
            build: record.build.as_str().to_owned(),
            url: package.record.url.clone(),
            md5: package.md5().map(|digest| digest.to_hex()),
            sha256: package.sha256().map(|digest| digest.to_hex()),
            dependencies: dependencies::to_map(&record.depends),
            platform,
            extension: Map::new(),
        }
    }

    /// The record as far as the CEP's keys give it, in the form of a channel's index.
    fn base(&self) -> Map<String, Value> {
        let place = PackageUrl::of(&self.url);
        let subdir = place.subdir.unwrap_or_else(|| self.platform.to_owned());
        let mut map = Map::new();
        let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
        put("build", self.build.as_str().into());
        put("build_number", build_number(&self.build).into());
        put("depends", dependencies::from_map(&self.dependencies).into());
        if let Some(md5) = &self.md5 {
            put("md5", md5.as_str().into());
        }
        put("name", self.name.as_str().into());
        if let Some(sha256) = &self.sha256 {
            put("sha256", sha256.as_str().into());
        }
        put("subdir", subdir.into());
        put("version", self.version.as_str().into());
        put("fn", place.file_name.into());
        put("url", self.url.as_str().into());
        put("channel", place.channel.into());
        for (key, value) in &self.extension {
            put(key, value.clone());
        }
        map
    }

    /// The record, with the keys of a remainder over it.
    pub(crate) fn record(&self, fields: Map<String, Value>) -> Result<RepoDataRecord, NoRecord> {
        let mut map = self.base();
        map.extend(fields);
        serde_json::from_value(Value::Object(map)).map_err(|error| NoRecord(error.to_string()))
    }

    fn bound_to(&self) -> &str {
        let digest = self.sha256.as_deref().or(self.md5.as_deref());
        digest
            .and_then(|digest| digest.get(..BOUND_DIGITS))
            .unwrap_or_default()
    }

    /// The text of the remainder of `package`: everything that the keys of CEP 37 do not give.
    pub(crate) fn remainder(&self, package: &LockedPackage) -> String {
        Value::Object(self.remaining(package)).to_string()
    }

    /// The remainder that a lock keeps; none if there is nothing that the keys of CEP 37 do not give.
    pub(crate) fn kept_remainder(&self, package: &LockedPackage) -> Option<String> {
        let mut map = self.remaining(package);
        if package.completeness == Completeness::Partial {
            if map.len() == 1 {
                return None;
            }
            map.insert(PARTIAL.to_owned(), true.into());
        }
        Some(Value::Object(map).to_string())
    }

    fn remaining(&self, package: &LockedPackage) -> Map<String, Value> {
        let base = self.base();
        let mut map = Map::new();
        map.insert(BOUND_TO.to_owned(), self.bound_to().into());
        if package.completeness == Completeness::Bare {
            map.insert(BARE.to_owned(), true.into());
        } else if let Ok(Value::Object(record)) = serde_json::to_value(&package.record) {
            map.extend(record.into_iter().filter(|(key, value)| {
                !FIXED.contains(&key.as_str()) && base.get(key) != Some(value)
            }));
        }
        let features = &package.record.package_record.track_features;
        if !features.is_empty() {
            // As text, a feature with a space in it would be read as two.
            map.insert("track_features".to_owned(), features.clone().into());
        }
        if !package.requested_specs.is_empty() {
            map.insert(REQUESTED.to_owned(), package.requested_specs.clone().into());
        }
        map
    }

    /// Takes a remainder apart and holds it against this package.
    pub(crate) fn read_remainder(&self, text: &str) -> Remainder {
        let Ok(mut fields) = serde_json::from_str::<Map<String, Value>>(text) else {
            return Remainder::Foreign("is no JSON object");
        };
        let bound_to = fields.remove(BOUND_TO);
        if bound_to.as_ref().and_then(Value::as_str) != Some(self.bound_to()) {
            return Remainder::Foreign("is about another artifact");
        }
        if FIXED.iter().any(|key| fields.contains_key(*key)) {
            return Remainder::Foreign("would change what is installed");
        }
        // The address says where a package is from: a remainder must not contradict it.
        let place = PackageUrl::of(&self.url);
        let says = |key: &str, known: Option<&str>| match (fields.get(key), known) {
            (Some(found), Some(known)) => found.as_str() == Some(known),
            _ => true,
        };
        // Channels keep noarch packages in the directory of a platform, and the other way round.
        let is_noarch = |subdir: Option<&str>| subdir == Some("noarch");
        let subdir = fields.get("subdir").and_then(Value::as_str);
        let is_subdir_met = says("subdir", place.subdir.as_deref())
            || is_noarch(subdir)
            || subdir.is_some() && is_noarch(place.subdir.as_deref());
        if !is_subdir_met || !says("fn", Some(&place.file_name)) {
            return Remainder::Foreign("contradicts the url");
        }
        if let Some(depends) = fields.get("depends") {
            let depends = strings(Some(depends));
            if dependencies::to_map(&depends) != self.dependencies {
                return Remainder::Foreign("contradicts `dependencies`");
            }
        }
        let requested_specs = strings(fields.remove(REQUESTED).as_ref());
        let mut says = |key| fields.remove(key) == Some(true.into());
        let completeness = match (says(BARE), says(PARTIAL)) {
            (true, _) => Completeness::Bare,
            (_, true) => Completeness::Partial,
            _ => Completeness::Full,
        };
        Remainder::Applies {
            fields,
            requested_specs,
            completeness,
        }
    }
}

/// The keys of a remainder that no record of this version has: a newer larder wrote them.
pub(crate) fn unknown_keys(fields: &Map<String, Value>) -> impl Iterator<Item = &String> {
    fields.keys().filter(|key| !KNOWN.contains(&key.as_str()))
}

fn strings(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items
        .filter_map(Value::as_str)
        .map(ToOwned::to_owned)
        .collect()
}

/// The number that builds carry at their end by convention: `py311_2`, `h1234567_0`, `0`.
fn build_number(build: &str) -> u64 {
    let digits = build.rsplit('_').next().unwrap_or(build);
    digits.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_a_record_is_known() {
        let digest = "ab".repeat(32);
        let md5 = "ab".repeat(16);
        let full = serde_json::json!({
            "arch": "x86_64", "attestations_sha256": digest, "build": "0", "build_number": 1, "constrains": ["a"],
            "depends": ["a"], "extra_depends": {"a": ["b"]}, "features": "a", "flags": ["a"],
            "indexed_timestamp": 1_790_000_000_123_u64, "legacy_bz2_md5": md5, "legacy_bz2_size": 1,
            "license": "MIT", "license_family": "MIT", "md5": md5, "name": "a", "noarch": "python",
            "platform": "linux", "purls": ["pkg:pypi/a"], "python_site_packages_path": "lib",
            "run_exports": {"weak": ["a"]}, "sha256": digest, "size": 1, "subdir": "noarch",
            "timestamp": 1_790_000_000_123_u64, "track_features": "a", "version": "1",
            "fn": "a-1-0.conda", "url": "https://h.test/c/noarch/a-1-0.conda", "channel": "https://h.test/c",
        });
        let keys = full
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>();
        let record: RepoDataRecord = serde_json::from_value(full).unwrap();
        let Ok(Value::Object(written)) = serde_json::to_value(&record) else {
            panic!("a record is an object");
        };
        let is_known =
            |key: &String| KNOWN.contains(&key.as_str()) || FIXED.contains(&key.as_str());
        // A field that rattler's record has got since is missing in one of the two lists.
        for key in written.keys().chain(&keys) {
            assert!(is_known(key) || key == "build", "{key}");
            assert!(written.contains_key(key), "{key} is not written");
        }
    }
}
