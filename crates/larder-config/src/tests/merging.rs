//! How sources become one value: conda's rules, and laws that they keep.

use proptest::prelude::*;

use super::fixture::{Memory, list, loaded, of};
use crate::{
    Loaded, Origin, load,
    merge::merge,
    raw::{Data, Flag, Raw},
};

/// The system's file, then the user's, then the environment's.
fn three(texts: [&str; 3]) -> Loaded {
    let files = Memory::default()
        .with("/etc/conda/.condarc", texts[0])
        .with("/home/me/.condarc", texts[1])
        .with("/env/.condarc", texts[2]);
    let loaded = loaded(&files, &[]);
    assert!(loaded.errors.is_empty(), "{:?}", loaded.errors);
    loaded
}

#[test]
fn the_last_scalar_counts_unless_an_earlier_one_is_final() {
    let loaded = three(["offline: true", "", "offline: false"]);
    assert_eq!(loaded.config.flag("offline"), Some(false));
    let loaded = three(["offline: true  #!final", "", "offline: false"]);
    assert_eq!(loaded.config.flag("offline"), Some(true));
    let origin = &loaded.config.get("offline").unwrap().origin;
    assert_eq!(origin.to_string(), "/etc/conda/.condarc:1:1");
    let loaded = three([
        "offline: true  # final",
        "offline: no  # a remark",
        "offline: ~",
    ]);
    assert_eq!(loaded.config.flag("offline"), Some(false));
}

#[test]
fn lists_are_joined_the_strongest_first_and_each_item_once() {
    let loaded = three([
        "channels: [s, both]",
        "channels: [u, both]",
        "channels:\n  - e\n",
    ]);
    assert_eq!(list(&loaded, "channels"), ["e", "u", "both", "s"]);
    let origins = loaded.config.list("channels").iter();
    let origins: Vec<_> = origins.map(|item| item.origin.to_string()).collect();
    assert_eq!(
        origins,
        [
            "/env/.condarc:2:5",
            "/home/me/.condarc:1:12",
            "/home/me/.condarc:1:15",
            "/etc/conda/.condarc:1:12",
        ]
    );
}

#[test]
fn marked_items_go_to_the_top_and_to_the_bottom_and_a_final_list_ends_the_row() {
    let loaded = three([
        "channels:\n  - s\n  - first  #!top\n",
        "channels:\n  - last  #!bottom\n  - u\n",
        "channels:\n  - e\n",
    ]);
    assert_eq!(list(&loaded, "channels"), ["first", "e", "u", "s", "last"]);
    let loaded = three([
        "channels:\n  - s\n",
        "channels: #!final\n  - u\n",
        "channels:\n  - e\n",
    ]);
    assert_eq!(list(&loaded, "channels"), ["u", "s"]);
    // Both marks: the one at the bottom wins, as in conda.
    let loaded = three([
        "channels:\n  - x  #!top\n  - s\n",
        "channels:\n  - x  #!bottom\n",
        "channels: [e]",
    ]);
    assert_eq!(list(&loaded, "channels"), ["e", "s", "x"]);
}

#[test]
fn maps_are_joined_by_name_and_a_final_name_stays() {
    let loaded = three([
        "custom_channels:\n  a: https://s.test  #!final\n  b: https://s.test\n",
        "custom_channels:\n  b: https://u.test\n",
        "custom_channels:\n  a: https://e.test\n  c: https://e.test\n",
    ]);
    let entry = |(name, url): &(String, crate::Located<Option<String>>)| {
        format!("{name}={}", url.value.clone().unwrap_or_default())
    };
    let entries: Vec<_> = loaded
        .config
        .map("custom_channels")
        .iter()
        .map(entry)
        .collect();
    assert_eq!(
        entries,
        ["a=https://s.test", "b=https://u.test", "c=https://e.test"]
    );
    let loaded = three([
        "custom_multichannels: {m: [a]}",
        "custom_multichannels: {m: [b]}",
        "custom_multichannels: {n: [c]}",
    ]);
    let lists = loaded.config.lists("custom_multichannels");
    let values: Vec<_> = lists[0].1.iter().map(|item| item.value.as_str()).collect();
    assert_eq!((lists[0].0.as_str(), values), ("m", vec!["b", "a"]));
    assert_eq!(lists[1].0, "n");
}

#[test]
fn a_name_without_a_value_is_one_all_the_same() {
    let loaded = three([
        "proxy_servers: {https: 'http://p.test'}",
        "proxy_servers: {https: ~}",
        "proxy_servers: ~",
    ]);
    let [(name, url)] = loaded.config.map("proxy_servers") else {
        panic!("one proxy");
    };
    assert_eq!((name.as_str(), &url.value), ("https", &None));
}

#[test]
fn flags_have_condas_spellings_and_numbers_are_numbers() {
    for (text, expected) in [
        ("true", true),
        ("Yes", true),
        ("on", true),
        ("y", true),
        ("1", true),
        ("'true'", true),
        ("false", false),
        ("NO", false),
        ("off", false),
        ("n", false),
        ("none", false),
        ("0", false),
    ] {
        let loaded = of(&format!("offline: {text}"));
        assert_eq!(loaded.config.flag("offline"), Some(expected), "{text}");
    }
    let loaded = of("remote_read_timeout_secs: 1.5\nfetch_threads: 0\ndefault_threads: 4\n");
    assert_eq!(loaded.config.number("remote_read_timeout_secs"), Some(1.5));
    assert_eq!(loaded.config.count("fetch_threads"), None);
    assert_eq!(loaded.config.count("default_threads"), Some(4));
}

