//! environment.yml.
#![no_main]

use larder_manifest::{Manifest, NoLookup};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(error) = Manifest::parse("environment.yml", bytes, &NoLookup) {
        assert!(!error.to_string().is_empty());
    }
});
