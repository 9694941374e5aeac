//! MatchSpec text: what is read is written, and read again the same.
#![no_main]

use larder_manifest::{canonical_text, parse_spec};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(spec) = parse_spec(text) {
        let written = canonical_text(&spec);
        if let Ok(again) = parse_spec(&written) {
            assert_eq!(canonical_text(&again), written);
        }
    }
});
