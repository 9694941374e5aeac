//! The rows of CEP 37 in `cep-requirements.tsv`, and those of other CEPs about locks.

use std::path::Path;

use larder_digest::Checksum;
use rattler_conda_types::Subdir;

use super::support::{CHANNEL, ONE, closure, head, one_with, package};
use crate::{
    Closure, Completeness, DEFAULT_FILE_NAME, InputDigests, LockChannel, LockFile, LockHead,
    LockedPackage, Reason, Selection, Wanted, check, closure_digest, may_be_lock_name,
    relative_source,
};

fn parse(text: &str) -> LockFile {
    match LockFile::parse("conda-lock.yml", text) {
        Ok(lock) => lock,
        Err(error) => panic!("{error}\n{text}"),
    }
}

fn refusal(text: &str) -> String {
    match LockFile::parse("conda-lock.yml", text) {
        Ok(_) => panic!("was read:\n{text}"),
        Err(error) => error.to_string(),
    }
}

fn default_closure(lock: &LockFile) -> Closure {
    lock.closure(Subdir::Linux64, &Selection::default())
        .unwrap()
}

fn names(closure: &Closure) -> Vec<String> {
    closure.packages().iter().map(LockedPackage::dist).collect()
}

/// Two items of one name would be one item, so this has another name.
fn and_another(name: &str, old: &str, new: &str) -> String {
    let item = &ONE[ONE.find("- name").unwrap()..];
    assert!(item.contains(old), "{old}");
    format!("{ONE}{}", item.replacen(old, new, 1).replace("zlib", name))
}

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
    let text = refusal(&one_with("    linux-64: af", "    osx-64: af"));
    assert!(text.contains("nothing for linux-64"), "{text}");
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

#[test]
fn cep37_11_items_are_unique() {
    let item = &ONE[ONE.find("- name").unwrap()..];
    let text = refusal(&format!("{ONE}{item}"));
    assert!(
        text.starts_with("conda-lock.yml:24: zlib: listed twice"),
        "{text}"
    );
    assert!(text.contains("line 13"), "{text}");
    parse(&format!(
        "{ONE}{}",
        item.replace("category: main", "category: dev")
    ));
    let python = and_another("python", "1.2.8", "1.2.8");
    let both = format!("{python}{}", item.replace("manager: conda", "manager: pip"));
    let lock = parse(&both);
    assert_eq!(
        lock.pip_packages(Subdir::Linux64, &Selection::default())[0].name,
        "zlib"
    );
    assert_eq!(
        names(&default_closure(&lock)),
        ["python-1.2.8-3", "zlib-1.2.8-3"]
    );
}

#[test]
fn cep37_12_required_keys_of_an_item() {
    for (key, line) in [
        ("version", "  version: 1.2.8\n"),
        ("manager", "  manager: conda\n"),
        ("platform", "  platform: linux-64\n"),
        ("optional", "  optional: false\n"),
    ] {
        let text = refusal(&one_with(line, ""));
        let expected = format!("conda-lock.yml:13: zlib: `{key}` is missing");
        assert!(text.starts_with(&expected), "{text}");
    }
    let text = refusal(&one_with("- name: zlib\n  version", "- version"));
    assert!(
        text.contains("a package without name: `name` is missing"),
        "{text}"
    );
    let text = refusal(&one_with("  url: https", "  source: null\n  build: https"));
    assert!(text.contains("`url` is missing"), "{text}");
    let text = refusal(&one_with("manager: conda", "manager: npm"));
    assert_eq!(
        text,
        "conda-lock.yml:15: zlib: `manager: npm`: expected conda or pip"
    );
    parse(&one_with("  category: main\n", ""));
    parse(&one_with("  dependencies: {}\n", ""));
    refusal(&one_with("  category: main\n", "  catgory: main\n"));
}

