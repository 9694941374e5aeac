//! Which keys of a package's `info/index.json` reach its record in `conda-meta`.
//!
//! A record tells every tool that reads it what to do: which files to unlink (`files`, `paths_data`), which
//! menu entries and whole directories to remove (`installed_system_menus`), where an archive and its
//! extracted directory are (`package_tarball_full_path`, `extracted_package_dir`), what the user asked for
//! (`requested_specs`). The author of a package decides none of that, so only keys that describe the package
//! are taken, by name. Tools that come later may act on keys that nobody knows today; of those only facts
//! that are inert by their form are kept: digests, sizes and times.

use serde_json::{Map, Value};

/// What describes a package in an index: the keys of `index.json` and of repodata records that conda-build,
/// rattler-build, the CEPs and conda's model of a package know.
const DESCRIPTIVE: [&str; 41] = [
    "app_cli_opts",
    "app_entry",
    "app_own_environment",
    "app_type",
    "arch",
    "build",
    "build_number",
    "constrains",
    "date",
    "depends",
    "experimental_extra_depends",
    "extra_depends",
    "features",
    "flags",
    "fn",
    "home",
    "icon",
    "identifiers",
    "keywords",
    "language",
    "legacy_bz2_md5",
    "legacy_bz2_size",
    "license",
    "license_family",
    "md5",
    "name",
    "namespace",
    "namespace_in_name",
    "noarch",
    "platform",
    "preferred_env",
    "purls",
    "python_site_packages_path",
    "run_exports",
    "sha256",
    "size",
    "subdir",
    "summary",
    "timestamp",
    "track_features",
    "version",
];

/// Endings of keys that are known by their form alone, such as `attestations_sha256`.
const INERT_ENDINGS: [&str; 4] = ["_sha256", "_md5", "_size", "_timestamp"];
const LONGEST_INERT: usize = 128;

/// Drops every key that must not reach a record.
pub(super) fn keep_descriptive(index: &mut Map<String, Value>) {
    index.retain(|key, value| DESCRIPTIVE.contains(&key.as_str()) || is_inert(key, value));
}

fn is_inert(key: &str, value: &Value) -> bool {
    let has_form = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let is_value = match value {
        Value::String(text) => {
            text.len() <= LONGEST_INERT && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        }
        Value::Number(_) | Value::Null => true,
        _ => false,
    };
    let has_ending = INERT_ENDINGS.iter().any(|ending| key.ends_with(ending));
    is_value && has_ending && key.bytes().all(has_form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_describes_a_package_and_what_is_inert_by_its_form_is_kept() {
        let kept = r#"{"name": "a", "license": "MIT", "timestamp": 1, "depends": [], "track_features": "x",
            "attestations_sha256": "00ff", "provenance_size": 12, "future_timestamp": null}"#;
        let mut index: Map<String, Value> = serde_json::from_str(kept).unwrap();
        let before = index.clone();
        keep_descriptive(&mut index);
        assert_eq!(index, before);
        let dropped = r#"{"installed_system_menus": [], "link": {}, "files": ["x"], "paths_data": {},
            "extracted_package_dir": "/", "package_tarball_full_path": "/", "requested_spec": "x",
            "requested_specs": [], "url": "x", "channel": "x", "auth": "x", "on_remove": "rm -rf ~",
            "hook_sha256": "rm -rf", "hook_size": {"a": 1}, "Evil_sha256": "00", "a b_md5": "00"}"#;
        let mut index: Map<String, Value> = serde_json::from_str(dropped).unwrap();
        keep_descriptive(&mut index);
        assert_eq!(index, Map::new());
    }
}
