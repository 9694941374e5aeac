//! CEP 23, row by row, and no text that makes the reader panic.

use std::{collections::HashMap, path::Path};

use proptest::prelude::*;
use rattler_conda_types::{MatchSpec, ParseStrictness, Subdir};

use crate::tests::support::{closure, head, names};
use crate::{
    Closure, Completeness, ExplicitHash, ExportOptions, LockFile, LockFormat, LockKind,
    ParseContext, Selection, Wanted, WantedSpec, check, detect,
};

const MD5: &str = "1bbc659ca658bfd49a481b5ef7a0f40f";
const SHA256: &str = "72d143408507043628b32bed089730b6d5f5445eccc44b59911ec9f262e365e7";
const A: &str = "https://ch.test/main/linux-64/a-1-0.conda";

fn read_with(text: &str, variables: &[(&str, &str)]) -> Result<LockFile, String> {
    let variables: HashMap<&str, &str> = variables.iter().copied().collect();
    let context = ParseContext {
        subdir: Subdir::Linux64,
        working_directory: Path::new("/work/d1"),
        lookup: &|name| variables.get(name).map(|value| (*value).to_owned()),
        environment: None,
    };
    LockFile::parse_any("d2/e.txt", text, &context).map_err(|error| error.to_string())
}

fn read(text: &str) -> LockFile {
    read_with(text, &[]).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn locked(text: &str) -> Closure {
    let lock = read(text);
    lock.closure(lock.platforms()[0], &Selection::default())
        .unwrap()
}

/// The URL of the only package.
fn url(line: &str, variables: &[(&str, &str)]) -> String {
    let lock = read_with(&format!("@EXPLICIT\n{line}\n"), variables)
        .unwrap_or_else(|error| panic!("{error}\n{line}"));
    let closure = lock
        .closure(Subdir::Linux64, &Selection::default())
        .unwrap();
    closure.packages()[0].record.url.to_string()
}

fn refusal(line: &str) -> String {
    match read_with(&format!("# comment\n@EXPLICIT\n{line}\n"), &[]) {
        Ok(_) => panic!("was read: {line}"),
        Err(error) => error,
    }
}

#[test]
fn cep23_01_comments_are_ignored() {
    let text = format!("# platform: osx-arm64\n# @EXPLICIT\n{A}\n");
    assert_eq!(detect(&text), None);
    let text = format!("  # a comment, indented\n@EXPLICIT\n#{A}\n{A}\n# the end");
    assert_eq!(names(&locked(&text)), ["a-1-0"]);
}

#[test]
fn cep23_02_empty_lines_are_ignored() {
    let b = A.replace("a-1", "b-1");
    let plain = locked(&format!("@EXPLICIT\n{A}\n{b}\n"));
    let spaced = locked(&format!(
        "\r\n \t\r\n@EXPLICIT\r\n\n   \n{A}\r\n\t\n  {b}  \r\n\n"
    ));
    assert_eq!(plain, spaced);
}

#[test]
fn cep23_03_the_mark_may_stand_anywhere() {
    let text = format!("{A}\n  @EXPLICIT ");
    assert_eq!(detect(&text), Some(LockKind::Explicit));
    assert_eq!(names(&locked(&text)), ["a-1-0"]);
    assert_eq!(detect(&text.replace("EXPLICIT", "explicit")), None);
    assert!(refusal("@explicit").contains("`@explicit` is no package"));
}

#[test]
fn cep23_04_every_line_is_an_archive() {
    for line in [
        "numpy=1.26",
        "numpy",
        "conda-forge::numpy",
        "https://ch.test/main/linux-64/",
        "https://ch.test/main/linux-64/a-1-0.whl",
        "https://ch.test/main/linux-64/.conda",
        ".tar.bz2",
        "--channel x",
    ] {
        let error = refusal(line);
        assert!(error.starts_with("d2/e.txt:3: "), "{error}");
        assert!(error.contains("is no package: after @EXPLICIT"), "{error}");
    }
    let error = refusal("https://ch.test/main/linux-64/nothing.conda");
    assert!(
        error.contains("expected a file name `<name>-<version>-<build>.conda`"),
        "{error}"
    );
    let error = refusal("https://ch.test/main/linux-64/a~b-1-0.conda");
    assert!(error.contains("CEP 26"), "{error}");
}

#[test]
fn cep23_05_paths_are_relative_to_the_working_directory() {
    for (path, expected) in [
        ("./a-1-0.conda", "file:///work/d1/a-1-0.conda"),
        ("a-1-0.conda", "file:///work/d1/a-1-0.conda"),
        ("../x y/a-1-0.conda", "file:///work/x%20y/a-1-0.conda"),
        ("/abs/a-1-0.tar.bz2", "file:///abs/a-1-0.tar.bz2"),
    ] {
        assert_eq!(url(path, &[]), expected);
    }
    let closure = locked(
        "@EXPLICIT\n./a-1-0.conda#sha256:72d143408507043628b32bed089730b6d5f5445eccc44b59911ec9f262e365e7\n",
    );
    assert_eq!(closure.packages()[0].record.channel, None);
    assert_eq!(closure.packages()[0].sha256().unwrap().to_hex(), SHA256);
}

#[test]
fn cep23_06_paths_are_written_as_urls() {
    let lock = read(&format!("@EXPLICIT\n./linux-64/a-1-0.conda#{MD5}\n"));
    let text = explicit(&lock, ExplicitHash::Md5);
    let line = format!("\nfile:///work/d1/linux-64/a-1-0.conda#{MD5}\n");
    assert!(text.ends_with(&line), "{text}");
}

#[test]
fn cep23_07_hashes_are_md5_or_sha256() {
    let digests = |anchor: &str| {
        let closure = locked(&format!("@EXPLICIT\n{A}#{anchor}\n"));
        let package = &closure.packages()[0];
        let digests = (package.md5(), package.sha256());
        (digests.0.map(|d| d.to_hex()), digests.1.map(|d| d.to_hex()))
    };
    assert_eq!(digests(MD5), (Some(MD5.to_owned()), None));
    assert_eq!(digests(SHA256), (None, Some(SHA256.to_owned())));
    let prefixed = format!("sha256:{SHA256}");
    assert_eq!(digests(&prefixed), (None, Some(SHA256.to_owned())));
}

#[test]
fn cep23_08_a_line_may_have_no_hash() {
    let closure = locked(&format!("@EXPLICIT\n{A}\n"));
    assert_eq!(closure.packages()[0].checksum(), None);
}

#[test]
fn cep23_09_what_is_not_of_the_form_is_refused() {
    for anchor in [
        String::new(),
        format!("md5:{MD5}"),
        MD5.to_ascii_uppercase(),
        MD5[1..].to_owned(),
        format!("{MD5}0"),
        format!("sha256:{MD5}"),
        SHA256.to_ascii_uppercase(),
        format!("{MD5} "),
    ] {
        if anchor.ends_with(' ') {
            assert_eq!(url(&format!("{A}#{anchor}"), &[]), A);
            continue;
        }
        let error = refusal(&format!("{A}#{anchor}"));
        assert!(
            error.contains("d2/e.txt:3: ") && error.contains("lower case"),
            "{error}"
        );
    }
    for line in [
        format!("{A}?x=1"),
        format!("{A}#{MD5}#{MD5}"),
        format!("{A}.zip"),
    ] {
        refusal(&line);
    }
}

#[test]
fn cep23_10_home_and_variables_are_replaced() {
    let variables = [("~", "/home/me/"), ("D", "/data"), ("HOST", "ch.test")];
    let cases = [
        ("~/a-1-0.conda", "file:///home/me/a-1-0.conda"),
        ("${D}/a-1-0.conda", "file:///data/a-1-0.conda"),
        ("$D/x/a-1-0.conda", "file:///data/x/a-1-0.conda"),
        (
            "https://$HOST/linux-64/a-1-0.conda",
            "https://ch.test/linux-64/a-1-0.conda",
        ),
        ("file://${D}/a-1-0.conda", "file:///data/a-1-0.conda"),
        // Undefined, or no variable at all: literal, so that fetching says what is not there.
        ("$NONE/a-1-0.conda", "file:///work/d1/$NONE/a-1-0.conda"),
        ("${D/a-1-0.conda", "file:///work/d1/$%7BD/a-1-0.conda"),
        ("$/a-1-0.conda", "file:///work/d1/$/a-1-0.conda"),
        ("~other/a-1-0.conda", "file:///work/d1/~other/a-1-0.conda"),
        ("x/~/a-1-0.conda", "file:///work/d1/x/~/a-1-0.conda"),
    ];
    for (line, expected) in cases {
        assert_eq!(url(line, &variables), expected, "{line}");
    }
    assert_eq!(url("~/a-1-0.conda", &[]), "file:///work/d1/~/a-1-0.conda");
}

#[test]
fn cep23_11_nothing_is_solved_and_nothing_is_known_of_dependencies() {
    let closure = locked(&format!("@EXPLICIT\n{A}\n"));
    let package = &closure.packages()[0];
    assert_eq!(package.completeness, Completeness::Bare);
    assert_eq!(package.record.package_record.depends, [] as [String; 0]);
    assert_eq!(
        package.record.channel.as_deref(),
        Some("https://ch.test/main")
    );
}

#[test]
fn cep23_12_dependencies_are_written_first_and_read_in_any_order() {
    let packages = closure(&[
        "a-1-0 <- python; six",
        "pip-1-0 <- python",
        "python-3.12-0 <- zlib; pip",
        "six-1-0 <- python >=3",
        "zlib-1-0",
    ]);
    let lock = LockFile::new(&[packages], &head());
    let text = explicit(&lock, ExplicitHash::Md5);
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("https:"))
        .collect();
    let place = |name: &str| {
        let name = format!("/{name}-");
        lines.iter().position(|line| line.contains(&name)).unwrap()
    };
    assert!(place("zlib") < place("python") && place("python") < place("pip"));
    assert!(place("python") < place("six") && place("six") < place("a"));
    let mut shuffled = lines.clone();
    shuffled.reverse();
    let shuffled = format!("{}\n@EXPLICIT\n", shuffled.join("\n"));
    assert_eq!(locked(&text), locked(&shuffled));
}

