use super::ChannelRules;

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
    pairs.iter().map(owned).collect()
}

fn rules() -> ChannelRules {
    ChannelRules {
        defaults: vec!["https://m.test/pkgs/main".into(), "inner".into()],
        custom: pairs(&[
            ("inner", "https://c.test/base/"),
            ("inner/special", "https://s.test"),
            ("local", "/srv/channels"),
        ]),
        several: vec![(
            "both".into(),
            vec![
                "inner".into(),
                "conda-forge".into(),
                "https://u.test/x".into(),
            ],
        )],
        migrated_aliases: vec!["https://old.test/conda".into()],
        migrated_custom: pairs(&[("inner", "https://gone.test/base")]),
        ..ChannelRules::default()
    }
}

#[test]
fn names_have_their_places() {
    let cases: &[(&str, &[&str])] = &[
        ("conda-forge", &["conda-forge"]),
        ("inner", &["https://c.test/base/inner"]),
        ("inner/label/dev", &["https://c.test/base/inner/label/dev"]),
        ("innermost", &["innermost"]),
        ("inner/special", &["https://s.test/inner/special"]),
        ("inner/special/deep", &["https://s.test/inner/special/deep"]),
        ("local", &["/srv/channels/local"]),
        (
            "defaults",
            &["https://m.test/pkgs/main", "https://c.test/base/inner"],
        ),
        (
            "both",
            &[
                "https://c.test/base/inner",
                "conda-forge",
                "https://u.test/x",
            ],
        ),
        ("pkgs/main", &["https://m.test/pkgs/main"]),
        ("pkgs/r", &["https://repo.anaconda.com/pkgs/r"]),
        ("pkgs/pro", &["https://repo.anaconda.com/pkgs/pro"]),
        ("pkgs/free", &["pkgs/free"]),
        ("pkgs/mainline", &["pkgs/mainline"]),
        ("./inner", &["./inner"]),
        ("https://h.test/inner", &["https://h.test/inner"]),
    ];
    for (text, expected) in cases {
        assert_eq!(&rules().expand(text), expected, "{text}");
    }
}

#[test]
fn urls_at_earlier_places_are_names() {
    let cases: &[(&str, &[&str])] = &[
        ("https://old.test/conda/forge", &["forge"]),
        (
            "https://old.test/conda/inner/",
            &["https://c.test/base/inner"],
        ),
        ("https://me:secret@old.test/conda/forge", &["forge"]),
        ("https://old.test/conda", &["https://old.test/conda"]),
        (
            "https://old.test/condax/forge",
            &["https://old.test/condax/forge"],
        ),
        (
            "https://gone.test/base/inner",
            &["https://c.test/base/inner"],
        ),
        (
            "https://gone.test/base/inner/label/x",
            &["https://c.test/base/inner/label/x"],
        ),
        (
            "https://gone.test/base/other",
            &["https://gone.test/base/other"],
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(&rules().expand(text), expected, "{text}");
    }
}

#[test]
fn without_rules_every_text_is_itself() {
    let rules = ChannelRules::default();
    for text in ["defaults", "conda-forge", "https://h.test/t/tk-1/c", "./x"] {
        assert_eq!(rules.expand(text), [text]);
    }
}
