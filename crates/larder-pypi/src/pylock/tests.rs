use std::path::Path;

use super::parse;
use crate::resolved::PassedOn;

const TEXT: &str = r#"
lock-version = "1.0"
created-by = "uv"

[[packages]]
name = "rich"
version = "15.0.0"
index = "https://pypi.example/simple"
sdist = { url = "https://files.example/rich-15.0.0.tar.gz", upload-time = 2026-04-12T08:24:00Z, size = 2, hashes = { sha256 = "604edf76a2a7d40c7ecc9af5ae41cee3da3e99532c8d0aa54cc42e017ee7f63a" } }
wheels = [{ url = "https://files.example/rich-15.0.0-py3-none-any.whl", hashes = { sha256 = "04f1016b1aba52499104b594c17b1481504bbc7314f8b9ba1a7a9dbf3e8869c4" } }]

[[packages]]
name = "mine"
directory = { path = "../mine", editable = true }

[[packages]]
name = "tool"
vcs = { type = "git", url = "https://git.example/tool.git", commit-id = "abc" , subdirectory = "py" }
"#;

#[test]
fn wheels_directories_and_repositories_are_told_apart() {
    let chosen = parse(TEXT, Path::new("/work/tmp")).unwrap();
    assert_eq!(
        chosen[0].wheels[0].file_name,
        "rich-15.0.0-py3-none-any.whl"
    );
    assert!(chosen[0].wheels[0].sha256.is_some() && chosen[0].passed_on.is_none());
    assert_eq!(
        chosen[0].index.as_deref(),
        Some("https://pypi.example/simple")
    );
    let local = chosen[1].passed_on.as_ref();
    assert!(
        matches!(local, Some(PassedOn::Local { is_editable: true, path }) if path == Path::new("/work/tmp/../mine"))
    );
    let Some(PassedOn::Repository(line)) = &chosen[2].passed_on else {
        panic!("{chosen:?}");
    };
    assert_eq!(line, "git+https://git.example/tool.git@abc#subdirectory=py");
}

#[test]
fn what_is_no_such_file_is_refused() {
    for text in [
        "",
        "lock-version = \"2.0\"",
        "lock-version = 1",
        "[",
        "lock-version = \"1.0\"\n[[packages]]\n",
    ] {
        assert!(parse(text, Path::new("/")).is_err(), "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[ -~\n]{0,200}") {
        let _ = parse(&text, Path::new("/"));
    }
}
