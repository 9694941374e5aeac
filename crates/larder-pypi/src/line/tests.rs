use proptest::prelude::*;

use super::fault;

#[test]
fn what_a_tool_may_understand_is_left_to_it() {
    for line in [
        "requests",
        "requests>=2,<3",
        "requests >= 2.0.* ; python_version > '3'",
        "requests[socks,use_chardet]==2.31.0",
        "zope.interface (>=5)",
        "numpy>=1.19.0,",
        "name @ https://example.org/a.zip",
        "git+https://example.org/a.git@main#egg=a",
        "./here",
        "here/there",
        "C:\\there",
        "dist/a-1.0-py3-none-any.whl",
        "a-1.0-py3-none-any.whl",
        "${HOME}/a",
        "a==1.0 --hash=sha256:aa",
        "-e .",
        "-rfile.txt",
        "--extra-index-url https://example.org/simple",
        "--extra-index-url=https://example.org/simple",
        "--pre",
        "torch===1.7.1+cpu",
    ] {
        assert_eq!(fault(line), None, "{line}");
    }
}

#[test]
fn what_no_tool_understands_is_told_with_what_was_meant() {
    for (line, problem, hint) in [
        (
            "myst-parser=3",
            "no such comparison operator",
            Some("`myst-parser==3`"),
        ),
        ("numpy 1.26", "", Some("`numpy==1.26`")),
        ("scipy=1.4.1=py38_0", "", Some("above `pip:`")),
        (
            "--user --no-deps",
            "the option `--user`",
            Some("`--index-url`"),
        ),
        ("ncurses==6.1=h0a44026_1002", "", Some("above `pip:`")),
        ("PyPDF2>==1.26.0", "no such comparison operator", None),
        ("-- name", "the option `--`", None),
        ("requests[socks", "no requirement", None),
        ("requests>", "no requirement", None),
        (">=2", "begins with no name", None),
        ("a[0-]!", "the name of an extra", None),
        ("pip install requests", "no requirement", None),
    ] {
        let fault = fault(line).unwrap_or_else(|| panic!("{line}"));
        assert!(fault.problem.contains(problem), "{line}: {fault:?}");
        if let Some(hint) = hint {
            assert!(
                fault.hint.as_ref().is_some_and(|text| text.contains(hint)),
                "{line}: {fault:?}"
            );
        }
    }
}

proptest! {
    #[test]
    fn no_line_is_too_odd(line in "\\PC{0,40}") {
        let _ = fault(line.trim());
    }

    #[test]
    fn no_line_that_looks_like_a_requirement_is_too_odd(line in "[a-z.\\-_]{0,4}[\\[\\]=<>~!,;() 0-9*.a-z-]{0,20}") {
        let _ = fault(line.trim());
    }
}
