//! `LIMITS.md` says what the constants say, and has a row for each of them.

use std::collections::BTreeMap;

use larder_cache::{archive, key};
use larder_manifest::yaml::YamlLimits;

/// Bounds that are a number of their own.
fn constants() -> BTreeMap<&'static str, u64> {
    let packages = larder_unpack::Limits::default();
    let cache = archive::ReadLimits::default();
    let patience = larder_remote::Patience::default();
    BTreeMap::from([
        ("larder_solve::REPODATA_BYTES", larder_solve::REPODATA_BYTES),
        (
            "larder_solve::SHARD_INDEX_BYTES",
            larder_solve::SHARD_INDEX_BYTES,
        ),
        (
            "larder_solve::SHARD_INDEX_UNPACKED_BYTES",
            larder_solve::SHARD_INDEX_UNPACKED_BYTES,
        ),
        ("larder_solve::SHARD_BYTES", larder_solve::SHARD_BYTES),
        (
            "larder_solve::SHARD_UNPACKED_BYTES",
            larder_solve::SHARD_UNPACKED_BYTES,
        ),
        ("larder_solve::UNPACK_RATIO", larder_solve::UNPACK_RATIO),
        (
            "larder_solve::UNPACK_RATIO_FLOOR",
            larder_solve::UNPACK_RATIO_FLOOR,
        ),
        ("larder_solve::MEMO_BYTES", larder_solve::MEMO_BYTES),
        ("larder_store::FORMAT_BYTES", larder_store::FORMAT_BYTES),
        ("larder_store::MD5_NAME_BYTES", larder_store::MD5_NAME_BYTES),
        ("larder_store::ROOT_BYTES", larder_store::ROOT_BYTES),
        ("larder_store::PIN_BYTES", larder_store::PIN_BYTES),
        ("larder::CONFIRMED_BYTES", larder::CONFIRMED_BYTES),
        (
            "larder_link::BYTECODE_BUNDLE_BYTES",
            larder_link::BYTECODE_BUNDLE_BYTES,
        ),
        (
            "larder_link::BYTECODE_INDEX_BYTES",
            larder_link::BYTECODE_INDEX_BYTES,
        ),
        ("larder_link::MAX_RECORD", larder_link::MAX_RECORD),
        (
            "larder_link::MAX_RECORDS_TOTAL",
            larder_link::MAX_RECORDS_TOTAL,
        ),
        ("larder_link::MAX_HISTORY", larder_link::MAX_HISTORY),
        ("larder_link::MAX_SMALL", larder_link::MAX_SMALL),
        ("larder_link::MAX_JOURNAL", larder_link::MAX_JOURNAL),
        ("larder::INPUT_BYTES", larder::INPUT_BYTES),
        ("larder::ARGUMENT_BYTES", larder::ARGUMENT_BYTES),
        ("larder_unpack::Limits::entries", packages.entries),
        ("larder_unpack::Limits::entry_bytes", packages.entry_bytes),
        ("larder_unpack::Limits::total_bytes", packages.total_bytes),
        ("larder_unpack::Limits::ratio", packages.ratio),
        ("larder_unpack::Limits::info_bytes", packages.info_bytes),
        ("larder_link::REWRITTEN_BYTES", larder_link::REWRITTEN_BYTES),
        (
            "larder_pypi::REQUIREMENTS_BYTES",
            larder_pypi::REQUIREMENTS_BYTES,
        ),
        (
            "larder_pypi::REQUIREMENTS_DEPTH",
            larder_pypi::REQUIREMENTS_DEPTH.into(),
        ),
        (
            "larder_cache::archive::ReadLimits::total_bytes",
            cache.total_bytes,
        ),
        ("larder_cache::archive::ReadLimits::entries", cache.entries),
        ("larder_cache::archive::RATIO", archive::RATIO),
        ("larder_cache::archive::RATIO_FLOOR", archive::RATIO_FLOOR),
        (
            "larder_cache::archive::ENTRIES_FRAME_BYTES",
            archive::ENTRIES_FRAME_BYTES,
        ),
        (
            "larder_cache::archive::BODY_FRAME_BYTES",
            archive::BODY_FRAME_BYTES,
        ),
        (
            "larder_cache::archive::DIRECTORIES_FRAME_BYTES",
            archive::DIRECTORIES_FRAME_BYTES,
        ),
        (
            "larder_cache::archive::DIRECTORIES_PACKED_BYTES",
            archive::DIRECTORIES_PACKED_BYTES,
        ),
        (
            "larder_cache::archive::WINDOW_LOG",
            archive::WINDOW_LOG.into(),
        ),
        ("larder_cache::archive::NAME_BYTES", archive::NAME_BYTES),
        (
            "larder_remote::Patience::per_operation",
            patience.per_operation.as_secs(),
        ),
        (
            "larder_remote::Patience::slow_for",
            patience.slow_for.as_secs(),
        ),
    ])
}

