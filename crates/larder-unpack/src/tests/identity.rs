//! Names, versions, builds and file names (CEP 26).

use proptest::prelude::*;

use crate::{ArchiveKind, Expected, split_file_name};

fn is_valid(name: &str, version: &str, build: &str) -> bool {
    Expected::new(name, version, build, None).is_ok()
}

#[test]
fn cep26_01_what_names_a_package_is_refused_before_it_is_a_path() {
    for (name, version, build, what) in [
        ("../x", "1", "0", "name"),
        ("a", "1/2", "0", "version"),
        ("a", "..", "0", "version"),
        ("a", "1", "a/b", "build"),
        ("", "1", "0", "name"),
        ("a", "", "0", "version"),
        ("a\\b", "1", "0", "name"),
        ("a", "1\n", "0", "version"),
    ] {
        let error = Expected::new(name, version, build, None).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
        assert!(error.to_string().contains("CEP 26"), "{error}");
    }
}

#[test]
fn package_names_are_those_of_cep26() {
    for name in ["_libgcc_mutex", "7zip", "a.b-c_d", "x"] {
        assert!(is_valid(name, "1", "0"), "{name}");
    }
    let (longest, too_long) = ("a".repeat(64), "a".repeat(65));
    assert!(is_valid(&longest, "1", "0"));
    for name in ["a--b", ".a", "-a", "__x", "NumPy", "a b", &too_long] {
        assert!(!is_valid(name, "1", "0"), "{name}");
    }
}

#[test]
fn versions_old_and_new_are_read() {
    for version in ["1.0", "1!2.0+local_1", "1.0RC1", "1.0-1"] {
        assert!(is_valid("a", version, "0"), "{version}");
    }
    for version in ["1.0~1", "1 0", &"1".repeat(65)] {
        assert!(!is_valid("a", version, "0"), "{version}");
    }
}

#[test]
fn cep26_05_build_strings() {
    for build in ["py311h0_0", "0", "h1.2+x_1"] {
        assert!(is_valid("a", "1", build), "{build}");
    }
    for build in ["h-1", "", "a/b", &"b".repeat(65)] {
        assert!(!is_valid("a", "1", build), "{build}");
    }
}

#[test]
fn cep26_06_other_extensions_are_refused() {
    for name in [
        "a-1-0.zip",
        "a-1-0",
        "a-1-0.CONDA",
        "a-1-0conda",
        "a-1-0.tar.gz",
    ] {
        let error = split_file_name(name).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
    assert_eq!(
        split_file_name("a-1-0.conda").unwrap().1,
        ArchiveKind::Conda
    );
    assert_eq!(
        split_file_name("a-1-0.tar.bz2").unwrap().1,
        ArchiveKind::TarBz2
    );
}

#[test]
fn cep26_07_a_distribution_string_names_the_directory() {
    let (expected, _) = split_file_name("python-abi3-3.8-0.conda").unwrap();
    assert_eq!(expected.dist(), "python-abi3-3.8-0");
}

#[test]
fn cep26_08_file_names_are_split_from_the_right() {
    let (expected, _) = split_file_name("python-abi3-3.8-0.conda").unwrap();
    assert_eq!(
        expected,
        Expected::new("python-abi3", "3.8", "0", None).unwrap()
    );
    let longest = format!(
        "{}-{}-{}.conda",
        "n".repeat(64),
        "1".repeat(64),
        "b".repeat(64)
    );
    assert!(split_file_name(&longest).is_ok());
    assert!(split_file_name(&format!("{}-1-0.conda", "n".repeat(202))).is_err());
    for incomplete in ["a-1.conda", "a.conda", ".conda", "-1-0.conda", "a--0.conda"] {
        assert!(split_file_name(incomplete).is_err(), "{incomplete}");
    }
}

proptest! {
    #[test]
    fn a_valid_identity_is_one_directory_name(file_name in "[a-z0-9_.+/\\\\!-]{0,30}\\.(conda|tar\\.bz2)") {
        if let Ok((expected, _)) = split_file_name(&file_name) {
            let dist = expected.dist();
            prop_assert!(!dist.contains(['/', '\\']) && dist != "." && dist != "..");
            prop_assert!(file_name.starts_with(&dist));
        }
    }
}