#[test]
fn cep37_13_dependencies_merge_specs_of_one_name() {
    let written = closure(&["a-1-0 <- numpy >=1.2; numpy <2; __unix; b >=1|2 *_cp311; b 1.*"]);
    let text = LockFile::new(std::slice::from_ref(&written), &head()).to_yaml();
    assert!(text.contains("    numpy: '>=1.2,<2'\n"), "{text}");
    assert!(text.contains("    __unix: ''\n"), "{text}");
    assert!(text.contains("    b: '(>=1|2),1.* *_cp311'\n"), "{text}");
    assert_eq!(default_closure(&parse(&text)), written);
    let lock = parse(&one_with(
        "dependencies: {}",
        "dependencies:\n    __unix: ''\n    a: null",
    ));
    let read = default_closure(&lock);
    let depends = &read.packages()[0].record.package_record.depends;
    assert_eq!(depends, &["__unix", "a"]);
}

#[test]
fn cep37_14_hashes_are_checked_and_sha256_comes_first() {
    let checksum = |text: &str| default_closure(&parse(text)).packages()[0].checksum();
    assert!(matches!(checksum(ONE), Some(Checksum::Sha256(_))));
    let md5 = "    md5: 6b3dbbf50432b3e2a271b5e46877bcfc\n";
    assert!(matches!(
        checksum(&one_with(md5, "    md5: null\n")),
        Some(Checksum::Sha256(_))
    ));
    let sha256 = ONE
        .lines()
        .find(|line| line.starts_with("    sha256"))
        .unwrap();
    assert!(matches!(
        checksum(&one_with(sha256, "")),
        Some(Checksum::Md5(_))
    ));
    let text = LockFile::new(&[closure(&["zlib-1.2-0"])], &head()).to_yaml();
    assert!(
        text.contains("    md5: cdcd") && text.contains("    sha256: abab"),
        "{text}"
    );
    for (old, new, line) in [
        (md5, "    md5: 6B3DBBF50432B3E2A271B5E46877BCFC\n", 20),
        (md5, "    md5: 6b3d\n", 20),
        (sha256, "    sha256: xyz", 20),
        (md5, "    sha512: 6b3d\n", 20),
    ] {
        let text = refusal(&one_with(old, new));
        assert!(
            text.starts_with(&format!("conda-lock.yml:{line}")),
            "{text}"
        );
    }
    for hash in ["  hash: {}\n", "  hash: {md5: null, sha256: null}\n", ""] {
        let start = ONE.find("  hash:").unwrap();
        let end = ONE.find("  category").unwrap();
        let text = refusal(&one_with(&ONE[start..end], hash));
        assert!(text.contains("zlib: `hash` is missing"), "{text}");
    }
}

#[test]
fn cep37_15_source_is_a_url() {
    let with = |source: &str| {
        one_with(
            "  category: main",
            &format!("  source: {source}\n  category: main"),
        )
    };
    parse(&with("{type: url, url: https://ch.test/x}"));
    parse(&with("null"));
    for bad in [
        "{type: git, url: x}",
        "{type: url}",
        "{type: url, url: x, rev: y}",
        "{type: url, url: 'https://a:b@ch.test/x'}",
    ] {
        refusal(&with(bad));
    }
}

#[test]
fn cep37_16_build_comes_from_the_url_where_it_is_missing() {
    assert_eq!(names(&default_closure(&parse(ONE))), ["zlib-1.2.8-3"]);
    let with = |build: &str| one_with("  category", &format!("  build: {build}\n  category"));
    assert_eq!(
        names(&default_closure(&parse(&with("'3'")))),
        ["zlib-1.2.8-3"]
    );
    parse(&with("null"));
    let text = refusal(&with("h1_0"));
    assert!(
        text.starts_with("conda-lock.yml:22: zlib: `build: h1_0` contradicts"),
        "{text}"
    );
    let text = refusal(&one_with("version: 1.2.8", "version: 1.2.9"));
    assert!(
        text.starts_with("conda-lock.yml:14: zlib: `version: 1.2.9` contradicts"),
        "{text}"
    );
    let text = refusal(&one_with("name: zlib", "name: bzip2"));
    assert!(text.contains("bzip2: `name: bzip2` contradicts"), "{text}");
    for bad in [
        "zlib.conda",
        "zlib-1.2.8-3.zip",
        "",
        "zlib-1.2.8-3.conda.exe",
    ] {
        refusal(&one_with("zlib-1.2.8-3.tar.bz2", bad));
    }
    let lock = LockFile::new(&[closure(&["zlib-1.2-h1_0"])], &head());
    assert!(lock.to_yaml().contains("  build: h1_0\n"));
}

