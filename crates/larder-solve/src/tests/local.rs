//! Stand-ins and back.

use proptest::prelude::*;
use url::Url;

use crate::local::{inward, is_stand_in, outward, outward_text, path_of};

#[test]
fn only_this_host_s_files_have_a_stand_in() {
    let stand_in = |url: &str| inward(&Url::parse(url).unwrap()).map(|url| url.to_string());
    let local = stand_in("file:///srv/c%20d").unwrap();
    assert_eq!(local, "http://local.invalid/-/srv/c%20d");
    assert_eq!(stand_in("file://server/share/c"), None);
    assert_eq!(stand_in("https://h.test/c"), None);
}

#[test]
fn other_urls_stay_as_they_are() {
    for url in [
        "https://h.test/local.invalid/-/x",
        "https://local.invalid/x",
        "file:///x",
    ] {
        let url = Url::parse(url).unwrap();
        assert!(!is_stand_in(&url));
        assert_eq!(outward(&url), url);
    }
    assert_eq!(
        outward_text("`http://local.invalid/-/a b`"),
        "`file:///a b`"
    );
    assert_eq!(
        outward_text("http://local.invalid/pool/x"),
        "file:///pool/x"
    );
}

proptest! {
    #[test]
    fn every_path_comes_back(segments in proptest::collection::vec("[^/\\\\\0]{1,12}", 1..6)) {
        prop_assume!(segments.iter().all(|segment| segment != "." && segment != ".."));
        let path = std::path::PathBuf::from(format!("/{}", segments.join("/")));
        let url = Url::from_file_path(&path).unwrap();
        let stand_in = inward(&url).unwrap();
        prop_assert!(is_stand_in(&stand_in));
        prop_assert_eq!(&outward(&stand_in), &url);
        prop_assert_eq!(path_of(&outward(&stand_in)).unwrap(), path);
    }
}
