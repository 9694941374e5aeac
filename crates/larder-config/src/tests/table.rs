//! The table of keys against conda's own list, and each key set once.

use std::collections::{BTreeMap, BTreeSet};

use super::fixture::{Memory, loaded, of};
use crate::{ConfigWarning, Key, Kind, Treatment, find, keys};

/// conda's keys, see the head of the file.
const CONDA: &str = include_str!("../../tests/conda-keys.tsv");

fn conda() -> Vec<Vec<&'static str>> {
    let rows = CONDA.lines().filter(|line| !line.starts_with('#'));
    let cell = |cell| if cell == "-" { "" } else { cell };
    rows.map(|row| row.split('\t').map(cell).collect())
        .collect()
}

#[test]
fn every_line_of_the_table_is_a_key_and_no_name_is_there_twice() {
    let table = include_str!("../keys.tsv");
    let lines = table.lines().filter(|line| !line.starts_with('#')).count();
    assert_eq!(keys().len(), lines, "a line that cannot be read is no key");
    let names: Vec<_> = keys().iter().flat_map(Key::names).collect();
    let once: BTreeSet<_> = names.iter().collect();
    assert_eq!(once.len(), names.len());
}

#[test]
fn every_key_of_condas_is_in_the_table_as_conda_has_it() {
    assert!(conda().len() > 110, "the list is there");
    for row in conda() {
        let [name, aliases, kind, expand, ..] = row.as_slice() else {
            panic!("not a row: {row:?}");
        };
        let key = find(name).unwrap_or_else(|| panic!("{name} is not in the table"));
        assert_eq!(&key.name, name);
        assert!(!key.is_only_mambas(), "{name} is conda's");
        let ours: BTreeSet<_> = key.aliases.iter().copied().collect();
        let theirs: BTreeSet<_> = aliases
            .split(',')
            .filter(|alias| !alias.is_empty())
            .collect();
        assert_eq!(ours, theirs, "aliases of {name}");
        assert_eq!(key.expand, *expand == "expand", "variables in {name}");
        let fits = match key.kind {
            Kind::Flag | Kind::Number | Kind::Text => *kind == "primitive",
            Kind::List { .. } | Kind::Mappings => *kind == "sequence",
            Kind::Map | Kind::Lists => *kind == "map",
            Kind::Any => *kind != "primitive",
        };
        assert!(fits, "{name} is a {kind} in conda, {:?} here", key.kind);
    }
}

#[test]
fn every_key_says_what_it_does_or_why_it_does_nothing() {
    for key in keys() {
        assert!(key.text.len() > 8, "{} has no text", key.name);
        let has_default = !key.default.is_empty();
        assert!(
            !has_default || key.treatment != Treatment::Warned,
            "{}",
            key.name
        );
    }
}

/// A text for a file that sets the key to something that is not what holds anyway.
fn setting(key: &Key) -> String {
    let name = key.name;
    match key.kind {
        Kind::Flag if key.harmless.contains(&"true") => format!("{name}: false\n"),
        Kind::Flag => format!("{name}: true\n"),
        Kind::Number => format!("{name}: 7\n"),
        Kind::Text => format!("{name}: other\n"),
        Kind::List { .. } => format!("{name}: [other]\n"),
        Kind::Map | Kind::Any => format!("{name}: {{a: b}}\n"),
        Kind::Lists => format!("{name}: {{a: [b]}}\n"),
        Kind::Mappings => format!("{name}: [{{channel: b}}]\n"),
    }
}

#[test]
fn each_key_is_silent_if_it_is_honoured_or_means_nothing_and_named_with_its_place_if_not() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for key in keys() {
        let loaded = of(&format!("# one line above\n{}", setting(key)));
        assert!(loaded.config.get(key.name).is_some(), "{} is set", key.name);
        let texts: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
        let expected = match key.treatment {
            Treatment::Honoured => "honoured",
            Treatment::Accepted => "accepted",
            Treatment::Warned => "warned",
        };
        *counts.entry(expected).or_default() += 1;
        if key.treatment == Treatment::Warned {
            let start = format!(
                "/home/me/.condarc:2:1: larder does not honour `{}`: ",
                key.name
            );
            assert!(
                texts.len() == 1 && texts[0].starts_with(&start),
                "{texts:?}"
            );
        } else {
            assert!(texts.is_empty(), "{}: {texts:?}", key.name);
        }
    }
    assert!(counts["honoured"] >= 40, "{counts:?}");
}

#[test]
fn each_alias_is_its_key() {
    for key in keys() {
        for alias in &key.aliases {
            let text = setting(key).replacen(key.name, alias, 1);
            assert!(of(&text).config.get(key.name).is_some(), "{alias}");
        }
    }
}

#[test]
fn values_that_mean_what_larder_does_anyway_are_no_reason_to_warn() {
    let quiet = [
        "shortcuts: false",
        "repodata_fns: [current_repodata.json, repodata.json]",
        "repodata_fns: [repodata.json]",
        "protect_frozen_envs: yes",
        "auto_stack: 0",
        "auto_stack: false",
        "always_softlink: off",
        "disallowed_packages: []",
        "subdirs: ~",
        "signing_metadata_url_base: ''",
    ];
    for text in quiet {
        assert_eq!(of(text).warnings, [], "{text}");
    }
    let loud = [
        "repodata_fns: [own.json]",
        "protect_frozen_envs: no",
        "auto_stack: 2",
    ];
    for text in loud {
        assert_eq!(of(text).warnings.len(), 1, "{text}");
    }
}

#[test]
fn a_key_that_nobody_knows_is_named_with_the_one_that_is_meant() {
    let loaded = of("channels: [a]\nchanels: [b]\nzzz: 1\n");
    let texts: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "/home/me/.condarc:2:1: nobody knows the key `chanels`; did you mean `channels`?",
            "/home/me/.condarc:3:1: neither conda nor larder knows the key `zzz`",
        ]
    );
    let codes: Vec<_> = loaded.warnings.iter().map(ConfigWarning::code).collect();
    assert_eq!(codes, ["config::unknown-key"; 2]);
}

#[test]
fn each_key_of_condas_can_be_a_variable_by_each_of_its_names() {
    for row in conda() {
        let key = find(row[0]).unwrap();
        let text = match key.kind {
            Kind::Flag => "true",
            Kind::Number => "7",
            Kind::Text | Kind::List { .. } | Kind::Any => "other",
            // Nothing that fits into one text.
            Kind::Map | Kind::Lists | Kind::Mappings => continue,
        };
        for name in key.names() {
            let variable = format!("CONDA_{}", name.to_uppercase().replace('-', "_"));
            let loaded = loaded(&Memory::default(), &[(&variable, text)]);
            let setting = loaded.config.get(key.name).unwrap();
            assert_eq!(setting.origin.to_string(), variable);
        }
    }
}
