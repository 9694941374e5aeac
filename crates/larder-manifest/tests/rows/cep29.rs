//! CEP 29: the syntax of MatchSpecs and the matching of texts.

use larder_manifest::{Manifest, SpecError, canonical_text, parse_spec};
use rattler_conda_types::{Matches, PackageNameMatcher, PackageRecord, ParseMatchSpecError};

use super::{matches, record, spec};

fn error(text: &str) -> SpecError {
    match parse_spec(text) {
        Err(error) => error,
        Ok(spec) => panic!("{text} is read as {spec}"),
    }
}

fn assert_equal(texts: &[&str]) {
    for text in texts {
        assert_eq!(spec(text), spec(texts[0]), "{text} and {}", texts[0]);
    }
}

#[test]
fn cep29_01_each_field_has_its_rules() {
    assert!(matches("pkg[build=\"py*\"]", "1.0", "py311_0"));
    assert!(!matches("pkg[build=\"py*\"]", "1.0", "h0_0"));
    assert!(matches("pkg[version=\"1.*\"]", "1.5", "0"));
    assert!(!matches("pkg[version=\"1.*\"]", "10.5", "0"));
}

#[test]
fn cep29_02_build_numbers() {
    let numbered = |number| PackageRecord {
        build_number: number,
        ..record("pkg", "1.0", "0")
    };
    assert!(spec("pkg[build_number=3]").matches(&numbered(3)));
    assert!(!spec("pkg[build_number=3]").matches(&numbered(30)));
    // Extension of conda and rattler.
    assert!(spec("pkg[build_number='>=3']").matches(&numbered(4)));
    assert!(parse_spec("pkg[build_number='3*']").is_err());
}

#[test]
fn cep29_03_lists_cannot_be_matched() {
    for key in ["depends", "constrains"] {
        let SpecError::Parse { reason, .. } = error(&format!("foo[{key}=bar]")) else {
            panic!("another error");
        };
        assert_eq!(
            *reason,
            ParseMatchSpecError::InvalidBracketKey(key.to_owned())
        );
    }
}

#[test]
fn cep29_04_a_namespace_is_read_and_dropped() {
    assert_equal(&["conda-forge::foo", "conda-forge:ns:foo"]);
    assert_equal(&["foo", ":ns:foo", "::foo"]);
    assert_eq!(
        canonical_text(&spec("conda-forge:ns:foo")),
        "conda-forge::foo"
    );
}

#[test]
fn cep29_05_a_subdir_follows_its_channel() {
    let with = spec("conda-forge/linux-64::foo");
    assert_eq!(with.subdir.as_deref(), Some("linux-64"));
    assert_eq!(with.channel.expect("channel").name(), "conda-forge");
    let without = spec("conda-forge/rc::foo");
    assert_eq!(without.subdir, None);
    assert_eq!(without.channel.expect("channel").name(), "conda-forge/rc");
}

#[test]
fn cep29_06_mixed_separators_are_read_as_exact_and_never_written() {
    assert_equal(&["xz 5.8.1 *_1", "xz ==5.8.1=*_1", "xz 5.8.1=*_1"]);
    assert_equal(&[
        "libabseil-static 20250127.1 cxx17*",
        "libabseil-static =20250127.1=cxx17*",
    ]);
    assert_eq!(
        canonical_text(&spec("xz ==5.8.1=*_1")),
        "xz==5.8.1[build='*_1']"
    );
}

#[test]
fn cep29_07_spaces_around_are_ignored() {
    assert_equal(&["foo 1.0", " foo 1.0 ", "\tfoo 1.0"]);
}

#[test]
fn cep29_08_an_empty_name_is_a_star() {
    let digest = "0123456789abcdef0123456789ABCDEF";
    let any = spec(&format!("*[md5={digest}]"));
    let PackageNameMatcher::Glob(name) = &any.name else {
        panic!("{any}");
    };
    assert_eq!(name.as_str(), "*");
    let mut with = record("whatever", "1.0", "0");
    assert!(!any.matches(&with));
    with.md5 = any.md5;
    assert!(any.matches(&with));
    assert_eq!(error(""), SpecError::Empty);
    assert_eq!(error("   "), SpecError::Empty);
    assert!(matches!(error("foo*"), SpecError::NamePattern { .. }));
    // As a request it names nothing that a solver could take.
    assert!(Manifest::from_specs(&["*".to_owned()]).is_err());
}