#[test]
fn cep23_13_a_list_without_the_mark_is_for_the_solver() {
    let text = "python\nscikit-learn\nscipy=1.13.1\nsetuptools>=69.5.1\ntk[build=h5083fa2_1]\n";
    assert_eq!(detect(text), None);
    assert!(read_with(text, &[]).is_err());
}

#[test]
fn cep23_14_the_platform_is_read_from_its_comment() {
    for (text, expected, notes) in [
        (
            format!("# platform: osx-arm64\n@EXPLICIT\n{A}\n"),
            Subdir::OsxArm64,
            1,
        ),
        (
            format!("@EXPLICIT\n{A}\n#platform:win-64"),
            Subdir::Win64,
            1,
        ),
        (format!("@EXPLICIT\n{A}\n"), Subdir::Linux64, 0),
        (
            format!("# platform: amiga\n@EXPLICIT\n{A}\n"),
            Subdir::Linux64,
            1,
        ),
    ] {
        let lock = read(&text);
        assert_eq!(lock.platforms(), [expected], "{text}");
        assert_eq!(lock.notes().len(), notes, "{text}");
    }
    let text = format!("# platform: osx-arm64\n@EXPLICIT\n{A}\n");
    assert_eq!(
        read(&text).notes()[0].to_string(),
        "d2/e.txt:3: a-1-0 is a package for linux-64, and the list is for osx-arm64"
    );
}

