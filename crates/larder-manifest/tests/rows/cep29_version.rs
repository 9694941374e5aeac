//! CEP 29: version expressions.

use larder_manifest::parse_spec;

use super::{assert_versions, spec};

#[test]
fn cep29_18_and_binds_tighter_than_or() {
    assert_versions("pkg <1|>2,<3", &["0.5", "2.5"], &["1.5", "3"]);
}

#[test]
fn cep29_19_parentheses_change_precedence() {
    assert_versions(
        "pkg[version=\"(<1|>2),<3\"]",
        &["0.5", "2.5"],
        &["3.5", "1.5"],
    );
}

#[test]
fn cep29_21_equality_is_of_normalized_versions() {
    assert_versions("pkg ==1.8", &["1.8", "1.8.0", "1.8+0"], &["1.8.1"]);
}

#[test]
fn cep29_22_fuzzy_equality() {
    for text in ["pkg =1.8", "pkg 1.8.*", "pkg 1.8*"] {
        assert_versions(text, &["1.8", "1.8.1"], &["1.80", "1.7"]);
    }
}

#[test]
fn cep29_23_exclusion_is_exact_as_in_conda() {
    // By the CEP's letter `!=1.8` would exclude the series; records rely on conda's reading.
    assert_versions("pkg !=1.8", &["1.8.1", "1.7"], &["1.8", "1.8.0"]);
    assert_versions("pkg !=1.8.*", &["1.7", "1.9"], &["1.8", "1.8.1"]);
}

#[test]
fn cep29_24_order() {
    assert_versions("pkg >=1.1a0", &["1.1rc1", "1.1"], &["1.0"]);
    assert_versions("pkg <2.0a0", &["1.9"], &["2.0a1", "2.0"]);
    assert_versions("pkg <=1.8", &["1.8.0", "1.7"], &["1.8.1"]);
    assert_versions("pkg >1.8", &["1.8.1"], &["1.8", "1.8.0"]);
}

#[test]
fn cep29_25_compatible_release() {
    assert_versions("pkg ~=0.5.3", &["0.5.3", "0.5.9"], &["0.6", "0.5.2"]);
    // One segment: an error in conda, rattler's `>=1` here.
    assert_versions("pkg ~=1", &["1", "2"], &["0.9"]);
}

#[test]
fn cep29_26_spaces_are_ignored() {
    assert_eq!(spec("pkg >= 1.8 , < 2"), spec("pkg >=1.8,<2"));
    assert_eq!(spec("pkg  >=1.8,  <2 "), spec("pkg >=1.8,<2"));
}

#[test]
fn cep29_27_a_glob_behind_an_operator_is_dropped() {
    assert_eq!(spec("pkg >=1.8.*"), spec("pkg >=1.8"));
    assert_eq!(
        larder_manifest::canonical_text(&spec("pkg >=1.8.*")),
        "pkg[version='>=1.8']"
    );
}

#[test]
fn globs_inside_versions_and_regular_expressions_are_refused_with_a_suggestion() {
    // cep29-20 is not met: rattler's version type cannot hold them.
    for text in ["pkg 1.*.3", "pkg[version='^1\\.2.*$']"] {
        let error = parse_spec(text).expect_err(text);
        assert!(
            error
                .suggestion()
                .is_some_and(|text| text.contains("range")),
            "{text}: {error}"
        );
    }
}

#[test]
fn cep26_04_version_texts() {
    use larder_manifest::validate_version;
    for version in ["1.0RC1", "1.0-1", "1!2.0+local_3"] {
        assert_eq!(validate_version(version), Ok(()), "{version}");
        assert!(
            version.parse::<rattler_conda_types::Version>().is_ok(),
            "{version}"
        );
    }
    assert!(validate_version("1.0~1").is_err());
    let long = format!("1.{}", "1".repeat(63));
    assert!(validate_version(&long).is_err());
    assert!(parse_spec(&format!("pkg ={}", ["1.1"; 22].join("."))).is_err());
}
