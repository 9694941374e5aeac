use larder_digest::Sha256;

use super::{
    classify::is_path,
    glob::Glob,
    hash::{HashedFile, fingerprint},
};

fn hashed(path: &str, size: u64, sha256: &str) -> String {
    fingerprint(&[HashedFile {
        path: path.into(),
        size,
        sha256: sha256.parse::<Sha256>().unwrap(),
    }])
}

#[test]
fn k49_k50_the_hashes_of_published_logs() {
    assert_eq!(
        hashed(
            "s/libraries.commit_hash",
            531,
            "758B8DA0F8E6C39760254D9CFE24EF31226C28BD9D89EA8B95A00E843F1CB3B4"
        ),
        "PQiM/YiXqhlC0Rv/qZ1Zq4hoQaf3Ff/OEUhZcD+8NYI="
    );
    assert_eq!(
        hashed(
            r"s\System Layers\dfi-sl-pas\pom.xml",
            8547,
            "2FA0ACD36F2038B25D43BF7D4A7B87721DA87C50746DA36117DA8AA29DE56E29"
        ),
        "CEEJK/V73bJrjkEbHrGyeK9+RkvT/Xco6qm5sGNQaMw="
    );
}

#[test]
fn what_is_a_path_differs_on_windows() {
    assert!(is_path("b.txt\"", false) && !is_path("b.txt\"", true));
    assert!(!is_path(r"a\b", false) && is_path(r"a\b", true));
    assert!(is_path(r#""a.b"#, false));
    assert!(!is_path(r#""a.b""#, false));
    assert!(is_path("1.2.3", true) && is_path("a/*", true));
}

#[test]
fn globs_are_minimatchs() {
    let matches = |glob: &str, name: &str| Glob::new(glob, false, false).matches(name);
    for (glob, name) in [
        ("*", ".hidden"),
        ("*.lock", "yarn.lock"),
        ("a*b*c", "a--b--b-c"),
        ("?x", "üx"),
        ("[a-c]1", "b1"),
        ("[!a-c]1", "d1"),
        ("[]a]", "]"),
        ("[a", "[a"),
        (r"\*", "*"),
        ("{a,b}", "{a,b}"),
        ("**", "anything"),
    ] {
        assert!(matches(glob, name), "{glob} {name}");
    }
    for (glob, name) in [
        ("*.lock", "yarn.lock2"),
        ("a*b", "ac"),
        ("?", ""),
        ("[!a-c]1", "b1"),
        (r"\*", "a"),
        ("A", "a"),
        ("{a,b}", "a"),
    ] {
        assert!(!matches(glob, name), "{glob} {name}");
    }
    assert!(Glob::new("ABC", true, true).matches("abc"));
}
