//! Who wrote a lock, and lines for pip that no lock may have.

use super::support::{ONE, closure, head, parse, refusal};
use crate::{LockFile, LockWriter, PipLock, PipPackage, PipRequest, passed_on_problem};

fn ours() -> String {
    let lock = LockFile::new(&[closure(&["a-1-0 <- b", "b-1-0"])], &head());
    lock.to_yaml()
}

#[test]
fn a_lock_shows_who_wrote_it_and_whether_it_was_edited() {
    let ours = ours();
    assert_eq!(parse(&ours).writer(), LockWriter::Larder);
    assert_eq!(parse(ONE).writer(), LockWriter::Other);
    let comment = ours.replace("package:\n", "# a comment\npackage:\n\n");
    assert_eq!(parse(&comment).writer(), LockWriter::Larder);
    for (old, new) in [
        ("ab".repeat(32), "cd".repeat(32)),
        ("category: main".to_owned(), "category: dev".to_owned()),
        ("license".to_owned(), "licence".to_owned()),
        ("environment.yml".to_owned(), "other.yml".to_owned()),
        ("\"version\":2".to_owned(), "\"version\":1".to_owned()),
        ("\"version\":2".to_owned(), "\"version\":\"x\"".to_owned()),
    ] {
        assert!(ours.contains(&old), "{old}");
        let edited = parse(&ours.replace(&old, &new));
        assert_eq!(edited.writer(), LockWriter::Edited, "{old}");
    }
    let newer = parse(&ours.replace("\"version\":2", "\"version\":3"));
    assert_eq!(newer.writer(), LockWriter::NewerLarder);
}

#[test]
fn a_lock_without_larders_keys_still_shows_that_larder_wrote_it() {
    let ours = ours();
    let is_kept = |line: &&str| !line.trim_start().starts_with("larder:lock");
    let unsealed: Vec<&str> = ours.lines().filter(is_kept).collect();
    assert_eq!(
        parse(&unsealed.join("\n")).writer(),
        LockWriter::OlderLarder
    );
    let is_kept = |line: &&str| !line.contains("larder:") && !line.contains("custom_metadata");
    let stripped: Vec<&str> = ours.lines().filter(is_kept).collect();
    assert_eq!(
        parse(&stripped.join("\n")).writer(),
        LockWriter::OlderLarder
    );
}

#[test]
fn lines_for_pip_are_paths_repositories_or_pinned_names() {
    for line in [
        ".",
        "./pkg",
        "-e ./pkg",
        "--editable .",
        "/abs/pkg",
        "a==1.0",
        "a @ git+https://h.test/a@0123",
        "a @ git+ssh://git@h.test/a@0123#subdirectory=x",
        "git+https://h.test/a@0123",
        "a @ git+https://h.test/a?rev=v1&subdirectory=x@0123",
        "a @ git+git://git@h.test/a@0123",
        "a @ git+https://***@h.test/a?***@0123",
        "a @ https://h.test/a-1-py3-none-any.whl",
    ] {
        assert_eq!(passed_on_problem(line), None, "{line}");
    }
    for line in [
        "",
        " .",
        "--index-url https://evil.test/simple",
        "-r evil.txt",
        "-i https://evil.test",
        "--find-links=https://evil.test",
        "-e --config-settings",
        "./pkg --config-settings=x=y",
        "a==1.0 --hash=sha256:00",
        "a==1.0 -C x",
        "a==1.0\n--index-url https://evil.test",
        "a==1.0\r-r x",
        "./x\u{2028}-r x",
        "./x\u{85}-r x",
        "./x\\",
        "./x # comment",
        "a @ git+https://${TOKEN}@evil.test/a@0",
        "a @ https://user:s3cret@h.test/a-1-py3-none-any.whl",
        "a @ https://h.test/a-1-py3-none-any.whl?sig=s3cret",
        "a @ file:///etc/a-1-py3-none-any.whl",
        "https://evil.test/a-1-py3-none-any.whl",
        "file:///etc",
        "a",
        "a[x]==1.0",
        "-a==1.0",
        "a==1.0; x",
        "a @ git+ext::sh -c x",
        "a @ git+ssh://-oProxyCommand=x/a@0",
        "a @ git+https://h.test/a@--upload-pack=x",
        "a @ git+https://s3cret@h.test/a@0",
        "a @ git+ssh://git:s3cret@h.test/a@0",
        "a @ git+https://h.test/a?token=s3cret@0",
        "git+git://h.test/a?rev=v1&private_token=s3cret",
        "../../x -r y",
        "\u{1b}[0m",
    ] {
        assert!(passed_on_problem(line).is_some(), "{line:?}");
    }
}

fn with_request(request: PipRequest) -> String {
    let python = closure(&["python-3.11.1-0"]);
    let package = PipPackage {
        name: "a".to_owned(),
        version: "1.0".to_owned(),
        url: "https://h.test/a-1.0-py3-none-any.whl".to_owned(),
        index: None,
        sha256: Some("ab".repeat(32).parse().unwrap()),
        md5: None,
        dependencies: vec![("b".to_owned(), ">=1".to_owned())],
    };
    let pip = PipLock::new(vec![package], Some(request));
    let lock = LockFile::new(std::slice::from_ref(&python), &head());
    lock.with_pip(python.subdir(), &pip, "main").to_yaml()
}

