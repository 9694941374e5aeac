//! Secrets in URLs and texts: whatever stands around a URL, its password and its token are not shown.
#![no_main]

use larder_redact::{redact, redact_text, split_credentials, split_tokens};
use libfuzzer_sys::fuzz_target;
use url::Url;

const SECRET: &str = "s3cr3tcanary";

fuzz_target!(|text: &str| {
    let (before, behind) = text.split_once('\u{1}').unwrap_or((text, ""));
    if !text.contains(SECRET) {
        let said = format!("{before} https://user:{SECRET}@host/t/{SECRET}/c {behind}");
        let shown = redact_text(&said);
        assert!(!shown.contains(SECRET), "{said:?} is shown as {shown:?}");
    }
    let (path, _) = split_tokens(text);
    assert!(split_tokens(&path).1.is_empty(), "{path}");
    if let Ok(url) = Url::parse(text) {
        let (clean, _) = split_credentials(&url);
        assert!(split_credentials(&clean).1.is_empty(), "{clean}");
        let _ = redact(&url);
    }
});
