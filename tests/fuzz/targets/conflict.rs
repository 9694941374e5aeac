//! Locks with git's conflict markers.
#![no_main]

use larder_lock::split_conflict;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Some((ours, theirs)) = split_conflict(text) {
        assert!(ours.len() <= text.len() && theirs.len() <= text.len());
    }
});
