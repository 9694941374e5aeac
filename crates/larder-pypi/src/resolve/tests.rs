use super::without_editable_repositories;

#[test]
fn editable_repositories_are_asked_for_as_repositories() {
    for (line, expected) in [
        (
            "-e git+https://x.org/a.git@main#egg=a",
            "a @ git+https://x.org/a.git@main",
        ),
        (
            "--editable git+file:///a.git#subdirectory=b&egg=a[c]",
            "a[c] @ git+file:///a.git#subdirectory=b",
        ),
        ("-e git+https://x.org/a.git", "git+https://x.org/a.git"),
        ("-e .", "-e ."),
        ("a @ git+https://x.org/a.git", "a @ git+https://x.org/a.git"),
        ("-e ./git+b", "-e ./git+b"),
    ] {
        assert_eq!(without_editable_repositories(line).trim_end(), expected);
    }
}
