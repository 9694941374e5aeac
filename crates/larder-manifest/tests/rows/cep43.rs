//! CEP 43: conditional dependencies.

use larder_manifest::{Manifest, canonical_text, parse_spec};
use rattler_conda_types::MatchSpecCondition;

use super::{read, spec};

#[test]
fn cep43_01_conditions_join_specs() {
    let conditional = spec("a[when=\"python>=3.10 and (__linux or __osx)\"]");
    let Some(MatchSpecCondition::And(_, or)) = &conditional.condition else {
        panic!("{:?}", conditional.condition);
    };
    assert!(matches!(**or, MatchSpecCondition::Or(..)));
    let text = canonical_text(&conditional);
    assert_eq!(spec(&text), conditional, "{text}");
    // `and` binds tighter.
    let mixed = spec("a[when=\"b or c and d\"]");
    assert!(matches!(mixed.condition, Some(MatchSpecCondition::Or(..))));
}

#[test]
fn cep43_02_the_specs_in_conditions() {
    let brackets = spec("a[when=\"python[version='>=3.10']\"]");
    assert_eq!(brackets, spec("a[when=\"python>=3.10\"]"));
    // Extension of conda and rattler, never written.
    assert_eq!(brackets, spec("a[when=\"python >=3.10\"]"));
    assert!(!canonical_text(&brackets).contains("python >"));
}

#[test]
fn cep43_03_no_condition_in_a_condition() {
    assert!(parse_spec("a[when=\"b[when=c]\"]").is_err());
}

#[test]
fn cep43_04_quotes_are_read_and_written() {
    let bare = spec("p[version=2,when=__unix]");
    assert_eq!(bare, spec("p[version=2,when=\"__unix\"]"));
    assert_eq!(canonical_text(&bare), "p==2[when='__unix']");
}

#[test]
fn cep43_07_conditions_in_files_and_on_the_command_line() {
    let text = "numpy>=2[when=\"python>=3.10\"]";
    let manifest = read(&format!("dependencies:\n  - python\n  - {text}\n"));
    assert_eq!(manifest.dependencies[1].spec, spec(text));
    assert!(manifest.dependencies[1].spec.condition.is_some());
    let command_line = Manifest::from_specs(&[text.to_owned()]).expect("specs");
    assert_eq!(command_line.dependencies[0].spec, spec(text));
}