#[test]
fn credentials_are_refused_with_the_line_and_not_repeated() {
    for line in [
        "https://user:hunter2@ch.test/linux-64/a-1-0.conda",
        "https://ch.test/t/hunter2/linux-64/a-1-0.conda",
        "https://ch.test/linux-64/a-1-0.conda?token=hunter2",
        "https://hunter2@ch.test/nothing",
    ] {
        let error = refusal(line);
        assert!(
            error.starts_with("d2/e.txt:3: `url` holds credentials"),
            "{error}"
        );
        assert!(!error.contains("hunter2"), "{error}");
    }
    let secret = [("TOKEN", "hunter2"), ("HOST", "me:hunter2@ch.test")];
    for line in [
        "https://ch.test/t/$TOKEN/linux-64/a-1-0.conda",
        "https://$HOST/linux-64/a-1-0.conda",
    ] {
        let lock = read_with(&format!("@EXPLICIT\n{line}\n"), &secret).unwrap();
        assert!(!format!("{lock:?}").contains("hunter2"), "{lock:?}");
        assert!(
            lock.notes()[0]
                .text
                .contains("credentials in variables are not used")
        );
    }
}

#[test]
fn a_token_that_conda_took_out_is_no_credential() {
    let line = "https://ch.test/t/<TOKEN>/main/linux-64/a-1-0.conda";
    assert_eq!(url(line, &[]), A);
}

