//! pixi.lock: what is read, what is refused, what is written.

use std::path::Path;

use proptest::prelude::*;
use rattler_conda_types::Subdir;

use crate::tests::support::{closure, head, names};
use crate::{Completeness, ExportOptions, LockFile, LockFormat, LockHead, ParseContext, Selection};

const SHA256: &str = "85fcb6906b8686fe6341db89b4e6fc2631ad69ee6eab2f4823bfd64ae0b20ac8";

/// Two environments; line 22 is the package `a`, line 28 `six`.
const TWO: &str = "\
version: 6
environments:
  default:
    channels:
    - url: https://ch.test/main/
    indexes:
    - https://pypi.org/simple
    packages:
      linux-64:
      - conda: https://ch.test/main/linux-64/a-1-0.conda
      - conda: https://ch.test/main/linux-64/python-3.12-0.conda
      - pypi: https://files.test/six-1.16.0-py2.py3-none-any.whl
  test:
    channels:
    - url: https://ch.test/main/
    packages:
      linux-64:
      - conda: https://ch.test/main/linux-64/python-3.12-0.conda
      osx-arm64: []
# The packages.
packages:
- conda: https://ch.test/main/linux-64/a-1-0.conda
  sha256: 85fcb6906b8686fe6341db89b4e6fc2631ad69ee6eab2f4823bfd64ae0b20ac8
  depends:
  - python >=3
- conda: https://ch.test/main/linux-64/python-3.12-0.conda
  sha256: 85fcb6906b8686fe6341db89b4e6fc2631ad69ee6eab2f4823bfd64ae0b20ac8
- pypi: https://files.test/six-1.16.0-py2.py3-none-any.whl
  name: six
  version: 1.16.0
  sha256: 85fcb6906b8686fe6341db89b4e6fc2631ad69ee6eab2f4823bfd64ae0b20ac8
  requires_dist:
  - attrs>=20 ; python_full_version < '3.8'
  - b[c]
";

fn read(text: &str, environment: Option<&str>) -> Result<LockFile, String> {
    let context = ParseContext {
        subdir: Subdir::Linux64,
        working_directory: Path::new("/work"),
        lookup: &|_| None,
        environment,
    };
    LockFile::parse_any("pixi.lock", text, &context).map_err(|error| error.to_string())
}

fn refusal(old: &str, new: &str) -> String {
    assert!(TWO.contains(old), "{old}");
    match read(&TWO.replace(old, new), None) {
        Ok(_) => panic!("was read: {new}"),
        Err(error) => error,
    }
}

fn of(lock: &LockFile, platform: Subdir) -> Vec<String> {
    names(&lock.closure(platform, &Selection::all()).unwrap())
}

#[test]
fn the_default_environment_is_read_or_the_named_one() {
    let lock = read(TWO, None).unwrap();
    assert_eq!(of(&lock, Subdir::Linux64), ["a-1-0", "python-3.12-0"]);
    assert_eq!(lock.platforms(), [Subdir::Linux64]);
    assert_eq!(lock.channels()[0].url, "https://ch.test/main");
    let closure = lock.closure(Subdir::Linux64, &Selection::all()).unwrap();
    let package = &closure.packages()[0];
    assert_eq!(package.completeness, Completeness::Full);
    assert_eq!(package.record.package_record.depends, ["python >=3"]);
    assert_eq!(
        package.record.channel.as_deref(),
        Some("https://ch.test/main")
    );
    assert_eq!(package.sha256().unwrap().to_hex(), SHA256);
    let test = read(TWO, Some("test")).unwrap();
    assert_eq!(of(&test, Subdir::Linux64), ["python-3.12-0"]);
    assert_eq!(of(&test, Subdir::OsxArm64), [] as [&str; 0]);
    assert_eq!(
        read(TWO, Some("dev")).unwrap_err(),
        "pixi.lock has no environment `dev`, only default, test"
    );
    let without = TWO.replace("  default:", "  docs:");
    assert_eq!(
        read(&without, None).unwrap_err(),
        "pixi.lock has several environments and no `default`: name one of docs, test"
    );
}

