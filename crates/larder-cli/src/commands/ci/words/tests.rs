use super::words;

#[test]
fn white_space_separates_and_quotes_hold_together() {
    for (text, expected) in [
        ("", &[][..]),
        (
            "python=3.12  numpy\n  pandas",
            &["python=3.12", "numpy", "pandas"],
        ),
        (
            "'python >=3.10,<3.13' \"a b\"c",
            &["python >=3.10,<3.13", "a bc"],
        ),
        (r"-p C:\envs\x ''", &["-p", r"C:\envs\x", ""]),
        ("'open until the end", &["open until the end"]),
    ] {
        assert_eq!(words(text), expected, "{text}");
    }
}
