//! The rows of CEP 37 in `cep-requirements.tsv` about the file and its metadata.

use std::path::Path;

use rattler_conda_types::Subdir;

use super::support::{CHANNEL, ONE, closure, head, one_with, package, parse, refusal};
use crate::{
    Closure, DEFAULT_FILE_NAME, InputDigests, LockChannel, LockFile, LockHead, Selection,
    may_be_lock_name, relative_source,
};

#[test]
fn cep37_01_names_end_in_yml_or_yaml() {
    assert!(may_be_lock_name(DEFAULT_FILE_NAME));
    assert!(DEFAULT_FILE_NAME.contains("conda-lock"));
    assert!(may_be_lock_name("dev.conda-lock.yaml"));
    assert!(!may_be_lock_name("x.txt"));
}

#[test]
fn cep37_02_version_is_optional_and_one() {
    parse(&one_with("version: 1\n", ""));
    parse(&one_with("version: 1\n", "version: '1' # the only one\n"));
    let text = refusal(&one_with("version: 1", "version: 2"));
    assert!(text.starts_with("conda-lock.yml:1: version 2 "), "{text}");
    let text = refusal(&format!("{ONE}extra: 1\n"));
    assert!(text.contains("extra"), "{text}");
}

#[test]
fn cep37_03_metadata_has_no_other_keys() {
    let text = refusal(&one_with("metadata:\n", "metadata:\n  foo: 1\n"));
    assert!(text.starts_with("conda-lock.yml:3:3: "), "{text}");
    assert!(text.contains("foo"), "{text}");
    for key in ["content_hash", "channels", "platforms", "sources"] {
        let text = refusal(&one_with(
            &format!("  {key}:"),
            &format!("  {key}: null\n  custom_metadata:"),
        ));
        assert!(
            text.contains(key) || text.contains("expected"),
            "{key}: {text}"
        );
    }
    let ours = LockFile::new(&[closure(&["zlib-1.2-0"])], &head()).to_yaml();
    let metadata = &ours[ours.find("metadata:").unwrap()..ours.find("package:").unwrap()];
    for line in metadata.lines().skip(1) {
        if let Some(key) = line.strip_prefix("  ")
            && !key.starts_with([' ', '-'])
        {
            let key = key.split(':').next().unwrap();
            let known = [
                "content_hash",
                "channels",
                "platforms",
                "sources",
                "custom_metadata",
            ];
            assert!(known.contains(&key), "{key}");
        }
    }
    assert!(ours.contains("larder:linux-64/zlib: '{"), "{ours}");
}

#[test]
fn cep37_04_content_hash_is_there_and_decides_nothing() {
    let ours = LockFile::new(&[closure(&["zlib-1.2-0"])], &head()).to_yaml();
    let start = ours.find("content_hash:\n    linux-64: ").unwrap() + 28;
    let hash: String = ours[start..]
        .trim_start_matches(['\'', ' '])
        .chars()
        .take(64)
        .collect();
    assert!(
        hash.bytes()
            .all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase())
    );
    let other = parse(&ours.replace(&hash, &"0".repeat(64)));
    assert_eq!(
        other.digest(Subdir::Linux64),
        parse(&ours).digest(Subdir::Linux64)
    );
    let changed = LockFile::new(&[closure(&["zlib-1.3-0"])], &head()).to_yaml();
    assert!(!changed.contains(&hash));
    // micromamba has none for platforms that it added.
    let other = parse(&one_with("    linux-64: af", "    osx-64: af"));
    let note = other.notes()[0].to_string();
    assert!(note.contains("nothing for linux-64"), "{note}");
    let noted = parse(&one_with("af8caa5b", "unidep"));
    assert_eq!(noted.notes().len(), 1);
}

#[test]
fn cep37_05_channels_keep_names_of_variables_and_no_values() {
    let channel = LockChannel::of("https://$USER:${TOK}@ch.test/c/");
    assert_eq!(channel.url, "https://ch.test/c");
    assert_eq!(channel.used_env_vars, ["TOK", "USER"]);
    let head = LockHead {
        channels: vec![
            channel.clone(),
            LockChannel {
                url: "https://me:hunter2@ch.test/t/tk-123/d".to_owned(),
                used_env_vars: vec!["D".to_owned()],
            },
        ],
        ..head()
    };
    let text = LockFile::new(&[closure(&["zlib-1.2-0"])], &head).to_yaml();
    assert!(
        !text.contains("hunter2") && !text.contains("tk-123"),
        "{text}"
    );
    let lock = parse(&text);
    assert_eq!(lock.channels()[0], channel);
    assert_eq!(lock.channels()[1].url, "https://ch.test/d");
    for (bad, expected) in [
        ("  - url: ''", "`url` is missing"),
        ("  - url: https://me:hunter2@ch.test/c", "holds credentials"),
        ("  - url: https://ch.test/t/abc-123/c", "holds credentials"),
    ] {
        let text = refusal(&one_with("  - url: conda-forge", bad));
        assert!(text.contains(expected) && text.contains(":6:"), "{text}");
        assert!(
            !text.contains("hunter2") && !text.contains("abc-123"),
            "{text}"
        );
    }
    let text = refusal(&one_with("    used_env_vars: []\n", ""));
    assert!(text.contains("used_env_vars"), "{text}");
}

