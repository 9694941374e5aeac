//! What is found in small environments, by hand.

use std::fs;

use larder_digest::Sha256;
use larder_event::SilentReporter;
use proptest::prelude::*;
use serde_json::json;

use super::{Drift, VerifyOptions, VerifyReport, pip_record, verify};

/// An environment with one package that has a file, a link to it and a directory.
fn environment() -> tempfile::TempDir {
    let prefix = tempfile::tempdir().unwrap();
    let root = prefix.path();
    fs::create_dir_all(root.join("conda-meta")).unwrap();
    fs::create_dir_all(root.join("lib/empty")).unwrap();
    fs::write(root.join("lib/a.so.1"), "bytes").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("a.so.1", root.join("lib/a.so")).unwrap();
    let digest = Sha256::of(b"bytes").to_hex();
    let mut paths = vec![
        json!({ "_path": "lib/a.so.1", "path_type": "hardlink", "sha256": digest,
                "sha256_in_prefix": digest, "size_in_bytes": 5 }),
        json!({ "_path": "lib/empty", "path_type": "directory" }),
    ];
    if cfg!(unix) {
        paths.push(json!({ "_path": "lib/a.so", "path_type": "softlink", "sha256": digest }));
    }
    let record = json!({
        "name": "a", "version": "1", "build": "0", "build_number": 0, "subdir": "noarch", "depends": [],
        "fn": "a-1-0.conda", "url": "https://example.org/c/noarch/a-1-0.conda",
        "channel": "https://example.org/c", "files": [],
        "paths_data": { "paths_version": 1, "paths": paths },
    });
    fs::write(root.join("conda-meta/a-1-0.json"), record.to_string()).unwrap();
    fs::write(root.join("conda-meta/history"), "").unwrap();
    prefix
}

fn report(prefix: &tempfile::TempDir, quick: bool) -> VerifyReport {
    let options = VerifyOptions { threads: 2, quick };
    verify(prefix.path(), options, &SilentReporter).unwrap()
}

fn drifts(prefix: &tempfile::TempDir, quick: bool) -> Vec<(String, Drift)> {
    let drifted = report(prefix, quick).drifted;
    drifted
        .into_iter()
        .map(|drifted| (drifted.path, drifted.drift))
        .collect()
}

#[test]
fn an_environment_as_recorded_has_no_drift() {
    let prefix = environment();
    let found = report(&prefix, false);
    assert!(found.is_as_recorded(), "{found:?}");
    assert_eq!((found.packages, found.pip.len()), (1, 0));
}

#[test]
fn other_bytes_are_found_unless_it_has_to_be_quick() {
    let prefix = environment();
    fs::write(prefix.path().join("lib/a.so.1"), "BYTES").unwrap();
    let found = drifts(&prefix, false);
    assert!(
        matches!(found.as_slice(), [(path, Drift::Sha256 { .. })] if path == "lib/a.so.1"),
        "the file, not the link to it: {found:?}"
    );
    assert_eq!(drifts(&prefix, true), []);
    fs::write(prefix.path().join("lib/a.so.1"), "BYTES and more").unwrap();
    let size = Drift::Size {
        expected: 5,
        found: 14,
    };
    assert_eq!(drifts(&prefix, true), [("lib/a.so.1".into(), size)]);
}

#[test]
fn missing_paths_and_other_kinds_are_found() {
    let prefix = environment();
    fs::remove_dir(prefix.path().join("lib/empty")).unwrap();
    fs::remove_file(prefix.path().join("lib/a.so.1")).unwrap();
    fs::create_dir(prefix.path().join("lib/a.so.1")).unwrap();
    let found = drifts(&prefix, true);
    let kind = Drift::Kind {
        expected: "a file",
        found: "a directory",
    };
    assert!(found.contains(&("lib/a.so.1".into(), kind)), "{found:?}");
    assert!(
        found.contains(&("lib/empty".into(), Drift::Missing)),
        "{found:?}"
    );
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_found() {
    let prefix = environment();
    fs::remove_file(prefix.path().join("lib/a.so")).unwrap();
    std::os::unix::fs::symlink("gone", prefix.path().join("lib/a.so")).unwrap();
    assert_eq!(
        drifts(&prefix, true),
        [("lib/a.so".into(), Drift::Dangling)]
    );
}

#[test]
fn what_no_record_names_is_extra_but_bytecode_is_not() {
    let prefix = environment();
    fs::create_dir_all(prefix.path().join("etc/__pycache__")).unwrap();
    fs::write(prefix.path().join("etc/mine"), "").unwrap();
    fs::write(prefix.path().join("etc/__pycache__/m.cpython-311.pyc"), "").unwrap();
    fs::create_dir_all(prefix.path().join("envs/other/conda-meta")).unwrap();
    fs::write(prefix.path().join("envs/other/conda-meta/history"), "").unwrap();
    fs::write(prefix.path().join("envs/other/file"), "").unwrap();
    assert_eq!(report(&prefix, false).extra, ["etc/mine"]);
}

#[test]
fn packages_of_pip_are_named_and_their_files_compared() {
    let prefix = environment();
    let site = prefix.path().join("lib/python3.11/site-packages");
    fs::create_dir_all(site.join("rich-14.0.dist-info")).unwrap();
    fs::create_dir_all(prefix.path().join("bin")).unwrap();
    fs::write(site.join("rich.py"), "").unwrap();
    fs::write(prefix.path().join("bin/rich"), "#!").unwrap();
    let info = |name: &str, text: &str| {
        fs::write(site.join("rich-14.0.dist-info").join(name), text).unwrap();
    };
    info(
        "METADATA",
        "Metadata-Version: 2.1\nName: rich\nVersion: 14.0\n\nName: not\n",
    );
    info("INSTALLER", "uv\n");
    // The digest of nothing, in base64.
    let empty = "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";
    let record = format!(
        "rich.py,{empty},0\n../../../bin/rich,,\n\"rich-14.0.dist-info/METADATA\",,\n\
         rich-14.0.dist-info/INSTALLER,,\nrich-14.0.dist-info/RECORD,,\n../../../../../../etc/passwd,{empty},0\n"
    );
    info("RECORD", &record);
    let found = report(&prefix, false);
    assert_eq!((&found.drifted, &found.extra), (&vec![], &vec![]));
    let [rich] = found.pip.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(
        (rich.name.as_str(), rich.version.as_str()),
        ("rich", "14.0")
    );
    assert_eq!(rich.installer.as_deref(), Some("uv"));
    assert_eq!(rich.files.len(), 5);
    fs::write(site.join("rich.py"), "x = 1").unwrap();
    let found = report(&prefix, false).drifted;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].package, "rich-14.0");
}

#[test]
fn a_record_that_cannot_be_read_is_named() {
    let prefix = environment();
    fs::write(prefix.path().join("conda-meta/b-1-0.json"), "{").unwrap();
    let found = report(&prefix, false);
    assert_eq!(found.damaged_records.len(), 1);
    assert_eq!(found.damaged_records[0].path, "b-1-0.json");
    assert!(!found.is_as_recorded());
}

proptest! {
    #[test]
    fn records_of_pip_never_panic(text in "\\PC{0,200}") {
        let _ = pip_record::lines(&text).count();
    }
}
