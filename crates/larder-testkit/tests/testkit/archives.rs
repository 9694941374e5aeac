//! Archives are read back by rattler, and what they say about themselves is true.

use std::path::Path;

use larder_testkit::{BuiltPackage, Format, PackageBuilder, tree_of};
use rattler_conda_types::PackageRecord;
use rattler_conda_types::package::{
    FileMode, IndexJson, LinkJson, NoArchLinks, PackageFile as _, PathType, PathsEntry, PathsJson,
};
use rattler_package_streaming::{ExtractResult, read};
use serde_json::json;

use crate::hex;

const FORMATS: [Format; 2] = [Format::Conda, Format::TarBz2];

/// A package with every path type.
fn everything() -> PackageBuilder {
    PackageBuilder::new("every", "1.2.3", "h0_4")
        .build_number(4)
        .depends("dep >=1")
        .depends("other")
        .constrains("foe <2")
        .timestamp_ms(1_600_000_000_123)
        .file("share/plain.txt", "plain\n")
        .executable("bin/run", "#!/bin/sh\n")
        .text_prefix("etc/conf", "root={{PREFIX}}/x:{{PREFIX}}\n")
        .executable_text_prefix("bin/tool", "#!{{PREFIX}}/bin/python\n")
        .binary_prefix("lib/lib.so", b"\x7fELF{{PREFIX}}/lib\0tail\0".to_vec())
        .symlink("lib/lib.so.1", "lib.so")
        .symlink("lib/nowhere", "../../absent")
        .directory("var/empty")
        .no_link("etc/copied", "copied\n")
        .link_script("post-link", "true\n")
        .index_extra("python_site_packages_path", json!("lib/site"))
}

fn extract(package: &BuiltPackage, dir: &Path) -> ExtractResult {
    let bytes = package.bytes.as_slice();
    if package.file_name.ends_with(".conda") {
        read::extract_conda_via_streaming(bytes, dir).unwrap()
    } else {
        read::extract_tar_bz2(bytes, dir).unwrap()
    }
}

#[test]
fn rattler_extracts_the_same_tree_from_both_formats() {
    let [conda, tar_bz2] = FORMATS.map(|format| {
        let dir = tempfile::tempdir().unwrap();
        let package = everything().build(format);
        let result = extract(&package, dir.path());
        assert_eq!(hex(result.sha256), package.sha256);
        assert_eq!(hex(result.md5), package.md5);
        tree_of(dir.path())
    });
    assert_eq!(conda, tar_bz2);
    let expected = [
        "link lib/lib.so.1 -> lib.so",
        "link lib/nowhere -> ../../absent",
        "dir 0755 var/empty",
    ];
    for line in expected {
        assert!(
            conda.iter().any(|known| known == line),
            "{line} is not in {conda:#?}"
        );
    }
    for start in [
        "file 0755 bin/run ",
        "file 0755 bin/.every-post-link.sh ",
        "file 0644 etc/conf ",
    ] {
        assert!(
            conda.iter().any(|known| known.starts_with(start)),
            "{start} is not in {conda:#?}"
        );
    }
}

#[test]
fn the_same_calls_give_the_same_bytes() {
    for format in FORMATS {
        assert_eq!(
            everything().build(format).bytes,
            everything().build(format).bytes
        );
    }
}

#[test]
fn paths_json_tells_the_truth() {
    let dir = tempfile::tempdir().unwrap();
    extract(&everything().build(Format::Conda), dir.path());
    let paths = PathsJson::from_package_directory(dir.path()).unwrap().paths;
    for entry in paths
        .iter()
        .filter(|entry| entry.path_type == PathType::HardLink)
    {
        let bytes = std::fs::read(dir.path().join(&entry.relative_path)).unwrap();
        assert_eq!(entry.size_in_bytes, Some(bytes.len() as u64), "{entry:?}");
        assert_eq!(entry.sha256.map(hex), Some(sha256(&bytes)), "{entry:?}");
        if let Some(prefix) = &entry.prefix_placeholder {
            assert_eq!(prefix.placeholder.len(), 255);
            assert!(
                String::from_utf8_lossy(&bytes).contains(&prefix.placeholder),
                "{entry:?}"
            );
        }
    }
    assert_eq!(mode_of(&paths, "etc/conf"), Some(FileMode::Text));
    assert_eq!(mode_of(&paths, "bin/tool"), Some(FileMode::Text));
    assert_eq!(mode_of(&paths, "lib/lib.so"), Some(FileMode::Binary));
    assert_eq!(mode_of(&paths, "share/plain.txt"), None);
    assert!(entry(&paths, "etc/copied").no_link);
    assert_eq!(entry(&paths, "var/empty").path_type, PathType::Directory);
    let link = entry(&paths, "lib/lib.so.1");
    assert_eq!(link.path_type, PathType::SoftLink);
    assert_eq!(
        link.sha256,
        entry(&paths, "lib/lib.so").sha256,
        "the hash of the link's target"
    );
    assert_eq!(paths.len(), 10);
}

