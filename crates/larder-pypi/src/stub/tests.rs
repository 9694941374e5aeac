//! Names from purls: what a package's author wrote becomes neither a path nor a line.

use super::write;
use crate::Provided;

fn provided(name: &str) -> Provided {
    Provided {
        name: name.to_owned(),
        version: "1.0".to_owned(),
        package: "package".to_owned(),
    }
}

#[test]
fn names_that_are_none_of_pep_508_become_no_file() {
    let scratch = tempfile::tempdir().unwrap();
    let directory = scratch.path().join("provided");
    std::fs::create_dir(&directory).unwrap();
    let outside = scratch.path().join("outside").display().to_string();
    let names = [
        outside.as_str(),
        "../outside",
        "..",
        "a/b",
        "a\\b",
        "a\n--index-url https://evil.test",
        "a b",
        "-r",
        "a;b",
        "a @ b",
        "",
        "\u{e9}",
    ];
    let provided: Vec<Provided> = names.iter().map(|name| provided(name)).collect();
    let stubs = write(&provided, &directory).unwrap();
    assert!(stubs.wheels.is_empty() && stubs.unversioned.is_empty());
    let long = self::provided(&"a".repeat(400));
    assert!(write(&[long], &directory).unwrap().wheels.is_empty());
    assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 0);
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 1);
}

#[test]
fn an_unversioned_name_is_no_line_either() {
    let directory = tempfile::tempdir().unwrap();
    let bad = Provided {
        version: "not a version".to_owned(),
        ..provided("a\n-r x")
    };
    let good = Provided {
        version: "not a version".to_owned(),
        ..provided("good")
    };
    let stubs = write(&[bad, good], directory.path()).unwrap();
    assert_eq!(stubs.unversioned, ["good"]);
}

#[cfg(unix)]
#[test]
fn no_file_or_link_that_is_there_is_written_through() {
    let directory = tempfile::tempdir().unwrap();
    let target = directory.path().join("target");
    let link = directory.path().join("six-1.0-py3-none-any.whl");
    std::os::unix::fs::symlink(&target, link).unwrap();
    write(&[provided("six")], directory.path()).unwrap_err();
    assert!(!target.exists());
}