#[test]
fn cep37_17_category_defaults_to_main() {
    let lock = parse(&one_with("  category: main\n", ""));
    assert_eq!(names(&default_closure(&lock)), ["zlib-1.2.8-3"]);
    let dev = parse(&and_another("pytest", "category: main", "category: dev"));
    assert_eq!(names(&default_closure(&dev)), ["zlib-1.2.8-3"]);
    let both = Selection::categories(["main", "dev"]);
    assert_eq!(
        dev.closure(Subdir::Linux64, &both)
            .unwrap()
            .packages()
            .len(),
        2
    );
    assert_eq!(
        dev.categories().into_iter().collect::<Vec<_>>(),
        ["dev", "main"]
    );
    let text = refusal(&one_with("category: main", "category: ''"));
    assert!(
        text.starts_with("conda-lock.yml:22: zlib: `category"),
        "{text}"
    );
}

#[test]
fn cep37_18_optional_is_a_boolean() {
    let text = and_another(
        "pytest",
        "category: main\n  optional: false",
        "category: dev\n  optional: true",
    );
    assert_eq!(names(&default_closure(&parse(&text))), ["zlib-1.2.8-3"]);
    for bad in ["\"no\"", "maybe", "1", "[]"] {
        let text = refusal(&one_with("optional: false", &format!("optional: {bad}")));
        assert!(text.starts_with("conda-lock.yml:23"), "{bad}: {text}");
    }
}

#[test]
fn cep37_19_pip_needs_python() {
    let pip = and_another("requests", "manager: conda", "manager: pip");
    let text = refusal(&pip);
    assert!(
        text.starts_with("conda-lock.yml:24: requests: pip packages"),
        "{text}"
    );
    let with_python = format!(
        "{pip}{}",
        &ONE[ONE.find("- name").unwrap()..].replace("zlib", "python")
    );
    let lock = parse(&with_python);
    assert_eq!(
        lock.pip_packages(Subdir::Linux64, &Selection::default())
            .len(),
        1
    );
    assert_eq!(parse(&lock.to_yaml()), lock);
}

#[test]
fn cep17_07_site_packages_path_is_locked_or_known_to_be_unknown() {
    let mut python = package("python-3.14.0-h1_0_cp314t");
    python.record.package_record.python_site_packages_path =
        Some("lib/python3.14t/site-packages".to_owned());
    let written = Closure::new(Subdir::Linux64, vec![python]).unwrap();
    let read = default_closure(&parse(
        &LockFile::new(&[written.clone()], &head()).to_yaml(),
    ));
    assert_eq!(read, written);
    assert_eq!(read.packages()[0].completeness, Completeness::Full);
    let of_others = default_closure(&parse(ONE));
    assert_eq!(of_others.packages()[0].completeness, Completeness::Partial);
}

#[test]
fn cep24_26_category_labels_every_package() {
    let dev = LockHead {
        category: "dev".to_owned(),
        ..head()
    };
    let text = LockFile::new(&[closure(&["a-1-0", "b-1-0"])], &dev).to_yaml();
    assert_eq!(
        text.matches("  category: dev\n  optional: true\n").count(),
        2
    );
    let lock = parse(&text);
    assert!(default_closure(&lock).packages().is_empty());
    let dev = lock
        .closure(Subdir::Linux64, &Selection::categories(["dev"]))
        .unwrap();
    assert_eq!(names(&dev), ["a-1-0", "b-1-0"]);
}