#[test]
fn cep29_09_a_build_needs_a_version() {
    let any = spec("pkg * py_0");
    assert!(any.matches(&record("pkg", "3", "py_0")));
    assert!(!any.matches(&record("pkg", "3", "py_1")));
    let version = spec("pkg py_0");
    assert_eq!(version.build, None);
    assert!(version.version.is_some());
}

#[test]
fn cep29_10_one_pair_of_brackets_with_commas() {
    assert_equal(&[
        "foo[build=py_0,version=1.0]",
        "foo[build=py_0, version=1.0]",
        "foo[ build=py_0 , version=1.0 ]",
    ]);
    assert!(matches!(
        error("foo[a=b][c=d]"),
        SpecError::BehindBrackets { .. }
    ));
    assert!(matches!(
        error("foo[version=1] 2"),
        SpecError::BehindBrackets { .. }
    ));
    assert_eq!(error("foo[]"), SpecError::EmptyBrackets);
    assert_eq!(error("foo[version=1"), SpecError::OpenBrackets);
    assert!(matches!(
        error("foo[build=a,build=b]"),
        SpecError::TwiceTheKey { .. }
    ));
}

#[test]
fn cep29_11_values_are_quoted() {
    assert_equal(&["foo[version=\">=1,<2\"]", "foo[version='>=1,<2']"]);
    assert!(parse_spec("foo[version=>=1,<2]").is_err());
}

#[test]
fn cep29_12_a_space_does_not_separate_keys() {
    let expected = SpecError::UnquotedSpace {
        key: "build".to_owned(),
        value: "py_0 version=1.0".to_owned(),
    };
    assert_eq!(error("foo[build=py_0 version=1.0]"), expected);
}

#[test]
fn cep29_13_keywords_override_but_the_name() {
    assert_equal(&["foo ==2.0", "foo 1.0[version=2.0]"]);
    assert_equal(&["foo", "foo[name=bar]"]);
    assert_equal(&["foo[build=py_0]", "foo[name=bar,build=py_0]"]);
    assert_equal(&["foo 1.0 py_1", "foo 1.0 py_0[build=py_1]"]);
    assert_eq!(
        spec("a::foo[channel=b]").channel.expect("channel").name(),
        "b"
    );
}

#[test]
fn cep29_14_texts_are_compared_without_case() {
    assert!(matches("pkg[build=PY_0]", "1.0", "py_0"));
    let lower = "0123456789abcdef0123456789abcdef";
    assert_eq!(
        spec(&format!("foo[md5={lower}]")),
        spec(&format!("foo[md5={}]", lower.to_uppercase()))
    );
}

#[test]
fn cep29_15_regular_expressions_for_builds() {
    assert!(matches("pkg[build=\"^py3.*$\"]", "1.0", "py311_0"));
    assert!(!matches("pkg[build=\"^py3.*$\"]", "1.0", "py27_0"));
    for pattern in ["^(?=a).*$", "^(?!a).*$", "^(?<=a)b$", "^(a)\\1$"] {
        let error = error(&format!("foo[build=\"{pattern}\"]"));
        assert!(
            matches!(error, SpecError::Regex { .. }),
            "{pattern}: {error}"
        );
    }
    // As conda and rattler.
    assert!(matches!(error("^foo.*$"), SpecError::NamePattern { .. }));
}

#[test]
fn cep29_16_globs_for_builds() {
    assert!(matches("pkg[build='*cuda*']", "1.0", "x_cuda_0"));
    assert!(!matches("pkg[build='py3.1*']", "1.0", "py311"));
    assert!(matches("pkg[build='py3.1*']", "1.0", "py3.11"));
    assert!(matches("pkg[build='*']", "1.0", "anything"));
}

#[test]
fn cep29_17_a_channel_name_stands_for_its_url() {
    let name = spec("conda-forge::foo").channel.expect("channel");
    let url = spec("https://conda.anaconda.org/conda-forge::foo")
        .channel
        .expect("channel");
    let other = spec("https://other.test/conda-forge::foo")
        .channel
        .expect("channel");
    assert_eq!(name.base_url, url.base_url);
    assert_ne!(name.base_url, other.base_url);
}

#[test]
fn cep29_28_two_fields() {
    assert!(matches("pkg=1.8", "1.8.1", "0"));
    assert!(matches("pkg =1.8", "1.8.1", "0"));
    assert!(!matches("pkg 1.8", "1.8.1", "0"));
    assert!(!matches("pkg==1.8", "1.8.1", "0"));
    assert!(matches("pkg 1.8", "1.8.0", "0"));
}

