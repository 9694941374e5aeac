//! Credentials in every place where an address can have them, and addresses taken apart.

use super::{PackageUrl, base_urls, clean};

#[test]
fn addresses_are_cleaned() {
    for (text, url, variables, secret) in [
        ("conda-forge", "conda-forge", &[][..], false),
        ("https://ch.test/a/", "https://ch.test/a", &[], false),
        ("https://u:p@ch.test/a", "https://ch.test/a", &[], true),
        ("https://u@ch.test/a", "https://ch.test/a", &[], true),
        ("https://u:@ch.test/a", "https://ch.test/a", &[], true),
        ("https://a@b:p@ch.test/a", "https://ch.test/a", &[], true),
        (
            "https://$U:${P}@ch.test/a",
            "https://ch.test/a",
            &["U", "P"],
            false,
        ),
        ("https://u:$P@ch.test", "https://ch.test", &["P"], false),
        ("https://ch.test/t/tok/a", "https://ch.test/a", &[], true),
        ("https://ch.test/t/$T/a", "https://ch.test/a", &["T"], false),
        (
            "https://ch.test/api/t/tok/a",
            "https://ch.test/api/a",
            &[],
            true,
        ),
        ("https://u:p/w@ch.test/a", "https://ch.test/a", &[], true),
        ("t/tok/a", "a", &[], true),
        ("t/$T/a", "a", &["T"], false),
        ("./t/dir/a", "./t/dir/a", &[], false),
        ("t/dir/a-1-0.conda", "t/dir/a-1-0.conda", &[], false),
        ("https://ch.test/a?x=1", "https://ch.test/a", &[], true),
        ("https://ch.test/a?", "https://ch.test/a", &[], false),
        ("https://ch.test/a#x", "https://ch.test/a", &[], false),
        ("https://ch.test/a@b/c", "https://ch.test/a@b/c", &[], false),
        ("file:///t/x/channel", "file:///t/x/channel", &[], false),
        (
            "https://ch.test/dist/x",
            "https://ch.test/dist/x",
            &[],
            false,
        ),
    ] {
        let found = clean(text);
        assert_eq!(found.url, url, "{text}");
        assert_eq!(found.variables, variables, "{text}");
        assert_eq!(found.secret, secret, "{text}");
    }
}

#[test]
fn a_package_url_is_taken_apart() {
    for (url, channel, subdir, file_name) in [
        (
            "https://ch.test/a/linux-64/x-1-0.conda",
            Some("https://ch.test/a"),
            Some("linux-64"),
            "x-1-0.conda",
        ),
        (
            "https://ch.test/noarch/x-1-0.conda",
            Some("https://ch.test"),
            Some("noarch"),
            "x-1-0.conda",
        ),
        ("https://ch.test/x-1-0.conda", None, None, "x-1-0.conda"),
        (
            "https://ch.test/linux-64/x-1%2Bl-0.conda",
            Some("https://ch.test"),
            Some("linux-64"),
            "x-1+l-0.conda",
        ),
        (
            "file:///c/noarch/x-1-0.conda",
            Some("file:///c"),
            Some("noarch"),
            "x-1-0.conda",
        ),
        (
            "https://ch.test/noarch/%zz%2",
            Some("https://ch.test"),
            Some("noarch"),
            "%zz%2",
        ),
        (
            "https://ch.test/noarch/%ff",
            Some("https://ch.test"),
            Some("noarch"),
            "%ff",
        ),
    ] {
        let found = PackageUrl::of(&url.parse().unwrap());
        assert_eq!(found.channel.as_deref(), channel, "{url}");
        assert_eq!(found.subdir.as_deref(), subdir, "{url}");
        assert_eq!(found.file_name, file_name, "{url}");
    }
}

#[test]
fn a_name_means_a_channel_of_anaconda_org() {
    assert_eq!(
        base_urls("bioconda/"),
        ["https://conda.anaconda.org/bioconda"]
    );
    assert_eq!(base_urls("https://ch.test/x/"), ["https://ch.test/x"]);
    assert_eq!(base_urls("defaults").len(), 3);
}
