use url::Url;

use crate::MirrorMap;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn urls(map: &MirrorMap, canonical: &str) -> Vec<String> {
    map.urls(&url(canonical))
        .iter()
        .map(Url::to_string)
        .collect()
}

#[test]
fn mirrors_of_the_longest_base_are_tried_in_order() {
    let mut map = MirrorMap::default();
    map.insert(url("https://c.test/"), vec![url("https://all.test/")]);
    map.insert(
        url("https://c.test/forge"),
        vec![url("https://m1.test/f/"), url("file:///srv/f")],
    );
    assert_eq!(
        urls(&map, "https://c.test/forge/noarch/a-1-0.conda"),
        [
            "https://m1.test/f/noarch/a-1-0.conda",
            "file:///srv/f/noarch/a-1-0.conda"
        ]
    );
    assert_eq!(
        urls(&map, "https://c.test/forgery/noarch/a-1-0.conda"),
        ["https://all.test/forgery/noarch/a-1-0.conda"]
    );
}

#[test]
fn a_url_without_mirrors_is_its_own() {
    let mut map = MirrorMap::default();
    map.insert(url("https://c.test/forge"), vec![]);
    for canonical in [
        "https://c.test/forge/a.conda",
        "http://c.test/forge/a.conda",
        "file:///a.conda",
    ] {
        assert_eq!(urls(&map, canonical), [canonical]);
    }
}

#[test]
fn a_later_entry_replaces_the_earlier() {
    let mut map = MirrorMap::default();
    map.insert(url("https://c.test/f"), vec![url("https://old.test")]);
    map.insert(url("https://c.test/f"), vec![url("https://new.test")]);
    assert_eq!(urls(&map, "https://c.test/f/x"), ["https://new.test/x"]);
}
