use std::fs;

use super::{Section, SectionError, SectionLine};

fn placed<'l>(lines: &[&'l str]) -> Vec<SectionLine<'l>> {
    let placed = lines.iter().enumerate();
    let placed = placed.map(|(index, text)| SectionLine {
        text,
        place: format!("environment.yml:{}:7", index + 5),
    });
    placed.collect()
}

fn requirements(lines: &[&str], files: &[(&str, &str)]) -> (Vec<String>, Section) {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(directory.path().join(name), text).unwrap();
    }
    let section = Section::read(placed(lines), directory.path()).unwrap();
    (section.requirements().to_vec(), section)
}

#[test]
fn one_spelling_for_what_means_the_same() {
    let (first, _) = requirements(
        &[
            "Requests[socks] >=2, <3 ; python_version>'3.8'",
            "rich  # pretty",
            "# only words",
            "  ",
        ],
        &[],
    );
    let (second, _) = requirements(
        &["rich", "requests[socks]<3,>=2;python_version > \"3.8\""],
        &[],
    );
    assert_eq!(first, second);
    assert_eq!(first.len(), 2, "{first:?}");
}

#[test]
fn files_are_read_where_they_are_named() {
    let (found, section) = requirements(
        &[
            "-r base.txt",
            "--constraint=limits.txt",
            "-e ./here",
            "./dist/x-1-py3-none-any.whl",
        ],
        &[
            (
                "base.txt",
                "click==8.1.7 \\\n  --hash=sha256:aa \\\n  --hash=sha256:bb\n-r more.txt\n",
            ),
            ("more.txt", "# nothing\nidna # words\n"),
            ("limits.txt", "urllib3<2\n"),
        ],
    );
    assert_eq!(
        found,
        [
            "-c urllib3<2",
            "-e ./here",
            "./dist/x-1-py3-none-any.whl",
            "click==8.1.7 --hash=sha256:aa --hash=sha256:bb",
            "idna",
        ]
    );
    let named = format!("-r {}\n", section.directory.join("base.txt").display());
    assert!(section.text().starts_with(&named), "{}", section.text());
}

#[test]
fn a_secret_is_in_nothing_that_is_recorded_or_shown() {
    let secret = "s3cret";
    let lines = [
        "--index-url https://user:s3cret@pypi.example/simple",
        "--extra-index-url=https://s3cret@other.example/simple",
        "tool @ git+https://user:s3cret@git.example/tool.git@main",
        "thing @ https://user:s3cret@files.example/thing-1.0-py3-none-any.whl",
        "other @ git+https://git.example/other.git?private_token=s3cret",
    ];
    let (found, section) = requirements(&lines, &[]);
    assert_eq!(found.len(), 5);
    for text in found.iter().chain([&format!("{section:?}")]) {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(section.text().contains(secret), "the tool gets it");
    assert_eq!(section.indexes().len(), 2);
}

#[test]
fn a_circle_of_files_ends_with_their_name() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.txt"), "-r a.txt\n").unwrap();
    let error = Section::read(placed(&["-r a.txt"]), directory.path()).unwrap_err();
    assert!(error.to_string().contains("a.txt"), "{error}");
    let error = Section::read(placed(&["-r none.txt"]), directory.path()).unwrap_err();
    assert!(
        error.to_string().starts_with("environment.yml:5:7: "),
        "{error}"
    );
    assert!(error.to_string().contains("none.txt"), "{error}");
}

proptest::proptest! {
    #[test]
    fn any_requirement_is_read_or_refused(line in "[a-c._-]{1,3}[\\[\\]()<=>!~;@, a1'\"-]{0,12}") {
        let directory = tempfile::tempdir().unwrap();
        let _ = Section::read(placed(&[line.as_str()]), directory.path());
    }

    #[test]
    fn any_lines_are_read_or_refused(lines in proptest::collection::vec("[ -~]{0,40}", 0..6)) {
        let directory = tempfile::tempdir().unwrap();
        let _ = Section::read(placed(&lines.iter().map(String::as_str).collect::<Vec<_>>()), directory.path());
    }
}

#[test]
fn a_bad_line_is_told_with_its_place_and_what_was_meant() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("r.txt"), "# words\nok\nhttpx=1\n").unwrap();
    for (lines, place, meant) in [
        (
            &["rich", "httpx=1.0"][..],
            "environment.yml:6:7: `httpx=1.0`",
            "httpx==1.0",
        ),
        (&["-r r.txt"], "r.txt:3: `httpx=1`", "httpx==1"),
    ] {
        let error = Section::read(placed(lines), directory.path()).unwrap_err();
        assert!(error.to_string().contains(place), "{error}");
        let SectionError::Line { hint, .. } = error else {
            panic!("{error}");
        };
        assert!(hint.unwrap().contains(meant));
    }
}

#[test]
fn lines_are_found_again_by_what_a_tool_says() {
    let (_, section) = requirements(&["Rich>=3", "httpx", "rich-text"], &[]);
    let named = section.lines_named_in("there is no version of rich>=3, we conclude.");
    assert_eq!(named, [("environment.yml:5:7", "Rich>=3")]);
    assert_eq!(section.place(), Some("environment.yml:5:7"));
}