#[test]
fn variables_are_expanded_where_conda_does_it_and_lists_of_variables_have_their_separators() {
    let files = Memory::default().with(
        "/env/.condarc",
        "channels: ['$HOST/a', '${HOST}/b', '$NONE/c']\nenv_prompt: '($HOST)'\n",
    );
    let variables = [
        ("HOST", "https://h.test"),
        ("CONDA_PINNED_PACKAGES", "a=1&b>2,<3"),
        ("CONDA_SSL_VERIFY", "$HOST.pem"),
        ("CONDA_OFFLINE", "yes !important"),
        ("CONDA_QUIET", ""),
    ];
    let loaded = loaded(&files, &variables);
    assert_eq!(
        list(&loaded, "channels"),
        ["https://h.test/a", "https://h.test/b", "$NONE/c"]
    );
    assert_eq!(loaded.config.text("env_prompt"), Some("($HOST)"));
    assert_eq!(list(&loaded, "pinned_packages"), ["a=1", "b>2,<3"]);
    assert_eq!(loaded.config.text("ssl_verify"), Some("https://h.test.pem"));
    assert_eq!(loaded.config.flag("offline"), Some(true));
    assert!(loaded.config.get("quiet").is_none());
}

#[test]
fn what_is_shown_has_no_credentials() {
    let loaded = of(
        "channels: ['https://me:hunter2@h.test/c', 'https://h.test/t/to-0123456789abcdef/c']\nproxy_servers: {https: 'http://me:hunter2@p.test'}\n",
    );
    for setting in loaded.config.settings() {
        let shown = setting.shown();
        assert!(
            !shown.contains("hunter2") && !shown.contains("0123456789"),
            "{shown}"
        );
        assert!(
            shown.contains("h.test") || shown.contains("p.test"),
            "{shown}"
        );
    }
}

fn raw(data: Data, flag: Option<Flag>) -> Raw {
    let origin = Origin::Variable("X".to_owned());
    Raw { data, flag, origin }
}

fn list_of(items: &[u8]) -> Raw {
    let items = items
        .iter()
        .map(|item| raw(Data::Scalar(item.to_string()), None));
    raw(Data::List(items.collect()), None)
}

fn any_map() -> impl Strategy<Value = Raw> {
    let entry = ("[ab]", prop::collection::vec(0u8..4, 0..3));
    prop::collection::vec(entry, 0..3).prop_map(|entries| {
        let mut map: Vec<(String, Raw)> = Vec::new();
        for (name, items) in entries {
            if !map.iter().any(|(known, _)| *known == name) {
                map.push((name, list_of(&items)));
            }
        }
        raw(Data::Map(map), None)
    })
}

/// Lists as they come, maps as sets of names.
fn sorted(raw: &Raw) -> Vec<(String, Raw)> {
    match &raw.data {
        Data::Map(map) => {
            let mut map = map.clone();
            map.sort_by(|a, b| a.0.cmp(&b.0));
            map
        }
        _ => vec![(String::new(), raw.clone())],
    }
}

proptest! {
    #[test]
    fn merging_lists_and_maps_without_flags_is_associative(
        lists in prop::array::uniform3(prop::collection::vec(0u8..6, 0..5)),
        maps in prop::array::uniform3(any_map()),
    ) {
        let lists = lists.map(|items| list_of(&items));
        for [a, b, c] in [&lists, &maps] {
            let left = merge(&[&merge(&[a, b]).unwrap(), c]).unwrap();
            let right = merge(&[a, &merge(&[b, c]).unwrap()]).unwrap();
            let at_once = merge(&[a, b, c]).unwrap();
            prop_assert_eq!(sorted(&left), sorted(&right));
            prop_assert_eq!(sorted(&left), sorted(&at_once));
        }
    }

    #[test]
    fn merging_a_source_with_itself_changes_nothing(items in prop::collection::vec(0u8..6, 1..5)) {
        let one = merge(&[&list_of(&items)]).unwrap();
        prop_assert_eq!(merge(&[&one, &one]).unwrap(), one);
    }

    #[test]
    fn no_text_is_too_odd_to_read(text in any::<String>(), bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        for content in [text.into_bytes(), bytes] {
            let name = "/home/me/.condarc";
            crate::parameters::of_file(name, &content);
        }
    }

    #[test]
    fn nothing_that_looks_like_a_configuration_is_too_odd_to_load(
        lines in prop::collection::vec(("(channels|offline|custom_channels|custom_multichannels|ssl_verify|channel_settings|proxy_servers|default_threads|x)", "[-:,\\[\\]{}a ~'\"#!$0-9.\n]{0,12}", "(|#!final|#!top|# x)"), 0..6)
    ) {
        let text: String = lines.iter().map(|(key, value, flag)| format!("{key}: {value} {flag}\n")).collect();
        let files = Memory::default().with("/env/.condarc", &text).with("/etc/conda/condarc", &text);
        let loaded = load(&super::fixture::places(), &Default::default(), &files);
        for setting in loaded.config.settings() {
            setting.shown();
        }
        for error in &loaded.errors {
            prop_assert!(error.to_string().contains("condarc"));
        }
    }
}
