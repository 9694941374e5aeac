//! CEP 29, appendix A: the canonical text of a spec.

use larder_manifest::canonical_text;

use super::spec;

fn assert_canonical(table: &[(&str, &str)]) {
    for (text, expected) in table {
        assert_eq!(canonical_text(&spec(text)), *expected, "{text}");
        assert_eq!(spec(expected), spec(text), "{text} after {expected}");
    }
}

#[test]
fn cep29_32_names_and_versions() {
    assert_canonical(&[
        ("foo 1.0.*", "foo=1.0"),
        ("foo=1.0", "foo=1.0"),
        ("foo>=1.0", "foo[version='>=1.0']"),
        ("foo 1.0", "foo==1.0"),
        ("FOO", "foo"),
        ("foo *", "foo"),
        ("conda-forge:ns:foo", "conda-forge::foo"),
        ("*[license=MIT]", "*[license='MIT']"),
        ("foo >=1,<2|3.*", "foo[version='>=1,<2|3.*']"),
        ("foo !=1.8.*", "foo[version='!=1.8.*']"),
    ]);
}

#[test]
fn cep29_33_builds() {
    assert_canonical(&[
        ("foo 1.0 py27_0", "foo==1.0=py27_0"),
        ("foo=1.0=py27_0", "foo==1.0=py27_0"),
        ("foo=1.0[build=py_0]", "foo=1.0[build='py_0']"),
        ("foo 1.0 py*", "foo==1.0[build='py*']"),
        ("foo * py_0", "foo[build='py_0']"),
    ]);
}

#[test]
fn cep29_34_channels_and_subdirs() {
    assert_canonical(&[
        ("conda-forge::foo[version=1.0.*]", "conda-forge::foo=1.0"),
        (
            "conda-forge/linux-64::foo>=1.0",
            "conda-forge/linux-64::foo[version='>=1.0']",
        ),
        (
            "*/linux-64::foo>=1.0",
            "foo[subdir=linux-64,version='>=1.0']",
        ),
        (
            "foo[channel=conda-forge,subdir=linux-64]",
            "conda-forge/linux-64::foo",
        ),
        ("*::foo", "foo"),
        ("https://ch.test/c::foo", "https://ch.test/c::foo"),
    ]);
}

#[test]
fn cep29_35_pairs() {
    assert_eq!(spec("a[build=c]"), spec("a[build='c']"));
    assert_eq!(spec("a[build=c]"), spec("a[build=\"c\"]"));
    assert_canonical(&[
        (
            "a[build_number=3, build=\"c*\"]",
            "a[build='c*',build_number='3']",
        ),
        ("a[license=\"it's\"]", "a[license=\"it's\"]"),
    ]);
}
