//! MatchSpec text, and what it is written as.
#![no_main]

use larder_manifest::{canonical_text, parse_spec};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(spec) = parse_spec(text) {
        let written = canonical_text(&spec);
        let _ = parse_spec(&written).map(|again| canonical_text(&again));
    }
});
