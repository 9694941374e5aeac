use super::{PathRules, name_on_disk};

const UNIX: PathRules = PathRules {
    windows: false,
    ignore_case: false,
};
const WINDOWS: PathRules = PathRules {
    windows: true,
    ignore_case: true,
};

#[test]
fn a_path_and_its_names_are_the_same_thing() {
    for (rules, path, names, back) in [
        (UNIX, "/a/./b//c", &["a", "b", "c"][..], "/a/b/c"),
        (UNIX, r"/a\b", &[r"a\b"], r"/a\b"),
        (UNIX, "/", &[], "/"),
        (WINDOWS, r"C:\a/b", &["C:", "a", "b"], r"C:\a\b"),
        (WINDOWS, r"C:\", &["C:"], r"C:\"),
        (WINDOWS, r"C:\a\..\..\b", &["C:", "b"], r"C:\b"),
        (WINDOWS, r"\\?\C:\a", &["C:", "a"], r"C:\a"),
        (
            WINDOWS,
            r"\\host\share\a",
            &[r"\\host\share", "a"],
            r"\\host\share\a",
        ),
        (
            WINDOWS,
            "//host/share/a",
            &[r"\\host\share", "a"],
            r"\\host\share\a",
        ),
        (
            WINDOWS,
            r"\\?\UNC\host\share\a",
            &[r"\\host\share", "a"],
            r"\\host\share\a",
        ),
    ] {
        assert_eq!(rules.names(path), names, "{path}");
        assert_eq!(rules.path(names), back, "{path}");
    }
}

#[test]
fn drives_and_shares_are_told_from_names() {
    let split = |path| WINDOWS.split_drive(path);
    for (path, drive, rest) in [
        (r"C:\a", "C:", r"\a"),
        ("c:/a", "c:", r"\a"),
        ("C:", "C:", ""),
        (r"\\host\share", r"\\host\share", ""),
        (r"\\host", r"\\host\", ""),
        (r"\\?\D:\*", "D:", r"\*"),
    ] {
        assert_eq!(split(path), (Some(drive.to_owned()), rest.to_owned()));
    }
    for path in ["a", r".\a", "C:a", "1:/a", "", "/a"] {
        assert_eq!(split(path).0, None, "{path}");
    }
    assert_eq!(UNIX.split_drive("C:/a"), (None, "C:/a".to_owned()));
}

#[test]
fn a_path_is_seen_from_a_directory_whatever_the_case_of_what_they_share() {
    let relative = |rules: PathRules, path, from| rules.relative(path, from);
    assert_eq!(relative(WINDOWS, r"C:\W\a\B", r"c:\w"), r"a\B");
    assert_eq!(relative(WINDOWS, r"C:\x", r"C:\W\s"), r"..\..\x");
    assert_eq!(relative(WINDOWS, r"D:\x", r"C:\W"), r"D:\x");
    assert_eq!(relative(UNIX, "/W/a", "/w"), "../W/a");
}

#[test]
fn the_name_on_the_disk_counts_and_an_exact_one_comes_first() {
    let found = |typed: &str, existing: &[&str], rules| {
        name_on_disk(typed, existing.iter().map(|name| (*name).to_owned()), rules)
    };
    let lock = Some("yarn.lock".to_owned());
    assert_eq!(found("YARN.lock", &["a", "yarn.lock"], WINDOWS), lock);
    let both = ["Yarn.Lock", "yarn.lock", "YARN.LOCK"];
    assert_eq!(found("yarn.lock", &both, WINDOWS), lock);
    assert_eq!(found("YARN.lock", &["yarn.lock"], UNIX), None);
    assert_eq!(found("YARN~1.LOC", &["yarn.lock"], WINDOWS), None);
}