#[test]
fn cep37_06_platforms_are_subdirs_without_noarch() {
    for bad in ["noarch", "linux", "beos-64", "../x"] {
        let text = refusal(&one_with("  - linux-64", &format!("  - {bad}")));
        assert!(
            text.starts_with("conda-lock.yml:9: ") && text.contains(bad),
            "{text}"
        );
    }
    for bad in ["noarch", "osx-64"] {
        let text = refusal(&one_with("platform: linux-64", &format!("platform: {bad}")));
        assert!(text.starts_with("conda-lock.yml:16: zlib: "), "{text}");
    }
    let mut noarch = package("tzdata-2024a-h1_0");
    noarch.record.url = format!("{CHANNEL}/noarch/tzdata-2024a-h1_0.conda")
        .parse()
        .unwrap();
    noarch.record.package_record.subdir = "noarch".to_owned();
    let closures = [Subdir::Linux64, Subdir::OsxArm64]
        .map(|subdir| Closure::new(subdir, vec![noarch.clone()]).unwrap());
    let lock = parse(&LockFile::new(&closures, &head()).to_yaml());
    for (subdir, written) in [Subdir::Linux64, Subdir::OsxArm64]
        .into_iter()
        .zip(&closures)
    {
        assert_eq!(
            &lock.closure(subdir, &Selection::default()).unwrap(),
            written
        );
    }
}

#[test]
fn cep37_07_sources_are_relative_to_the_lock() {
    let relative = |lock: &str, source: &str| relative_source(Path::new(lock), Path::new(source));
    assert_eq!(
        relative("/a/b", "/a/env.yml").as_deref(),
        Some("../env.yml")
    );
    assert_eq!(relative("/a", "/a/b/env.yml").as_deref(), Some("b/env.yml"));
    assert_eq!(
        relative("/a/b/../c", "/a/./c/e.yml").as_deref(),
        Some("e.yml")
    );
    assert_eq!(relative("", "env.yml").as_deref(), Some("env.yml"));
    assert_eq!(
        relative("locks", "../env.yml").as_deref(),
        Some("../../env.yml")
    );
    assert_eq!(relative("/a", "env.yml"), None);
    if cfg!(windows) {
        assert_eq!(
            relative(r"C:\a", r"C:\a\b\e.yml").as_deref(),
            Some("b/e.yml")
        );
        assert_eq!(relative(r"C:\a", r"D:\e.yml"), None);
    }
    let lock = parse(&LockFile::new(&[closure(&["zlib-1.2-0"])], &head()).to_yaml());
    assert_eq!(lock.sources(), ["environment.yml"]);
    let absolute = parse(&one_with("  - environment.yml", "  - /tmp/environment.yml"));
    assert!(
        absolute.notes()[0]
            .to_string()
            .starts_with("conda-lock.yml:11: ")
    );
}

#[test]
fn cep37_08_time_is_read_and_never_written() {
    let text = one_with(
        "package:",
        "  time_metadata:\n    created_at: '2025-10-25T12:00:00Z'\npackage:",
    );
    parse(&text);
    let write = || LockFile::new(&[closure(&["zlib-1.2-0"])], &head()).to_yaml();
    assert_eq!(write(), write());
    assert!(!write().contains("time_metadata"));
    assert!(!parse(&text).to_yaml().contains("created_at"));
}

#[test]
fn cep37_09_git_metadata_has_three_keys_and_is_never_written() {
    let with = |key: &str| {
        one_with(
            "package:",
            &format!("  git_metadata:\n    {key}: x\npackage:"),
        )
    };
    for key in ["git_user_name", "git_user_email", "git_sha"] {
        let lock = parse(&with(key));
        assert!(!lock.to_yaml().contains("git_"));
    }
    let text = refusal(&with("git_branch"));
    assert!(text.contains("git_branch"), "{text}");
}

#[test]
fn cep37_10_inputs_have_both_digests_of_the_contents() {
    let digests = InputDigests::of(b"name: x\n");
    assert_eq!(digests.md5.to_hex(), "5cb9b2eb121adc70727209d5fda6fe4e");
    let head = LockHead {
        inputs: [("environment.yml".to_owned(), digests)].into(),
        ..head()
    };
    let text = LockFile::new(&[closure(&["zlib-1.2-0"])], &head).to_yaml();
    assert_eq!(parse(&text).inputs()["environment.yml"], digests);
    for (old, new) in [
        ("      md5:", "      sha1:"),
        ("      md5: ", "      md5: zz"),
    ] {
        refusal(&text.replacen(old, new, 1));
    }
}