/// Bounds that are sizes in memory.
fn sizes() -> BTreeMap<&'static str, usize> {
    BTreeMap::from([
        ("larder_link::MAX_RECORDS", larder_link::MAX_RECORDS),
        ("larder_manifest::SPEC_BYTES", larder_manifest::SPEC_BYTES),
        ("larder_manifest::SPEC_DEPTH", larder_manifest::SPEC_DEPTH),
        (
            "larder_manifest::SPEC_CONDITIONS",
            larder_manifest::SPEC_CONDITIONS,
        ),
        (
            "larder_manifest::yaml::YamlLimits::MANIFEST.bytes",
            YamlLimits::MANIFEST.bytes,
        ),
        (
            "larder_manifest::yaml::YamlLimits::MANIFEST.depth",
            YamlLimits::MANIFEST.depth,
        ),
        (
            "larder_manifest::yaml::YamlLimits::MANIFEST.nodes",
            YamlLimits::MANIFEST.nodes,
        ),
        (
            "larder_manifest::yaml::YamlLimits::MANIFEST.text_bytes",
            YamlLimits::MANIFEST.text_bytes,
        ),
        (
            "larder_manifest::yaml::YamlLimits::LOCK.bytes",
            YamlLimits::LOCK.bytes,
        ),
        (
            "larder_manifest::yaml::YamlLimits::LOCK.depth",
            YamlLimits::LOCK.depth,
        ),
        (
            "larder_manifest::yaml::YamlLimits::LOCK.nodes",
            YamlLimits::LOCK.nodes,
        ),
        (
            "larder_manifest::yaml::YamlLimits::LOCK.text_bytes",
            YamlLimits::LOCK.text_bytes,
        ),
        (
            "larder_lock::REQUIREMENT_BYTES",
            larder_lock::REQUIREMENT_BYTES,
        ),
        (
            "larder_lock::REQUIREMENT_DEPTH",
            larder_lock::REQUIREMENT_DEPTH,
        ),
        (
            "larder_lock::REQUIREMENT_JOINTS",
            larder_lock::REQUIREMENT_JOINTS,
        ),
        (
            "larder_pypi::REQUIREMENTS_FILES",
            larder_pypi::REQUIREMENTS_FILES,
        ),
        ("larder_cache::key::KEY_BYTES", key::KEY_BYTES),
        ("larder_cache::key::RESTORE_KEYS", key::RESTORE_KEYS),
        (
            "larder_unpack::PLACEHOLDER_BYTES",
            larder_unpack::PLACEHOLDER_BYTES,
        ),
        ("larder_link::TEXT_GROWTH", larder_link::TEXT_GROWTH),
        (
            "larder_link::TEXT_GROWTH_FLOOR",
            larder_link::TEXT_GROWTH_FLOOR,
        ),
        ("larder_cache::archive::NAME_DEPTH", archive::NAME_DEPTH),
        ("larder_cache::archive::LINK_BYTES", archive::LINK_BYTES),
        ("larder_cache::archive::OPEN_FILES", archive::OPEN_FILES),
        ("larder_remote::ANSWER_BYTES", larder_remote::ANSWER_BYTES),
        (
            "larder_remote::LISTED_OBJECTS",
            larder_remote::LISTED_OBJECTS,
        ),
        ("larder_remote::LIST_PAGES", larder_remote::LIST_PAGES),
        ("larder_solve::RECORD_SPECS", larder_solve::RECORD_SPECS),
    ])
}

#[test]
fn the_table_and_the_constants_say_the_same() {
    let mut expected = constants();
    expected.extend(
        sizes()
            .into_iter()
            .map(|(name, value)| (name, value as u64)),
    );
    let mut listed = BTreeMap::new();
    for line in include_str!("../LIMITS.md").lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, _, _, value, constant, _] = cells[..] else {
            continue;
        };
        let name = constant.strip_prefix('`');
        let Some(name) = name.and_then(|name| name.strip_suffix('`')) else {
            continue;
        };
        let value: u64 = value
            .parse()
            .unwrap_or_else(|_| panic!("{name}: {value:?} is no number"));
        let before = listed.insert(name, value);
        assert_eq!(before, None, "{name} is listed twice");
    }
    assert_eq!(listed, expected);
}
