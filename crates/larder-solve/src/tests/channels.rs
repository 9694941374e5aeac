//! URLs lose their secrets and keep the rest.

use proptest::prelude::*;
use rattler_conda_types::Channel;
use url::Url;

use crate::channels::{channel_name, channel_text, clean, short_name};

#[test]
fn a_channel_is_named_without_slash_and_secrets() {
    let name = |url: &str| channel_name(&Channel::from_url(Url::parse(url).unwrap()));
    assert_eq!(name("https://h.test/c/"), "https://h.test/c");
    assert_eq!(name("https://u:p@h.test/t/tk-123/c"), "https://h.test/c");
    assert_eq!(name("file:///srv/c"), "file:///srv/c");
    assert_eq!(channel_text("https://h.test/c/"), "https://h.test/c");
    let forge = Url::parse("https://conda.anaconda.org/conda-forge").unwrap();
    assert_eq!(short_name(&Channel::from_url(forge)), "conda-forge");
}

proptest! {
    #[test]
    fn no_secret_survives(secret in "[a-zA-Z0-9]{8,16}") {
        let hidden = [
            format!("https://{secret}:{secret}@h.test/c/noarch/"),
            format!("https://h.test/t/{secret}/c/noarch/"),
            format!("https://h.test/c/t/{secret}/noarch/"),
            format!("https://h.test/c/noarch/?token={secret}#{secret}"),
        ];
        for url in hidden {
            let url = clean(&Url::parse(&url).unwrap());
            prop_assert_eq!(url.as_str(), "https://h.test/c/noarch/");
        }
    }
}
