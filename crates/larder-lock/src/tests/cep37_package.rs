//! The rows of CEP 37 in `cep-requirements.tsv` about the items of `package`.

use larder_digest::Checksum;
use rattler_conda_types::Subdir;

use super::support::{
    ONE, and_another, closure, default_closure, head, names, one_with, parse, refusal,
};
use crate::{LockFile, Selection};

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
    // What larder writes is sealed, so that alone is different.
    let again = parse(&lock.to_yaml());
    assert_eq!(again.to_yaml(), lock.to_yaml());
    assert_eq!(parse(&again.to_yaml()), again);
}
