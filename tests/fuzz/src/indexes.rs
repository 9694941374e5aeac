//! Checks of channel indexes, which larder-solve keeps private.

#![allow(dead_code, reason = "parts of a crate")]

#[path = "../../../crates/larder-solve/src/cache/bounds.rs"]
mod bounds;
#[path = "../../../crates/larder-solve/src/cache/shard_index.rs"]
mod shard_index;
#[path = "../../../crates/larder-solve/src/spec_bounds.rs"]
mod spec_bounds;

use std::io::Write as _;

use serde_json::Value;
use url::Url;

/// Unpacks a body as each kind of index; nothing may get beyond the limit.
pub fn unpack(body: &[u8]) {
    for (name, limit) in [
        ("repodata_shards.msgpack.zst", bounds::SHARD_INDEX),
        ("repodata.json.bz2", bounds::REPODATA),
        ("repodata.json", bounds::REPODATA),
    ] {
        let url = Url::parse("https://h.test/noarch/").expect("a URL");
        let url = url.join(name).expect("a URL");
        let mut counter = Counter(0);
        let _ = limit.unpack(&url, body, &mut counter);
        assert!(counter.0 <= limit.unpacked && counter.0 <= (16 << 20).max(100 * body.len() as u64));
    }
}

struct Counter(u64);

impl std::io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Whatever a parser sees in a document, the scans have seen.
pub fn scan(bytes: &[u8]) {
    let _ = shard_index::look_at(bytes);
    let found = spec_bounds::scan_msgpack(bytes);
    if let Ok(value) = rmp_serde::from_slice::<Value>(bytes)
        && has_problem(&value)
    {
        assert!(found.is_some(), "a text of a shard was not seen");
    }
    for pieces in [1, 7, bytes.len().max(1)] {
        let mut scan = spec_bounds::JsonScan::default();
        for piece in bytes.chunks(pieces) {
            scan.write_all(piece).expect("written to memory");
        }
        let found = scan.problem();
        if let Ok(value) = serde_json::from_slice::<Value>(bytes)
            && has_problem(&value)
        {
            assert!(found.is_some(), "a text of an index was not seen");
        }
    }
}

fn has_problem(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('[') && spec_bounds::problem_of(text).is_some(),
        Value::Array(values) => values.iter().any(has_problem),
        Value::Object(fields) => fields.iter().any(|(key, value)| {
            has_problem(&Value::String(key.clone())) || has_problem(value)
        }),
        _ => false,
    }
}
