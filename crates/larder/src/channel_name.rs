//! What a channel is called, from the URL that records have.

/// The channel's base URL. conda writes it with the subdir, CEP 32 wants it without: both are read.
pub(crate) fn base_url(channel: &str, subdir: &str) -> String {
    let channel = channel.trim_end_matches('/');
    let without = channel
        .strip_suffix(subdir)
        .and_then(|rest| rest.strip_suffix('/'));
    without.unwrap_or(channel).trim_end_matches('/').to_owned()
}

/// The name that people use: `conda-forge`, `conda-forge/label/dev`, `pkgs/main`; the last part of the
/// URL for other hosts and for directories.
pub(crate) fn name(base_url: &str) -> String {
    let known = ["https://conda.anaconda.org/", "https://repo.anaconda.com/"];
    if let Some(name) = known.iter().find_map(|host| base_url.strip_prefix(host)) {
        return name.to_owned();
    }
    let parts: Vec<&str> = base_url.split('/').collect();
    match parts.as_slice() {
        [.., channel, "label", label] => format!("{channel}/label/{label}"),
        [.., last] => (*last).to_owned(),
        [] => String::new(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_are_those_that_people_use() {
        let cases = [
            ("https://conda.anaconda.org/conda-forge", "conda-forge"),
            (
                "https://conda.anaconda.org/conda-forge/label/dev",
                "conda-forge/label/dev",
            ),
            ("https://repo.anaconda.com/pkgs/main", "pkgs/main"),
            ("https://host.test/a/b/label/rc", "b/label/rc"),
            ("file:///work/channel", "channel"),
        ];
        for (url, expected) in cases {
            assert_eq!(super::name(url), expected);
        }
    }

    #[test]
    fn a_subdir_is_taken_off_only_as_a_whole_part() {
        assert_eq!(
            super::base_url("https://h.test/c/noarch", "noarch"),
            "https://h.test/c"
        );
        assert_eq!(
            super::base_url("https://h.test/mynoarch/", "noarch"),
            "https://h.test/mynoarch"
        );
    }
}
