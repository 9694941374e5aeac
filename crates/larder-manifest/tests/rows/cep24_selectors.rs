//! CEP 24: preprocessing selectors.

use larder_manifest::{ManifestErrorKind, SelectorError, WarningCode};
use rattler_conda_types::Subdir;

use super::cep24::{codes, names_for};
use super::{read, refuse};

#[test]
fn cep24_27_selectors_keep_or_remove_their_line() {
    let text = "dependencies:\n  - python\n  - pywin32  # [win]\n";
    assert_eq!(names_for(text, Subdir::Win64), ["python", "pywin32"]);
    assert_eq!(names_for(text, Subdir::Linux64), ["python"]);
}

#[test]
fn cep24_28_two_kinds_of_selectors_warn_with_both_lines() {
    let manifest = read("dependencies:\n  - a  # [win]\n  - sel(linux): b\n");
    let [warning] = manifest.warnings.as_slice() else {
        panic!("{:?}", manifest.warnings);
    };
    assert_eq!(warning.code, WarningCode::MixedSelectors);
    assert!(
        warning.text.contains("line 2") && warning.text.contains("line 3"),
        "{warning}"
    );
}

#[test]
fn cep24_29_comment_selectors_are_evaluated_for_the_target() {
    let text = "dependencies:\n  - a #[osx]\n  - \"b\"   # [linux]\n  - 'c # [osx]' # [linux]\n";
    assert_eq!(names_for(text, Subdir::OsxArm64), ["a"]);
    assert_eq!(names_for(text, Subdir::Linux64), ["b", "c # [osx]"]);
    // The other places that can have one: lines of pip, the section, channels.
    let text = "channels:\n  - a\n  - b # [win]\ndependencies:\n  - pip:  # [unix]\n    - x\n    - y # [osx]\n";
    let manifest = read(text);
    let pip = |subdir| {
        manifest
            .pip_lines_for(subdir)
            .iter()
            .map(|l| l.text.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(pip(Subdir::Win64), Vec::<String>::new());
    assert_eq!(pip(Subdir::Linux64), ["x"]);
    assert_eq!(pip(Subdir::Osx64), ["x", "y"]);
    assert_eq!(
        manifest
            .channels_for(Subdir::Linux64)
            .expect("channels")
            .len(),
        1
    );
    assert_eq!(
        manifest
            .channels_for(Subdir::Win64)
            .expect("channels")
            .len(),
        2
    );
}

#[test]
fn cep24_30_expressions_join_variables_and_prose_keeps_its_line() {
    let on = |expression: &str, subdir| {
        let text = format!("dependencies:\n  - a # [{expression}]\n");
        !names_for(&text, subdir).is_empty()
    };
    assert!(on("(linux or osx) and arm64", Subdir::OsxArm64));
    assert!(!on("(linux or osx) and arm64", Subdir::WinArm64));
    assert!(!on("(linux or osx) and arm64", Subdir::Osx64));
    // `and` binds tighter.
    assert!(on("win or osx and arm64", Subdir::Win64));
    // Documented extension: conda-build's `not`.
    assert!(on("not win", Subdir::Linux64));
    assert!(!on("not win", Subdir::Win64));
    let sic = "dependencies:\n  - a # [sic]\n  - b # [see issue 3]\n  - c # [x](https://x.test)\n";
    assert_eq!(names_for(sic, Subdir::Linux64), ["a", "b", "c"]);
    assert_eq!(
        codes(sic),
        [WarningCode::ProseSelector, WarningCode::ProseSelector]
    );
    for broken in [
        "linux and",
        "win or foo",
        "linux only",
        "(osx",
        "not bootstrap",
        "linux, osx",
    ] {
        let error = refuse(&format!("dependencies:\n  - z\n  - a # [{broken}]\n"));
        assert_eq!(
            (error.code(), error.position().line),
            ("manifest::selector", 3),
            "{broken}"
        );
    }
    // A selector where none can stand is not dropped silently either.
    let elsewhere = codes("dependencies: []\nvariables:\n  A: b # [win]\n");
    assert_eq!(elsewhere, [WarningCode::IgnoredSelector]);
}

#[test]
fn cep24_31_variables_are_those_of_the_target() {
    let on = |name: &str, subdir| {
        names_for(&format!("dependencies:\n  - a # [{name}]\n"), subdir).len() == 1
    };
    let all = [
        Subdir::Linux64,
        Subdir::LinuxAarch64,
        Subdir::Osx64,
        Subdir::OsxArm64,
        Subdir::Win64,
        Subdir::WinArm64,
    ];
    let table = [
        ("linux", "110000"),
        ("osx", "001100"),
        ("win", "000011"),
        ("unix", "111100"),
        ("linux64", "100000"),
        ("osx64", "001000"),
        ("win64", "000010"),
        ("win32", "000000"),
        ("x86", "101010"),
        ("x86_64", "101010"),
        ("aarch64", "010000"),
        ("arm64", "000101"),
        ("ppc64le", "000000"),
        ("armv7l", "000000"),
        ("linux32", "000000"),
        ("s390x", "000000"),
    ];
    for (name, expected) in table {
        let found: String = all
            .iter()
            .map(|subdir| if on(name, *subdir) { '1' } else { '0' })
            .collect();
        assert_eq!(found, expected, "{name}");
    }
    for name in ["py3k", "py", "py36", "np", "np118", "build_platform"] {
        let error = refuse(&format!("dependencies:\n  - a # [{name}]\n"));
        let ManifestErrorKind::Selector { source, .. } = error.kind() else {
            panic!("{error}");
        };
        assert_eq!(
            *source,
            SelectorError::UnsupportedVariable {
                name: name.to_owned()
            }
        );
    }
    let error = refuse("dependencies:\n  - a # [py>=36]\n");
    assert!(error.headline().contains("`py`"), "{error}");
}

#[test]
fn cep24_32_dictionary_selectors_hold_one_platform() {
    let text = "dependencies:\n  - sel(win): pywin32\n  - sel(unix): bash\n";
    assert_eq!(names_for(text, Subdir::Win64), ["pywin32"]);
    assert_eq!(names_for(text, Subdir::Osx64), ["bash"]);
    for expression in ["linux and osx", "arm64", "", "not win"] {
        let error = refuse(&format!("dependencies:\n  - sel({expression}): a\n"));
        assert_eq!(error.code(), "manifest::selector", "{expression}");
    }
    for value in ["[a]", "", "{b: c}", "1.0"] {
        let error = refuse(&format!("dependencies:\n  - sel(win): {value}\n"));
        assert_eq!(error.code(), "manifest::type", "{value}");
    }
}
