//! CEP 44 and 45: `extras` and `flags`.

use larder_manifest::{canonical_text, parse_spec};

use super::spec;

fn extras(text: &str) -> Vec<String> {
    spec(text).extras.expect("extras")
}

#[test]
fn cep44_02_names_of_groups() {
    let long = "a".repeat(65);
    for name in ["A", "\"\"", "a b", "ä", &long] {
        assert!(
            parse_spec(&format!("foo[extras=[{name}]]")).is_err(),
            "{name}"
        );
        assert!(
            parse_spec(&format!("foo[extras={name}]")).is_err(),
            "{name}"
        );
    }
    assert_eq!(extras("foo[extras=a_b.c+d-1]"), ["a_b.c+d-1"]);
    assert_eq!(extras(&format!("foo[extras={}]", &long[..64])).len(), 1);
}

#[test]
fn cep44_03_a_text_or_a_list() {
    assert_eq!(spec("foo[extras=a]"), spec("foo[extras=\" a \"]"));
    assert_eq!(spec("foo[extras=a]"), spec("foo[extras=[a]]"));
}

#[test]
fn cep44_04_lists() {
    assert_eq!(extras("foo[extras=[a, \"b\"]]"), ["a", "b"]);
    assert_eq!(extras("foo[extras=[a,'b', c]]"), ["a", "b", "c"]);
    // A number is taken as its text, which is a valid name.
    assert_eq!(extras("foo[extras=[1]]"), ["1"]);
    assert!(parse_spec("foo[extras=[[a]]]").is_err());
    let both = spec("foo[extras=[a,b],version='>=1']");
    assert_eq!(spec(&canonical_text(&both)), both);
}

#[test]
fn cep44_05_names_are_kept_as_they_are() {
    assert_ne!(spec("foo[extras=a_b]"), spec("foo[extras=a-b]"));
    assert_eq!(
        canonical_text(&spec("foo[extras=[a_b]]")),
        "foo[extras=[a_b]]"
    );
}

#[test]
fn cep45_02_flags() {
    let flags = spec("p[flags=[\"cuda\",\"blas:*\"]]");
    assert_eq!(flags.flags.as_ref().map(Vec::len), Some(2));
    assert_eq!(spec(&canonical_text(&flags)), flags);
    assert_eq!(spec("p[flags=cuda]"), spec("p[flags=[cuda]]"));
    assert_eq!(
        spec("pytorch[version=\">=3.1\", flags=[\"cuda\", \"blas:*\"]]")
            .flags
            .map(|f| f.len()),
        Some(2)
    );
    for flag in ["!cuda", "?cuda", "a:b:c", "A", "a-b", ""] {
        assert!(
            parse_spec(&format!("p[flags=\"{flag}\"]")).is_err(),
            "{flag}"
        );
    }
}
