//! The channel that a package spec names, once the user's configuration has resolved it.
//!
//! A `MatchSpec` has room for one channel, but a name such as `defaults` or a `custom_multichannels` entry
//! stands for several. [`spec_channel`] keeps all of them in a [`Channel`]: `base_url` is the first one, and
//! `name` lists the base URLs of all. [`spec_channel_urls`] reads them back. Nothing here sends a request.

use rattler_conda_types::Channel;
use url::Url;

use crate::address;

/// The channel of a spec that any of `members` meets; `None` without members.
///
/// The URLs are base URLs without credentials. One member has no name: its URL says everything.
pub fn spec_channel(members: &[Url]) -> Option<Channel> {
    let mut channel = Channel::from_url(members.first()?.clone());
    channel.name = (members.len() > 1).then(|| {
        let urls = members.iter().map(|url| url.as_str().trim_end_matches('/'));
        urls.collect::<Vec<_>>().join(" ")
    });
    Some(channel)
}

/// The base URLs of the channels that a record may come from to meet a spec with this channel,
/// without credentials and trailing slashes.
pub fn spec_channel_urls(channel: &Channel) -> Vec<String> {
    match channel.name.as_deref() {
        // No name of a channel contains a blank (CEP 26), so this is a list made by `spec_channel`.
        Some(list) if list.contains(' ') => list.split(' ').map(ToOwned::to_owned).collect(),
        Some("defaults") => address::base_urls("defaults"),
        _ => address::base_urls(channel.base_url.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::{spec_channel, spec_channel_urls};
    use url::Url;

    fn urls(texts: &[&str]) -> Vec<Url> {
        texts.iter().map(|text| Url::parse(text).unwrap()).collect()
    }

    #[test]
    fn members_are_read_back() {
        for texts in [
            &["https://a.test/one"][..],
            &["https://a.test/one", "https://b.test/two"],
        ] {
            let channel = spec_channel(&urls(texts)).unwrap();
            assert_eq!(spec_channel_urls(&channel), texts);
        }
        assert_eq!(spec_channel(&[]), None);
    }
}
