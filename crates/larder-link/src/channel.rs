//! Where a package came from, as records and history say it: never with credentials in it.
//!
//! The closure's contract already says that its URLs have none; this is the last door before the disk.

pub(crate) use larder_redact::clean;
use url::Url;

use crate::{Installed, LinkPackage};

/// The channel's URL without subdir (CEP 32, `channel`).
pub(crate) fn url(package: &LinkPackage<'_>) -> String {
    let record = &package.locked.record;
    let subdir = &record.package_record.subdir;
    let named = record
        .channel
        .as_deref()
        .and_then(|channel| Url::parse(channel).ok());
    let url = match (named, &record.channel) {
        (Some(url), _) => clean(&url),
        (None, Some(name)) if !name.is_empty() => return name.trim_end_matches('/').to_owned(),
        _ => clean(&record.url)
            .join(".")
            .unwrap_or_else(|_| clean(&record.url)),
    };
    let text = url.as_str().trim_end_matches('/');
    let without_subdir = text
        .strip_suffix(subdir.as_str())
        .and_then(|rest| rest.strip_suffix('/'));
    without_subdir.unwrap_or(text).to_owned()
}

/// The channel as conda writes it into a history: by name if it is one of anaconda.org.
pub(crate) fn name(package: &LinkPackage<'_>) -> String {
    short(url(package))
}

/// The same of an installed package, whose record another tool may have written.
pub(crate) fn name_of_installed(package: &Installed) -> String {
    let channel = Url::parse(&package.channel).map_or_else(
        |_| package.channel.clone(),
        |url| clean(&url).as_str().to_owned(),
    );
    let channel = channel.trim_end_matches('/');
    let without_subdir = channel
        .strip_suffix(package.subdir.as_str())
        .and_then(|rest| rest.strip_suffix('/'));
    short(without_subdir.unwrap_or(channel).to_owned())
}

fn short(url: String) -> String {
    match url.strip_prefix("https://conda.anaconda.org/") {
        Some(name) => name.to_owned(),
        None => url,
    }
}
