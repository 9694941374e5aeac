use proptest::prelude::*;

use super::{is_local_path, split_tokens, with_token};

#[test]
fn tokens_leave_at_any_depth_with_their_place() {
    for (path, rest, tokens) in [
        ("/t/tk/ch/", "/ch/", &[("tk", 0)][..]),
        ("/t/tk", "", &[("tk", 0)]),
        ("t/tk/ch", "ch", &[("tk", 0)]),
        ("/api/repo/t/tk/ch", "/api/repo/ch", &[("tk", 2)]),
        ("//api//t//tk/ch", "//api//ch", &[("tk", 1)]),
        ("/t/a/x/t/b/y", "/x/y", &[("a", 0), ("b", 1)]),
        ("/t/t/tk/ch", "/ch", &[("t/tk", 0)]),
        ("/t/t", "", &[("t", 0)]),
        ("/ch/t", "/ch/t", &[]),
        ("/t/", "/t/", &[]),
        ("/dist/x", "/dist/x", &[]),
        ("", "", &[]),
    ] {
        let (found, taken) = split_tokens(path);
        let taken: Vec<_> = taken
            .iter()
            .map(|token| (token.token.as_str(), token.after))
            .collect();
        assert_eq!((found.as_str(), taken.as_slice()), (rest, tokens), "{path}");
    }
}

#[test]
fn a_token_goes_back_to_its_place() {
    for (path, after, with) in [
        ("/ch/noarch/x", 0, "/t/TK/ch/noarch/x"),
        ("/api/repo/ch/x", 2, "/api/repo/t/TK/ch/x"),
        ("/api", 1, "/api/t/TK"),
        ("/api/", 1, "/api/t/TK/"),
        ("/api", 7, "/api/t/TK"),
        ("/", 0, "/t/TK/"),
        ("", 0, "/t/TK"),
    ] {
        assert_eq!(with_token(path, "TK", after), with, "{path}");
    }
}

#[test]
fn paths_of_files_are_told_from_names() {
    for path in [
        "/t/x", "./t", "../t", ".", "..", "~/t", "C:", "c:/t", "D:\\t", "\\\\h\\t",
    ] {
        assert!(is_local_path(path), "{path}");
    }
    for name in [
        "",
        "conda-forge",
        "t/x",
        ".hidden",
        "https://h",
        "host:80/t",
        "..x",
    ] {
        assert!(!is_local_path(name), "{name}");
    }
}

#[test]
fn debug_shows_no_token() {
    assert!(!format!("{:?}", split_tokens("/t/SECRET/x").1).contains("SECRET"));
}

proptest! {
    #[test]
    fn what_is_taken_off_can_be_put_back(path in "(/(t|[a-c]{1,2})){0,8}") {
        let (rest, tokens) = split_tokens(&path);
        prop_assert_eq!(split_tokens(&rest), (rest.clone(), vec![]));
        let again = tokens
            .iter()
            .rev()
            .fold(rest, |path, token| with_token(&path, &token.token, token.after));
        prop_assert_eq!(again, path);
    }
}
