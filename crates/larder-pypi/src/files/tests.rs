//! Names of files from addresses, and whose file one is.

use larder_lock::PipPackage;
use rattler_conda_types::Subdir;

use super::{problem, safe_file_name};
use crate::Target;

#[test]
fn an_address_ends_in_a_plain_name_or_in_none() {
    assert_eq!(
        safe_file_name("https://h.test/a-1%2Bcu-py3-none-any.whl#x").unwrap(),
        "a-1+cu-py3-none-any.whl"
    );
    for url in [
        "https://h.test/",
        "https://h.test/..",
        "https://h.test/.",
        "https://h.test/.hidden",
        "https://h.test/-r",
        "https://h.test/..%2F..%2Fx.whl",
        "https://h.test/a\\..\\b.whl",
        "https://h.test/a:stream.whl",
        "https://h.test/a b.whl",
        "https://h.test/a\nb.whl",
    ] {
        assert_eq!(safe_file_name(url), None, "{url}");
    }
}

#[test]
fn a_file_must_be_that_of_its_package_and_fit() {
    let target = Target::for_python(11, Subdir::Linux64);
    let of = |file: &str| {
        let package = PipPackage {
            name: "My.Thing".to_owned(),
            version: "1.0".to_owned(),
            url: format!("https://h.test/{file}"),
            index: None,
            sha256: Some("ab".repeat(32).parse().unwrap()),
            md5: None,
            dependencies: Vec::new(),
        };
        problem(&package, &target, false)
    };
    for file in [
        "my_thing-1.0-py3-none-any.whl",
        "My_Thing-1-cp311-cp311-manylinux_2_17_x86_64.whl",
        "my-thing-1.0.0.tar.gz",
    ] {
        assert_eq!(of(file), None, "{file}");
    }
    for file in [
        "other-1.0-py3-none-any.whl",
        "my_thing-1.1-py3-none-any.whl",
        "my_thing-1.0-cp39-cp39-manylinux_2_17_x86_64.whl",
        "my_thing-1.0-cp311-cp311-win_amd64.whl",
        "my_thing-1.0.whl",
        "other-1.0.tar.gz",
        "my_thing-1.0.exe",
        "",
    ] {
        assert!(of(file).is_some(), "{file}");
    }
}
