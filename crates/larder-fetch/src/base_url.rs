//! Whether one URL lies under another, by whole path segments. Knows no channel and no file system.

use url::Url;

/// Whether both are reached at the same place: scheme, host and port.
pub(crate) fn same_origin(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme()
        && a.host_str() == b.host_str()
        && a.port_or_known_default() == b.port_or_known_default()
}

/// The path of `url` under `base`, without a slash in front, or `None` if it does not lie there.
pub(crate) fn below<'a>(base: &Url, url: &'a Url) -> Option<&'a str> {
    if !same_origin(base, url) {
        return None;
    }
    let rest = url.path().strip_prefix(base.path().trim_end_matches('/'))?;
    if rest.is_empty() {
        Some(rest)
    } else {
        rest.strip_prefix('/')
    }
}
