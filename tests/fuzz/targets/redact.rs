//! Secrets in URLs and texts: what is clean stays as it is.
#![no_main]

use larder_redact::{redact, redact_text, split_credentials, split_tokens};
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|text: &str| {
    let shown = redact_text(text);
    assert_eq!(redact_text(&shown), shown);
    let (path, _) = split_tokens(text);
    assert!(split_tokens(&path).1.is_empty(), "{path}");
    if let Ok(url) = Url::parse(text) {
        let (clean, _) = split_credentials(&url);
        assert!(split_credentials(&clean).1.is_empty(), "{clean}");
        let _ = redact(&url);
    }
});
