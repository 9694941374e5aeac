//! CEP 48: the form of specs in v3 records.

use larder_manifest::{SpecError, canonical_text, parse_spec};

use super::spec;

#[test]
fn cep48_08_name_and_brackets_are_read_and_empty_brackets_never_written() {
    let full = spec("name[version=\"1.2.*\",build_number=0]");
    assert!(full.version.is_some() && full.build_number.is_some());
    assert_eq!(canonical_text(&spec("pip")), "pip");
    assert_eq!(parse_spec("pip[]"), Err(SpecError::EmptyBrackets));
}
