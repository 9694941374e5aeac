use super::{escape_json, escape_line, escape_message, is_safe_document, is_unsafe};

/// What no reader of a log may find, wherever larder put the text.
fn assert_harmless(printed: &str, of: &str) {
    for line in printed.split('\n') {
        let trimmed = line.trim_start();
        assert!(!trimmed.starts_with("::"), "{of:?} gives {line:?}");
        assert!(!line.contains("##vso["), "{of:?} gives {line:?}");
        assert!(!line.contains("##["), "{of:?} gives {line:?}");
        assert!(!line.contains("##teamcity["), "{of:?} gives {line:?}");
        assert!(!line.chars().any(is_unsafe), "{of:?} gives {line:?}");
    }
}

/// All texts of up to five pieces, of those that commands and line ends are made of.
#[test]
fn no_combination_of_pieces_becomes_a_command() {
    const PIECES: [&str; 14] = [
        "#",
        "##",
        ":",
        "::",
        "vso[a]",
        "[a]",
        "\n",
        "\r",
        "  ",
        "\u{85}",
        "\u{2028}",
        "\u{1b}[0m",
        "\u{200b}",
        "x",
    ];
    let mut texts = vec![String::new()];
    for _ in 0..4 {
        let longer = texts
            .iter()
            .flat_map(|text| PIECES.iter().map(move |piece| format!("{text}{piece}")));
        texts = longer.collect();
        for text in &texts {
            assert_harmless(&escape_line(text), text);
            assert_harmless(&escape_message(text), text);
            assert!(!escape_line(text).contains('\n'), "{text:?}");
        }
    }
}

#[test]
fn every_character_of_unicode_is_printed_or_escaped() {
    for character in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
        let escaped = escape_line(&character.to_string());
        // What the standard library calls a control character, and the format characters that Debug escapes.
        assert!(!escaped.chars().any(char::is_control), "{character:?}");
        assert_eq!(escaped.lines().count(), 1, "{character:?}");
    }
    for (from, to) in [
        ("a\tb", "a\\tb"),
        ("a\u{1b}[31m", "a\\u{1b}[31m"),
        ("a\u{9b}31m", "a\\u{9b}31m"),
        ("\u{202e}cba", "\\u{202e}cba"),
        (
            "e\u{301}\u{fc}\u{4e2d}\u{1f600}",
            "e\u{301}\u{fc}\u{4e2d}\u{1f600}",
        ),
    ] {
        assert_eq!(escape_line(from), to);
    }
}

#[test]
fn layout_stays_and_line_breaks_of_values_are_shown() {
    for (from, to) in [
        ("one\ntwo", "one\\ntwo"),
        ("conflict:\n  a\n  b", "conflict:\n    a\n    b"),
        ("a\n  help: run this", "a\n    help: run this"),
        ("a\n  ::error::x", "a\n    : :error::x"),
        ("ends\n", "ends"),
        ("### linux-64", "### linux-64"),
        ("#####", "#####"),
        ("conda-forge::zlib", "conda-forge::zlib"),
        ("###vso[a]", "# # #vso[a]"),
        (
            "section_start:1:a[collapsed=true]",
            "section_start :1:a[collapsed=true]",
        ),
        (" travis_fold:start:a", " travis_fold :start:a"),
        ("--- group", "- -- group"),
        ("x ##vso[a]b", "x # #vso[a]b"),
        ("\u{a0}::add-mask::x", "\u{a0}: :add-mask::x"),
    ] {
        assert_eq!(escape_message(from), to);
    }
}

#[test]
fn json_means_the_same_and_has_no_command() {
    let value = serde_json::json!({
        "a": "##vso[task.setvariable variable=X]1", "###[b": ["\u{85}\u{2028}\u{202e}\u{7f}\u{e0041}"],
        "c": "tab\tline\n\u{1b}", "d": "plain ü",
    });
    for text in [
        serde_json::to_string_pretty(&value).unwrap(),
        value.to_string(),
    ] {
        let escaped = escape_json(&text);
        assert_harmless(&escaped, &text);
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&escaped).unwrap(),
            value
        );
    }
}

#[test]
fn documents_are_safe_or_not() {
    assert!(is_safe_document("a: b\n\tc\n# x::y\n### z\n"));
    for text in ["::x\n", "a\n ##[b]\n", "a\rb", "\u{2028}", "\u{1b}"] {
        assert!(!is_safe_document(text), "{text:?}");
    }
}