#[test]
fn pip_packages_are_kept() {
    let lock = read(TWO, None).unwrap();
    let [six] = lock.pip_packages(Subdir::Linux64, &Selection::all())[..] else {
        panic!("not one")
    };
    assert_eq!((&*six.name, &*six.version), ("six", "1.16.0"));
    assert_eq!(six.sha256.unwrap().to_hex(), SHA256);
    let names: Vec<&str> = six.dependencies.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["attrs", "b"]);
    // Where the package names no index, the environment does.
    let expected = crate::PipPackage {
        index: Some("https://pypi.org/simple".into()),
        ..six.clone()
    };
    let again = read(&write(&lock), None).unwrap();
    assert_eq!(
        again.pip_packages(Subdir::Linux64, &Selection::all()),
        [&expected]
    );
    let yaml = lock.to_yaml();
    assert!(
        yaml.contains("    attrs: '>=20'\n") || yaml.contains("    attrs: \">=20\"\n"),
        "{yaml}"
    );
    let exported = lock
        .export(LockFormat::CondaLock, &ExportOptions::default())
        .unwrap();
    assert!(
        exported.losses[0]
            .to_string()
            .contains("of 1 pip packages are not")
    );
    let list = lock
        .export(LockFormat::Explicit, &ExportOptions::default())
        .unwrap();
    let said = list
        .losses
        .iter()
        .map(ToString::to_string)
        .any(|loss| loss == "pip packages of linux-64 are not written: six");
    assert!(said, "{:?}", list.losses);
}

#[test]
fn what_would_have_to_be_built_is_refused_with_its_line() {
    let wheel = "https://files.test/six-1.16.0-py2.py3-none-any.whl";
    let error = refusal(wheel, "git+https://git@host.test/six?rev=1#abc");
    assert!(
        error.starts_with("pixi.lock:28: six: it is to be built from"),
        "{error}"
    );
    let conda = "https://ch.test/main/linux-64/a-1-0.conda\n  sha256";
    let text = TWO
        .replace(
            conda,
            "./a\n  name: a\n  version: '1'\n  build: '0'\n  subdir: linux-64\n  sha256",
        )
        .replace("https://ch.test/main/linux-64/a-1-0.conda", "./a");
    let error = read(&text, None).unwrap_err();
    assert!(
        error.starts_with("pixi.lock:22: a: it is to be built from `./a`"),
        "{error}"
    );
}

