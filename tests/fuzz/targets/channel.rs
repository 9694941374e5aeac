//! Names, URLs and paths of channels: nothing secret stays in what is resolved.
#![no_main]

use std::path::Path;

use larder_manifest::{ChannelContext, resolve_channel, without_credentials};
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|text: &str| {
    let alias = Url::parse("https://conda.anaconda.org").expect("a URL");
    let context = ChannelContext {
        alias: &alias,
        root_dir: Path::new("/work"),
        home: Some(Path::new("/home/user")),
        default_channels: std::slice::from_ref(&alias),
    };
    let _ = without_credentials(text);
    for channel in resolve_channel(text, &context).unwrap_or_default() {
        let url = &channel.url;
        assert!(url.username().is_empty() && url.password().is_none(), "{url}");
    }
});
