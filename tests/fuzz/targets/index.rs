//! Indexes and shards of channels: sizes, forms, and the texts that rattler must not parse.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    larder_fuzz::indexes::unpack(bytes);
    larder_fuzz::indexes::scan(bytes);
    // Inputs are short: with each parenthesis forty times they reach the limit.
    let deep: Vec<u8> = bytes.iter().flat_map(|byte| if *byte == b'(' { vec![*byte; 40] } else { vec![*byte] }).collect();
    larder_fuzz::indexes::scan(&deep);
});