#[test]
fn cep42_14_related_channels_are_in_records_and_not_in_the_head() {
    let closure = closure(&["bwa-1-0 <- zlib", "zlib-1-0 @ https://ch.test/base"]);
    let text = LockFile::new(std::slice::from_ref(&closure), &head()).to_yaml();
    let lock = parse(&text);
    assert_eq!(lock.channels(), [LockChannel::of(CHANNEL)]);
    let read = default_closure(&lock);
    assert_eq!(
        read.get("zlib").unwrap().record.channel.as_deref(),
        Some("https://ch.test/base")
    );
    let wanted = super::satisfy::wanted_specs(&["bwa"]);
    let channels = [CHANNEL.to_owned()];
    let wanted = Wanted {
        specs: &wanted,
        channels: &channels,
        ..*super::satisfy::NOTHING
    };
    assert_eq!(check(&lock, &wanted), Ok(()));
}

#[test]
fn cep42_15_each_record_keeps_its_own_address() {
    let written = closure(&["bwa-1-0 <- zlib", "zlib-1-0 @ https://ch.test/base"]);
    let lock = LockFile::new(std::slice::from_ref(&written), &head());
    let read = default_closure(&parse(&lock.to_yaml()));
    let urls: Vec<&str> = read
        .packages()
        .iter()
        .map(|p| p.record.url.as_str())
        .collect();
    assert_eq!(
        urls,
        [
            "https://ch.test/main/linux-64/bwa-1-0.conda",
            "https://ch.test/base/linux-64/zlib-1-0.conda",
        ]
    );
    assert_eq!(closure_digest(&read), closure_digest(&written));
}

#[test]
fn cep34_03_constrains_need_not_be_there_but_must_match() {
    let check = |lines: &[&str]| {
        let lock = parse(&LockFile::new(&[closure(lines)], &head()).to_yaml());
        let specs = super::satisfy::wanted_specs(&["a"]);
        let channels = [CHANNEL.to_owned()];
        check(
            &lock,
            &Wanted {
                specs: &specs,
                channels: &channels,
                ..*super::satisfy::NOTHING
            },
        )
    };
    assert_eq!(check(&["a-1-0 !! b <2"]), Ok(()));
    assert_eq!(check(&["a-1-0 <- b !! b <2", "b-1-0"]), Ok(()));
    let reasons = check(&["a-1-0 <- b !! b <2", "b-2-0"]).unwrap_err();
    assert!(
        matches!(reasons[..], [Reason::Constrained { .. }]),
        "{reasons:?}"
    );
}

#[test]
fn cep43_07_conditions_are_evaluated() {
    let check = |lines: &[&str], specs: &[&str]| {
        let lock = parse(&LockFile::new(&[closure(lines)], &head()).to_yaml());
        let specs = super::satisfy::wanted_specs(specs);
        let channels = [CHANNEL.to_owned()];
        check(
            &lock,
            &Wanted {
                specs: &specs,
                channels: &channels,
                ..*super::satisfy::NOTHING
            },
        )
    };
    let numpy = "numpy>=2[when=\"python>=3.10\"]";
    assert_eq!(check(&["python-3.9-0"], &["python", numpy]), Ok(()));
    assert!(check(&["python-3.10-0"], &["python", numpy]).is_err());
    assert!(check(&["python-3.10-0", "numpy-1.9-0"], &["python", numpy]).is_err());
    assert_eq!(
        check(&["python-3.10-0", "numpy-2.1-0"], &["python", numpy]),
        Ok(())
    );
}

#[test]
fn cep26_01_names_that_could_be_paths_are_refused() {
    for (old, new) in [
        ("name: zlib", "name: ../x"),
        ("name: zlib", "name: a/b"),
        ("name: zlib", "name: '..'"),
        ("name: zlib", "name: C:x"),
        ("name: zlib", "name: Zlib"),
        ("name: zlib", "name: a--b"),
        ("name: zlib", "name: ''"),
        ("version: 1.2.8", "version: 1/2"),
        ("version: 1.2.8", "version: '..'"),
        ("version: 1.2.8", "version: '1 2'"),
        ("zlib-1.2.8-3.tar", "zlib-1.2.8-..%2Fx.tar"),
        ("zlib-1.2.8-3.tar", "zlib-1.2.8-a%5Cb.tar"),
    ] {
        refusal(&one_with(old, new));
    }
}
