//! [`RelPath`]

use proptest::prelude::*;

use crate::{RelPath, RelPathProblem};

#[test]
fn names_of_real_packages_are_paths() {
    for name in [
        "bin/python3.11",
        "share/man/man3/App::Cpan.3",
        "lib/python3.11/site-packages/a b (c)/é.py",
        "..data/.hidden",
        "x...",
    ] {
        assert_eq!(RelPath::try_from(name).unwrap().as_str(), name);
    }
}

#[test]
fn each_way_out_has_its_reason() {
    let long_component = "a".repeat(256);
    let long_path = "a/".repeat(512) + "b";
    for (name, problem) in [
        ("", RelPathProblem::Empty),
        ("/etc/passwd", RelPathProblem::Absolute),
        ("//server/share", RelPathProblem::Absolute),
        ("C:/Windows", RelPathProblem::Drive),
        ("c:x", RelPathProblem::Drive),
        ("../x", RelPathProblem::ParentComponent),
        ("a/../../x", RelPathProblem::ParentComponent),
        ("a/..", RelPathProblem::ParentComponent),
        ("./a", RelPathProblem::CurrentComponent),
        ("a/.", RelPathProblem::CurrentComponent),
        ("a//b", RelPathProblem::EmptyComponent),
        ("a/", RelPathProblem::EmptyComponent),
        ("a\\..\\b", RelPathProblem::Backslash),
        ("a\0b", RelPathProblem::Control),
        ("a\nb", RelPathProblem::Control),
        ("a\u{1b}[2Jb", RelPathProblem::Control),
        (&long_component, RelPathProblem::TooLong),
        (&long_path, RelPathProblem::TooLong),
    ] {
        assert_eq!(RelPath::try_from(name), Err(problem), "{name:?}");
    }
}

#[test]
fn members_may_start_with_a_dot_and_end_with_a_slash() {
    let member = |name: &[u8]| RelPath::from_member(name).map(|path| path.map(String::from));
    assert_eq!(member(b"./bin/x"), Ok(Some("bin/x".into())));
    assert_eq!(member(b"bin/"), Ok(Some("bin".into())));
    assert_eq!(member(b"./"), Ok(None));
    assert_eq!(member(b"."), Ok(None));
    assert_eq!(member(b""), Err(RelPathProblem::Empty));
    assert_eq!(member(b"bin//"), Err(RelPathProblem::EmptyComponent));
    assert_eq!(member(b".//etc"), Err(RelPathProblem::Absolute));
    assert_eq!(member(b"./../x"), Err(RelPathProblem::ParentComponent));
    assert_eq!(member(b"caf\xe9"), Err(RelPathProblem::NotUtf8));
}

#[test]
fn parts_of_a_path() {
    let path = RelPath::try_from("info/recipe/meta.yaml").unwrap();
    assert_eq!(path.file_name(), "meta.yaml");
    assert_eq!(path.parent(), Some("info/recipe"));
    assert!(path.is_info() && !path.is_conda_meta());
    assert!(RelPath::try_from("INFO/x").unwrap().is_info());
    assert!(RelPath::try_from("Conda-Meta").unwrap().is_conda_meta());
    assert!(!RelPath::try_from("information/x").unwrap().is_info());
    assert_eq!(RelPath::try_from("x").unwrap().parent(), None);
}

proptest! {
    #[test]
    fn what_is_accepted_stays_below_any_directory(name in "[a./\\\\:\u{0}-\u{7f}]{0,12}") {
        if let Ok(path) = RelPath::try_from(name.as_str()) {
            let mut depth = 0;
            for component in std::path::Path::new(path.as_str()).components() {
                prop_assert!(matches!(component, std::path::Component::Normal(_)));
                depth += 1;
            }
            prop_assert_eq!(depth, path.components().count());
        }
    }

    #[test]
    fn no_member_name_panics(name in proptest::collection::vec(any::<u8>(), 0..32)) {
        if let Ok(Some(path)) = RelPath::from_member(&name) {
            prop_assert!(RelPath::try_from(path.as_str()).is_ok());
        }
    }
}
