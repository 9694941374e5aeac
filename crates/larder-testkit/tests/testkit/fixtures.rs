//! The trees in `fixtures/packages/` are whole packages, and the quick start can be solved from them.

use larder_testkit::{fixture_channel, fixtures, tree_of};
use rattler_conda_types::RepoData;
use rattler_package_streaming::fs::extract;

#[test]
fn every_fixture_is_in_the_channel() {
    let dir = tempfile::tempdir().unwrap();
    let channel = fixture_channel(dir.path());
    let repodata = RepoData::from_path(channel.file("noarch", "repodata.json")).unwrap();
    let conda = repodata
        .conda_packages
        .values()
        .map(|record| record.name.as_normalized());
    let tar_bz2 = repodata
        .packages
        .values()
        .map(|record| record.name.as_normalized());
    let (mut conda, mut tar_bz2): (Vec<_>, Vec<_>) = (conda.collect(), tar_bz2.collect());
    conda.sort_unstable();
    tar_bz2.sort_unstable();
    assert_eq!(conda, ["greetings-data", "hello-activate", "hello-message"]);
    assert_eq!(tar_bz2, ["hello", "hello-docs"]);
}

#[test]
fn a_tree_becomes_the_package_that_it_looks_like() {
    let dir = tempfile::tempdir().unwrap();
    let channel = fixture_channel(&dir.path().join("channel"));
    let expected = [
        ("hello-1.0-0.tar.bz2", "file 0755 bin/hello "),
        (
            "hello-docs-2.0-0.tar.bz2",
            "link share/doc/hello/index.txt -> manual.txt",
        ),
        ("hello-docs-2.0-0.tar.bz2", "dir 0755 share/doc/hello/notes"),
        (
            "hello-message-1.0-0.conda",
            "file 0755 bin/.hello-message-post-link.sh ",
        ),
    ];
    for (file, start) in expected {
        let target = dir.path().join(file).with_extension("extracted");
        extract(&channel.file("noarch", file), &target).unwrap();
        let lines = tree_of(&target);
        assert!(
            lines.iter().any(|line| line.starts_with(start)),
            "{start} is not in {lines:#?}"
        );
    }
}

#[test]
fn hello_holds_its_prefix() {
    let dir = tempfile::tempdir().unwrap();
    let channel = fixture_channel(&dir.path().join("channel"));
    let target = dir.path().join("hello");
    extract(&channel.file("noarch", "hello-1.0-0.tar.bz2"), &target).unwrap();
    let script = std::fs::read_to_string(target.join("bin/hello")).unwrap();
    assert!(
        script.contains("prefix=\"/home/builder/placehold_"),
        "{script}"
    );
    let paths = std::fs::read_to_string(target.join("info/paths.json")).unwrap();
    assert!(paths.contains("prefix_placeholder"), "{paths}");
}

#[test]
fn every_tree_says_why_it_is_there() {
    for entry in std::fs::read_dir(fixtures().join("packages")).unwrap() {
        let readme = entry.unwrap().path().join("README");
        assert!(
            std::fs::read_to_string(&readme).unwrap().len() > 20,
            "{}",
            readme.display()
        );
    }
}

#[test]
fn the_quick_start_asks_for_hello() {
    let text = std::fs::read_to_string(fixtures().join("quickstart/environment.yml")).unwrap();
    for line in ["  - ./channel", "  - hello", "  HELLO_NAME: larder"] {
        assert!(text.lines().any(|known| known == line), "{line}");
    }
}
