use proptest::prelude::*;
use url::Url;

use crate::{clean, redact};

fn redacted(url: &str) -> String {
    redact(&Url::parse(url).unwrap())
}

#[test]
fn what_is_no_secret_stays_as_it_is() {
    for url in [
        "https://conda.anaconda.org/conda-forge/linux-64/a-1-0.conda",
        "http://127.0.0.1:8080/t",
        "http://[::1]:8080/channel/",
        "file:///srv/t/channel/noarch/a-1-0.tar.bz2",
        "https://host/art/a%20b/c",
    ] {
        assert_eq!(redacted(url), url);
    }
}

#[test]
fn each_place_of_a_secret_is_left_out() {
    for (url, shown) in [
        ("https://user:pass@host/a", "https://host/a"),
        ("https://user@host:81/a", "https://host:81/a"),
        (
            "https://host/t/tk-1/a/b.conda",
            "https://host/t/<TOKEN>/a/b.conda",
        ),
        (
            "https://host/api/conda/t/tk-1/a",
            "https://host/api/conda/t/<TOKEN>/a",
        ),
        ("https://host/t/t/a", "https://host/t/<TOKEN>"),
        (
            "https://host/a/t/one/b/t/two",
            "https://host/a/t/<TOKEN>/b/t/<TOKEN>",
        ),
        ("https://host/a?sig=x&y", "https://host/a"),
        ("https://host/a#x", "https://host/a"),
        ("data:text/plain,secret", "data:..."),
    ] {
        assert_eq!(redacted(url), shown);
    }
}

proptest! {
    #[test]
    fn a_secret_is_never_shown(
        secret in "S3CR3T[A-Za-z0-9_.~-]{0,40}",
        place in 0..6_usize,
        segments in prop::collection::vec("t|[a-z0-9-]{1,8}", 0..4),
    ) {
        let path = segments.join("/");
        let url = match place {
            0 => format!("https://{secret}@host/{path}"),
            1 => format!("https://user:{secret}@host:8443/{path}"),
            2 => format!("https://host/t/{secret}/{path}"),
            3 => format!("https://host/x/{path}/t/{secret}"),
            4 => format!("https://host/{path}?a=b&token={secret}"),
            _ => format!("https://host/{path}#{secret}"),
        };
        let url = Url::parse(&url).unwrap();
        prop_assert!(!redact(&url).contains("S3CR3T"), "{}", redact(&url));
        prop_assert!(!clean(&url).as_str().contains("S3CR3T"), "{}", clean(&url));
    }
}