#[test]
fn legacy_files_say_what_paths_json_says() {
    let dir = tempfile::tempdir().unwrap();
    let package = everything()
        .without_info_file("info/paths.json")
        .build(Format::TarBz2);
    extract(&package, dir.path());
    assert!(!dir.path().join("info/paths.json").exists());
    let paths = PathsJson::from_package_directory_with_deprecated_fallback(dir.path())
        .unwrap()
        .paths;
    assert_eq!(mode_of(&paths, "etc/conf"), Some(FileMode::Text));
    assert_eq!(mode_of(&paths, "lib/lib.so"), Some(FileMode::Binary));
    assert!(entry(&paths, "etc/copied").no_link);
    assert_eq!(entry(&paths, "lib/lib.so.1").path_type, PathType::SoftLink);
    assert_eq!(paths.len(), 9, "all but the directory");
}

#[test]
fn index_json_and_record_agree() {
    let dir = tempfile::tempdir().unwrap();
    let package = everything().build(Format::Conda);
    extract(&package, dir.path());
    let index = IndexJson::from_package_directory(dir.path()).unwrap();
    let record: PackageRecord = serde_json::from_value(package.record.clone()).unwrap();
    assert_eq!(index.name, record.name);
    assert_eq!(index.depends, record.depends);
    assert_eq!(index.constrains, record.constrains);
    assert_eq!(index.build_number, 4);
    assert_eq!(record.build_number, 4);
    assert_eq!(index.timestamp, record.timestamp);
    assert_eq!(
        record.python_site_packages_path.as_deref(),
        Some("lib/site")
    );
    assert_eq!(package.file_name, "every-1.2.3-h0_4.conda");
    assert_eq!(package.subdir, "linux-64");
    assert_eq!(package.record["size"], package.bytes.len());
    assert_eq!(package.record["sha256"], package.sha256);
}

#[test]
fn noarch_python_has_its_link_json() {
    let dir = tempfile::tempdir().unwrap();
    let package = PackageBuilder::new("pure", "1", "py_0")
        .noarch_python()
        .entry_point("pure = pure.cli:main")
        .file("site-packages/pure/cli.py", "def main(): pass\n")
        .build(Format::Conda);
    extract(&package, dir.path());
    assert_eq!(package.subdir, "noarch");
    assert_eq!(package.record["noarch"], "python");
    match LinkJson::from_package_directory(dir.path()).unwrap().noarch {
        NoArchLinks::Python(links) => assert_eq!(links.entry_points[0].command, "pure"),
        NoArchLinks::Generic => panic!("it is python"),
    }
}

#[test]
fn info_last_moves_info_behind_the_files() {
    let entries = everything().info_last().tar_entries();
    assert!(!entries[0].0.starts_with("info/"));
    assert!(entries.last().unwrap().0.starts_with("info/"));
    assert!(everything().tar_entries()[0].0.starts_with("info/"));
}

#[test]
#[should_panic(expected = "is already in every")]
fn a_path_given_twice_is_a_mistake() {
    let _ = everything().file("bin/run", "");
}

#[test]
#[should_panic(expected = "use raw_entry")]
fn a_path_with_dots_is_a_mistake() {
    let _ = everything().file("../outside", "");
}

#[test]
#[should_panic(expected = "entry points need noarch_python()")]
fn an_entry_point_without_python_is_a_mistake() {
    let _ = everything().entry_point("x = y:z").build(Format::Conda);
}

fn entry<'a>(paths: &'a [PathsEntry], path: &str) -> &'a PathsEntry {
    paths
        .iter()
        .find(|entry| entry.relative_path == Path::new(path))
        .unwrap()
}

fn mode_of(paths: &[PathsEntry], path: &str) -> Option<FileMode> {
    entry(paths, path)
        .prefix_placeholder
        .as_ref()
        .map(|prefix| prefix.file_mode)
}

fn sha256(bytes: &[u8]) -> String {
    let mut hasher = larder_digest::Hasher::sha256();
    hasher.update(bytes);
    hasher.finish().sha256.to_hex()
}
