//! Comment selectors and dictionary selectors.
#![no_main]

use larder_manifest::Selector;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = Selector::parse_comment(text);
    let _ = Selector::parse_dictionary(text);
});