#[test]
fn cep29_29_three_fields_are_exact() {
    for text in [
        "pkg 1.8 py_0",
        "pkg ==1.8 py_0",
        "pkg=1.8=py_0",
        "pkg==1.8=py_0",
    ] {
        assert!(matches(text, "1.8", "py_0"), "{text}");
        assert!(!matches(text, "1.8.1", "py_0"), "{text}");
        assert!(!matches(text, "1.8", "py_1"), "{text}");
    }
}

#[test]
fn cep29_30_a_space_and_one_equals_sign_with_a_build_is_exact_as_in_conda() {
    // The CEP says fuzzy; conda and rattler, and so existing environments, read it as exact.
    assert!(matches("pkg =1.8 py_0", "1.8", "py_0"));
    assert!(!matches("pkg =1.8 py_0", "1.8.1", "py_0"));
}

#[test]
fn cep29_31_both_blocks_of_equal_spellings() {
    let fuzzy = [
        "pkg=1.8",
        "pkg =1.8",
        "pkg 1.8.*",
        "pkg 1.8.* *",
        "pkg=1.8.*",
        "pkg=1.8.*=*",
        "pkg =1.8.* *",
        "pkg ==1.8.* *",
        "pkg[version=1.8.*]",
        "pkg[version=\"1.8.*\"]",
    ];
    let exact = [
        "pkg 1.8",
        "pkg 1.8 *",
        "pkg==1.8",
        "pkg=1.8=*",
        "pkg==1.8=*",
        "pkg ==1.8 *",
        "pkg[version=1.8]",
        "pkg[version=\"1.8\"]",
    ];
    for text in fuzzy {
        assert!(matches(text, "1.8.1", "py_0"), "{text}");
        assert!(!matches(text, "1.80", "py_0"), "{text}");
    }
    for text in exact {
        assert!(matches(text, "1.8", "py_0"), "{text}");
        assert!(!matches(text, "1.8.1", "py_0"), "{text}");
    }
}

#[test]
fn cep29_37_one_record() {
    let exact = spec("https://ch.test/c/linux-64/python-3.11.10-h123456_0.conda");
    assert_eq!(
        canonical_text(&exact),
        "https://ch.test/c/linux-64::python==3.11.10=h123456_0"
    );
    assert!(exact.matches(&record("python", "3.11.10", "h123456_0")));
    assert!(!exact.matches(&record("python", "3.11.10", "h123456_1")));
    let sum = "0123456789abcdef0123456789abcdef";
    let with_sum = spec(&format!("https://ch.test/c/noarch/a-1-0.tar.bz2#{sum}"));
    assert_eq!(with_sum.md5, spec(&format!("a[md5={sum}]")).md5);
    assert!(with_sum.md5.is_some());
    for text in [
        "https://ch.test/a-1-0.conda",
        "https://ch.test/c/linux-64/a.zip",
        "./a-1-0.conda",
        "/x/a-1-0.conda",
    ] {
        let error = error(text);
        assert!(
            matches!(error, SpecError::Artifact | SpecError::FileName { .. }),
            "{text}: {error}"
        );
    }
}

#[test]
fn cep29_38_legacy_forms_are_refused() {
    assert!(matches!(error("foo @mkl"), SpecError::Feature { .. }));
    assert!(matches!(error("foo@mkl"), SpecError::Feature { .. }));
    assert!(matches!(
        error("foo(optional=True)"),
        SpecError::Options { .. }
    ));
    assert!(matches!(
        error("foo 1.0 (optional=True)"),
        SpecError::Options { .. }
    ));
    assert!(matches!(
        error("foo[version=1](optional=True)"),
        SpecError::BehindBrackets { .. }
    ));
    assert!(matches!(error("foo[optional]"), SpecError::BareWord { .. }));
    assert!(matches!(
        error("c[linux-64]::foo"),
        SpecError::ChannelSubdir { .. }
    ));
    // Forms of pip that are not conda's.
    assert!(matches!(
        error("networkx[default,extra]"),
        SpecError::BareWord { .. }
    ));
    assert!(matches!(
        error("foo @ https://x.test/foo.whl"),
        SpecError::PipUrl { .. }
    ));
    assert!(parse_spec("foo; python_version<'3.8'").is_err());
    // Not versions: rattler alone reads the rest as a build string.
    assert!(matches!(error("foo >=1.2 <2"), SpecError::Build { .. }));
}
