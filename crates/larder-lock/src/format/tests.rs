//! The names of formats, and the door that takes all of them.

use std::path::Path;

use rattler_conda_types::Subdir;

use super::LockFormat;
use crate::tests::support::ONE;
use crate::{LockFile, ParseContext};

const EMPTY_PIXI: &str = "version: 6\nenvironments:\n  default:\n    channels:\n    - url: https://ch.test/main/\n    packages: {}\npackages: []\n";

fn refusal(text: &str, environment: Option<&str>) -> String {
    let context = ParseContext {
        subdir: Subdir::Linux64,
        working_directory: Path::new("/work"),
        lookup: &|_| None,
        environment,
    };
    match LockFile::parse_any("l", text, &context) {
        Ok(lock) => panic!("was read: {lock:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn names_are_read_as_they_are_shown() {
    for format in [
        LockFormat::CondaLock,
        LockFormat::Pixi,
        LockFormat::Explicit,
    ] {
        assert_eq!(format.to_string().parse(), Ok(format));
    }
    let error = "yaml".parse::<LockFormat>().unwrap_err().to_string();
    assert_eq!(
        error,
        "`yaml` is no lock format: expected conda-lock, pixi or explicit"
    );
}

#[test]
fn formats_are_known_by_their_content() {
    for (text, expected) in [
        (ONE, Some(LockFormat::CondaLock)),
        (
            "version: 3\nmetadata: {}\npackage: []\n",
            Some(LockFormat::Pixi),
        ),
        (EMPTY_PIXI, Some(LockFormat::Pixi)),
        ("@EXPLICIT\n", Some(LockFormat::Explicit)),
        ("dependencies: []\n", None),
    ] {
        assert_eq!(LockFormat::detect(text), expected, "{text}");
    }
}

#[test]
fn conflicts_and_other_texts_are_refused_in_every_format() {
    for text in [ONE, EMPTY_PIXI, "@EXPLICIT\n"] {
        let text = format!("{text}<<<<<<< HEAD\n=======\n>>>>>>> x\n");
        assert!(
            refusal(&text, None).contains("merge-conflict markers"),
            "{text}"
        );
    }
    assert!(refusal("{\"a\": 1}", None).contains("it is JSON"));
    assert!(refusal("a: b\n", None).contains("or the line @EXPLICIT"));
}

#[test]
fn only_a_pixi_lock_has_environments() {
    for text in [ONE, "@EXPLICIT\n"] {
        let error = refusal(text, Some("test"));
        assert_eq!(
            error,
            "l is for one environment: `test` cannot be chosen from it"
        );
    }
    let error = refusal(EMPTY_PIXI, Some("test"));
    assert_eq!(error, "l has no environment `test`, only default");
}