#[test]
fn a_package_is_listed_once() {
    let b = A.replace("a-1-0", "a-2-0");
    let error = refusal(&format!("{A}\n{b}"));
    assert!(
        error.starts_with("d2/e.txt:4: a: listed twice") && error.contains("line 3"),
        "{error}"
    );
    let lock = read(&format!("@EXPLICIT\n{A}\n{A}\n"));
    assert_eq!(
        lock.notes()[0].to_string(),
        "d2/e.txt:3: a-1-0 is listed again, as on line 2"
    );
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the text is the test's own")]
fn checking_asks_only_what_a_list_can_answer() {
    let lock = read("@EXPLICIT\n./python-3.12.1-h0_0.conda\n");
    let reasons = |spec: &str, subdir| {
        let wanted = WantedSpec {
            spec: MatchSpec::from_str(spec, ParseStrictness::Lenient).unwrap(),
            text: spec.to_owned(),
            location: "environment.yml:3:5".to_owned(),
            is_implied: false,
        };
        let wanted = Wanted {
            subdir,
            channels: &["https://ch.test/main".to_owned()],
            specs: &[wanted],
            constraints: &[],
            virtual_packages: &[],
            selection: &Selection::default(),
        };
        // That a list cannot be checked against a manifest is a reason of its own, and always there.
        let reasons = check(&lock, &wanted).err().unwrap_or_default();
        let counted = reasons.iter().filter(|reason| !reason.needs_manifest());
        match counted.count() {
            0 => Ok(()),
            count => Err(count),
        }
    };
    for met in [
        "python",
        "python 3.12.*",
        "python 3.12.1 h0_0",
        "ch::python",
        "python[license=MIT]",
    ] {
        assert_eq!(reasons(met, Subdir::Linux64), Ok(()), "{met}");
    }
    for unmet in ["python 3.13.*", "python 3.12.1 h0_1", "numpy"] {
        assert_eq!(reasons(unmet, Subdir::Linux64), Err(1), "{unmet}");
    }
    assert_eq!(reasons("python", Subdir::Win64), Err(1));
}

fn explicit(lock: &LockFile, hash: ExplicitHash) -> String {
    let options = ExportOptions {
        hash,
        ..ExportOptions::default()
    };
    let mut exported = lock.export(LockFormat::Explicit, &options).unwrap();
    exported.texts.remove(0).text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_line_is_read_or_refused(line in "\\PC{0,60}", mark in any::<bool>()) {
        let line = if mark { format!("{line}/a-1-0.conda#{MD5}") } else { line };
        let _ = read_with(&format!("{line}\n@EXPLICIT\n"), &[("~", "/h"), ("A", "$A/~\u{e9}")]);
    }

    #[test]
    fn any_archive_keeps_its_name(
        name in "[a-z][a-z0-9_]{0,8}", version in "[0-9][0-9a-z.]{0,6}[0-9]", build in "[a-z0-9_]{1,8}",
    ) {
        let line = format!("https://ch.test/linux-64/{name}-{version}-{build}.conda");
        if let Ok(lock) = read_with(&format!("@EXPLICIT\n{line}\n"), &[]) {
            let closure = lock.closure(Subdir::Linux64, &Selection::default()).unwrap();
            prop_assert_eq!(closure.packages()[0].dist(), format!("{name}-{version}-{build}"));
            prop_assert_eq!(closure.packages()[0].record.url.as_str(), line);
        }
    }
}