#[test]
fn an_address_of_a_repository_may_name_a_revision_but_hold_no_token() {
    let wheel = "https://files.test/six-1.16.0-py2.py3-none-any.whl";
    for address in [
        "git+https://git@host.test/six?rev=1#abc",
        "git://host.test/six?branch=main&subdirectory=py#abc",
        "ssh://git@host.test/six?tag=v1#abc",
    ] {
        let error = read(&TWO.replace(wheel, address), None).err();
        let error = error.unwrap_or_default();
        assert!(!error.contains("credentials"), "{address}: {error}");
    }
    for address in [
        "git+https://host.test/six?rev=1&token=hunter2#abc",
        "git://host.test/six?access_token=hunter2#abc",
        "git+https://hunter2@host.test/six#abc",
        "ssh://git:hunter2@host.test/six#abc",
    ] {
        let error = refusal(wheel, address);
        assert!(error.contains("credentials"), "{address}: {error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn credentials_are_refused_with_the_line_and_not_repeated() {
    for (old, new, line) in [
        ("url: https://ch", "url: https://me:hunter2@ch", 5),
        ("    - https://pypi", "    - https://me:hunter2@pypi", 7),
        (
            "six-1.16.0-py2.py3-none-any.whl",
            "six-1.16.0-py2.py3-none-any.whl?sig=hunter2",
            12,
        ),
        (
            "- conda: https://ch.test/",
            "- conda: https://ch.test/t/hunter2/",
            10,
        ),
    ] {
        let error = refusal(old, new);
        assert!(
            error.starts_with(&format!("pixi.lock:{line}: `url` holds credentials")),
            "{error}"
        );
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn a_record_is_what_the_name_of_its_archive_says() {
    let item = "  depends:\n";
    let error = refusal(item, "  version: '2'\n  depends:\n");
    assert!(
        error.starts_with("pixi.lock:22: a: `version: 2` contradicts the url"),
        "{error}"
    );
    let error = refusal(item, "  name: ../../x\n  depends:\n");
    assert!(error.contains("not a valid package name"), "{error}");
    let error = refusal(
        "- conda: https://ch.test/main/linux-64/a-",
        "- conda: https://ch.test/main/linux-64/a~-",
    );
    assert!(error.contains("CEP 26"), "{error}");
    let error = refusal(
        "      - conda: https://ch.test/main/linux-64/python-3.12-0.conda\n      - pypi",
        "      - pypi",
    );
    assert!(error.contains("no conda package `python`"), "{error}");
}

#[test]
fn broken_texts_say_where_or_what() {
    let error = refusal("version: 6", "version: 99");
    assert!(error.contains("version 99"), "{error}");
    let error = refusal("  default:\n", "  default: [\n");
    assert!(error.starts_with("pixi.lock:"), "{error}");
    let error = refusal(
        "- conda: https://ch.test/main/linux-64/python-3.12-0.conda\n  sha256",
        "- conda: https://ch.test/main/linux-64/x-3.12-0.conda\n  sha256",
    );
    assert!(error.contains("python-3.12-0"), "{error}");
}

#[test]
fn platforms_are_known_by_their_subdir() {
    let text = |names: &[&str]| {
        let list = names
            .iter()
            .map(|name| format!("- name: {name}\n  subdir: linux-64\n"));
        let used = names.iter().map(|name| format!("      {name}: []\n"));
        format!(
            "version: 7\nplatforms:\n{}environments:\n  default:\n    channels: []\n    packages:\n{}packages: []\n",
            list.collect::<String>(),
            used.collect::<String>()
        )
    };
    let one = read(&text(&["old-linux"]), None).unwrap();
    assert_eq!(one.platforms(), [Subdir::Linux64]);
    assert!(
        one.notes()[0]
            .text
            .contains("`old-linux` is one of linux-64")
    );
    let plain = read(&text(&["old-linux", "linux-64"]), None).unwrap();
    assert_eq!(plain.platforms(), [Subdir::Linux64]);
    let error = read(&text(&["old", "new"]), None).unwrap_err();
    assert!(
        error.contains("the platforms new, old are all linux-64"),
        "{error}"
    );
}

fn write(lock: &LockFile) -> String {
    let mut exported = lock
        .export(LockFormat::Pixi, &ExportOptions::default())
        .unwrap();
    exported.texts.remove(0).text
}

#[test]
fn what_is_written_is_of_the_newest_version_and_always_the_same() {
    let virtual_packages = [(Subdir::Linux64, vec!["__glibc=2.28=0".to_owned()])];
    let head = LockHead {
        virtual_packages: virtual_packages.into_iter().collect(),
        ..head()
    };
    let lock = LockFile::new(&[closure(&["b-1-0 <- a >=1", "a-1-0 !! c <2"])], &head);
    let text = write(&lock);
    assert!(text.starts_with("version: 7\n"), "{text}");
    assert_eq!(text, write(&lock));
    let again = read(&text, None).unwrap();
    assert_eq!(again.virtual_packages(Subdir::Linux64), ["__glibc=2.28=0"]);
    assert_eq!(again.channels(), lock.channels());
    let whole = |lock: &LockFile| {
        let closure = lock.closure(Subdir::Linux64, &Selection::all()).unwrap();
        let records = closure.packages().iter().map(|package| {
            let mut record = package.record.clone();
            record.package_record.arch = None;
            record.package_record.platform = None;
            record
        });
        records.collect::<Vec<_>>()
    };
    assert_eq!(whole(&again), whole(&lock));
    assert_eq!(write(&again), text);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_text_makes_the_reader_panic(at in 0..TWO.len(), hole in 0usize..60, patch in "[ -~\n\u{e9}]{0,12}") {
        let end = (at + hole).min(TWO.len());
        let _ = read(&format!("{}{patch}{}", &TWO[..at], &TWO[end..]), None);
    }
}
