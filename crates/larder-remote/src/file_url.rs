//! The URL of a directory, for messages.

/// The `file://` URL of an absolute path, as it is typed: nothing is escaped. On Windows it has `/`, and a drive comes
/// after an empty host, so it can be used as a URL again.
pub(crate) fn file_url(path: &str, windows: bool) -> String {
    if !windows {
        return format!("file://{path}");
    }
    let path = path.replace('\\', "/");
    let unlimited = path.strip_prefix("//?/");
    let path = match unlimited.map(|rest| (rest, rest.strip_prefix("UNC/"))) {
        Some((_, Some(share))) => format!("//{share}"),
        Some((drive, None)) => drive.to_owned(),
        None => path,
    };
    match path.strip_prefix("//") {
        Some(share) => format!("file://{share}"),
        None => format!("file:///{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::file_url;

    #[test]
    fn drives_and_shares_of_windows_become_urls() {
        for (path, expected) in [
            (r"Z:\cache dir", "file:///Z:/cache dir"),
            (r"\\?\Z:\cache", "file:///Z:/cache"),
            (r"\\host\share\cache", "file://host/share/cache"),
            (r"\\?\UNC\host\share", "file://host/share"),
        ] {
            let url = file_url(path, true);
            assert_eq!(url, expected);
            let parsed = url::Url::parse(&url).unwrap();
            assert_eq!(parsed.scheme(), "file");
        }
        assert_eq!(file_url(r"/srv/a\b", false), r"file:///srv/a\b");
    }
}
