//! Texts that are no lock, or one that must not be used: what the reader of the message is told.

use rattler_conda_types::Subdir;

use super::support::{ONE, closure, head, one_with, refusal};
use crate::{ClosureError, Completeness, LockFile, LockKind, Selection, detect};

#[test]
fn an_environment_file_is_no_lock() {
    let text = refusal("name: x\ndependencies:\n- python\n");
    assert!(text.contains("looks like an environment file"), "{text}");
    assert_eq!(detect("name: x\ndependencies:\n- python\n"), None);
    for nothing in [
        "",
        "\n",
        "[]",
        "{}",
        "a: b",
        "package\n",
        "\u{0}",
        "- package:\n",
    ] {
        let text = refusal(nothing);
        assert!(text.contains("is not a lock that can be read"), "{text}");
    }
}

#[test]
fn other_locks_are_recognised() {
    assert_eq!(detect(ONE), Some(LockKind::CondaLock));
    assert_eq!(
        detect(&format!("\u{feff}{}", ONE.replace('\n', "\r\n"))),
        Some(LockKind::CondaLock)
    );
    let pixi = "version: 6\nenvironments:\n  default: {}\npackages: []\n";
    assert_eq!(detect(pixi), Some(LockKind::Pixi));
    assert!(refusal(pixi).contains("it is a pixi.lock"));
    let explicit = "# platform: linux-64\n@EXPLICIT\nhttps://ch.test/a-1-0.conda\n";
    assert_eq!(detect(explicit), Some(LockKind::Explicit));
    assert!(refusal(explicit).contains("it is a @EXPLICIT list"));
}

#[test]
fn byte_order_mark_and_crlf_are_read() {
    let text = format!("\u{feff}{}", ONE.replace('\n', "\r\n"));
    assert_eq!(
        LockFile::parse("a", &text).unwrap(),
        LockFile::parse("a", ONE).unwrap()
    );
}

#[test]
fn conflict_markers_are_told_from_yaml_errors() {
    let text = one_with("- name: zlib", "<<<<<<< HEAD\n- name: zlib");
    let text = refusal(&text);
    assert!(
        text.starts_with("conda-lock.yml:13: merge-conflict markers"),
        "{text}"
    );
    assert!(
        text.contains("git checkout --ours") && text.contains("larder lock"),
        "{text}"
    );
    for marker in ["=======", ">>>>>>> theirs", "||||||| base"] {
        let text = refusal(&one_with("package:", &format!("package:\n{marker}")));
        assert!(text.contains(":13: merge-conflict"), "{text}");
    }
}

#[test]
fn credentials_are_refused_with_their_line_and_not_repeated() {
    for url in [
        "https://me:hunter2@conda.anaconda.org/conda-forge/linux-64",
        "https://hunter2@conda.anaconda.org/conda-forge/linux-64",
        "https://conda.anaconda.org/t/hunter2/conda-forge/linux-64",
        "https://host/prefix/t/hunter2/conda-forge/linux-64",
    ] {
        let text = refusal(&one_with(
            "https://conda.anaconda.org/conda-forge/linux-64",
            url,
        ));
        assert!(
            text.starts_with("conda-lock.yml:18: zlib: `url` holds credentials"),
            "{text}"
        );
        assert!(!text.contains("hunter2"), "{text}");
    }
    let text = refusal(&one_with(".tar.bz2", ".tar.bz2?token=hunter2"));
    assert!(
        text.contains("holds credentials") && !text.contains("hunter2"),
        "{text}"
    );
}

#[test]
fn variables_for_credentials_are_taken_out() {
    for url in [
        "https://$USER:$TOKEN@conda.anaconda.org/conda-forge/linux-64",
        "https://me:${TOKEN}@conda.anaconda.org/conda-forge/linux-64",
        "https://conda.anaconda.org/t/$TOKEN/conda-forge/linux-64",
    ] {
        let text = one_with("https://conda.anaconda.org/conda-forge/linux-64", url);
        let lock = LockFile::parse("a", &text).unwrap();
        let closure = lock
            .closure(Subdir::Linux64, &Selection::default())
            .unwrap();
        assert_eq!(
            closure.packages()[0].record.url.as_str(),
            "https://conda.anaconda.org/conda-forge/linux-64/zlib-1.2.8-3.tar.bz2"
        );
    }
}

#[test]
fn a_wrong_type_has_line_and_column() {
    let text = refusal(&one_with("dependencies: {}", "dependencies: 7"));
    assert!(text.starts_with("conda-lock.yml:17:"), "{text}");
    let text = refusal(&one_with("  sources:\n", "  sources: [\n"));
    assert!(text.starts_with("conda-lock.yml:1"), "{text}");
    let text = refusal(&one_with(
        "  version: 1.2.8\n",
        "  version: 1.2.8\n  version: 1.2.8\n",
    ));
    assert!(text.starts_with("conda-lock.yml:15:3: "), "{text}");
}

#[test]
fn a_remainder_is_bound_to_its_artifact() {
    let written = LockFile::new(&[closure(&["a-1-0 <- b; b"])], &head()).to_yaml();
    let completeness = |text: &str| {
        let lock = LockFile::parse("a", text).unwrap();
        let closure = lock
            .closure(Subdir::Linux64, &Selection::default())
            .unwrap();
        (closure.packages()[0].completeness, lock.notes().len())
    };
    assert_eq!(completeness(&written), (Completeness::Full, 0));
    for (old, new) in [
        ("\"of\":\"abababab\"", "\"of\":\"00000000\""),
        ("\"of\":\"abababab\",", ""),
        (
            "\"of\":",
            "\"url\":\"https://evil.test/a-1-0.conda\",\"of\":",
        ),
        ("\"of\":", "\"sha256\":\"00\",\"of\":"),
        ("\"depends\":[\"b\"", "\"depends\":[\"c\""),
        ("'{\"of\"", "'{of"),
    ] {
        assert!(written.contains(old), "{old}\n{written}");
        let changed = written.replace(old, new);
        assert_eq!(completeness(&changed), (Completeness::Partial, 1), "{old}");
    }
}

#[test]
fn a_platform_that_is_not_locked_is_named_with_those_that_are() {
    let lock = LockFile::parse("a", ONE).unwrap();
    let error = lock
        .closure(Subdir::Win64, &Selection::default())
        .unwrap_err();
    assert!(matches!(error, ClosureError::NotLocked { .. }));
    let text = error.to_string();
    assert!(
        text.contains("win-64") && text.contains("only for linux-64"),
        "{text}"
    );
}

#[test]
fn what_the_solve_took_for_granted_is_kept() {
    let mut head = head();
    let names = vec!["__glibc=2.28=0".to_owned()];
    head.virtual_packages.insert(Subdir::Linux64, names.clone());
    let lock = LockFile::new(&[closure(&["a-1-0"])], &head);
    let read = LockFile::parse("a", &lock.to_yaml()).unwrap();
    assert_eq!(read.virtual_packages(Subdir::Linux64), names);
    assert_eq!(read, lock);
    assert_eq!(read.virtual_packages(Subdir::Win64), [""; 0]);
}

#[test]
fn custom_metadata_of_others_is_kept() {
    let text = one_with("package:", "  custom_metadata:\n    team: x\npackage:");
    let lock = LockFile::parse("a", &text).unwrap();
    assert!(lock.to_yaml().contains("    team: x\n"));
}