#[test]
fn a_record_of_a_pip_section_that_could_act_is_refused() {
    let good = PipRequest::new(vec!["a".to_owned()], Vec::new(), "3.11".to_owned());
    parse(&with_request(good.clone()));
    for python in ["../x", "3.11/../../x", "3", "3.11.1", "x"] {
        let request = PipRequest::new(Vec::new(), Vec::new(), python.to_owned());
        let text = refusal(&with_request(request));
        assert!(text.contains("larder-pip:linux-64"), "{text}");
    }
    let lines = vec!["--index-url https://evil.test".to_owned()];
    let text = refusal(&with_request(PipRequest::new(
        Vec::new(),
        lines,
        "3.11".to_owned(),
    )));
    assert!(text.contains("has an option"), "{text}");
    let text = refusal(&with_request(good).replace("\"python\"", "\"pyton\""));
    assert!(text.contains("larder-pip:linux-64"), "{text}");
}

#[test]
fn names_and_versions_of_wheels_are_nothing_else() {
    let text = with_request(PipRequest::new(Vec::new(), Vec::new(), "3.11".to_owned()));
    let name = "- name: a\n  version: '1.0'\n  manager: pip";
    assert!(text.contains(name), "{text}");
    for (bad_name, bad_version) in [
        ("a --index-url x", "'1.0'"),
        ("\"a\\n-r x\"", "'1.0'"),
        ("'-r'", "'1.0'"),
        ("'a/b'", "'1.0'"),
        ("a", "'1.0 --hash x'"),
        ("a", "\"1.0\\n-r x\""),
        ("a", "'-1'"),
        ("a", "'1/2'"),
    ] {
        let item = format!("- name: {bad_name}\n  version: {bad_version}\n  manager: pip");
        refusal(&text.replace(name, &item));
    }
}

#[test]
fn repositories_in_locks_of_others_are_passed_on_and_noted() {
    let item = "\
- name: thing
  version: 0.1.0
  manager: pip
  platform: linux-64
  dependencies: {}
  url: git+https://github.com/someone/thing.git@0123456789012345678901234567890123456789
  hash:
    sha256: 0123456789012345678901234567890123456789
  category: main
  optional: false
";
    let python = ONE.replace("zlib", "python");
    let lock = parse(&format!("{python}{item}"));
    let pip = lock.pip(
        rattler_conda_types::Subdir::Linux64,
        &crate::Selection::all(),
    );
    assert!(pip.packages.is_empty());
    assert_eq!(
        pip.passed_on(),
        [
            "thing @ git+https://github.com/someone/thing.git@0123456789012345678901234567890123456789"
        ]
    );
    assert!(
        lock.notes()
            .iter()
            .any(|note| note.text.contains("passed on to pip"))
    );
    refusal(&format!(
        "{python}{}",
        item.replace("https://", "https://user:secret@")
    ));
    refusal(&format!(
        "{python}{}",
        item.replace("@0123", "@--upload-pack=x")
    ));
}

#[test]
fn an_address_without_a_digest_is_passed_on_and_named() {
    let python = ONE.replace("zlib", "python");
    for hash in ["", "  hash: {}\n", "  hash:\n    md5: null\n"] {
        let item = format!(
            "- name: thing\n  version: 0.1.0\n  manager: pip\n  platform: linux-64\n  dependencies: {{}}\n  \
             url: https://h.test/thing-0.1.0-py3-none-any.whl\n{hash}  category: main\n  optional: false\n"
        );
        let lock = parse(&format!("{python}{item}"));
        let pip = lock.pip(
            rattler_conda_types::Subdir::Linux64,
            &crate::Selection::all(),
        );
        assert!(pip.packages.is_empty());
        let line = "thing @ https://h.test/thing-0.1.0-py3-none-any.whl";
        assert_eq!(pip.passed_on(), [line]);
        let is_named = |note: &&crate::Note| note.text.contains("thing has no digest");
        assert_eq!(lock.notes().iter().filter(is_named).count(), 1);
        for bad in [
            "https://h.test/${TOKEN}/thing.whl",
            "https://h.test/a b.whl",
            "https://user:secret@h.test/thing.whl",
            "ftp://h.test/thing.whl",
            "thing.whl",
        ] {
            let url = "https://h.test/thing-0.1.0-py3-none-any.whl";
            refusal(&format!("{python}{}", item.replace(url, bad)));
        }
    }
}

#[test]
fn channels_of_others_are_plain_names_too() {
    let lock = parse(&ONE.replace(
        "  - url: conda-forge\n    used_env_vars: []\n",
        "  - conda-forge\n",
    ));
    assert_eq!(lock.channels()[0].url, "conda-forge");
}
