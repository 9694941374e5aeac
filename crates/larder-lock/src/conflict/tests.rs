//! Markers as git writes them, and texts that have them by accident.

use proptest::prelude::*;

use super::split_conflict;
use crate::tests::support::ONE;
use crate::{LockError, LockFile};

fn sides(ours: &str, theirs: &str) -> Option<(String, String)> {
    Some((ours.to_owned(), theirs.to_owned()))
}

#[test]
fn both_styles_give_both_sides() {
    let merge = "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> branch\nd\n";
    assert_eq!(split_conflict(merge), sides("a\nb\nd\n", "a\nc\nd\n"));
    let diff3 = "a\n<<<<<<< ours\nb\n||||||| 1a2b3c\nx\n=======\nc\n>>>>>>> theirs\nd\n";
    assert_eq!(split_conflict(diff3), sides("a\nb\nd\n", "a\nc\nd\n"));
    let bare = "<<<<<<<\n=======\nc\n>>>>>>>";
    assert_eq!(split_conflict(bare), sides("", "c\n"));
}

#[test]
fn line_ends_stay_as_they_are() {
    let text = "a\r\n<<<<<<< HEAD\r\nb\r\n=======\r\nc\r\n>>>>>>> branch\r\nd";
    assert_eq!(split_conflict(text), sides("a\r\nb\r\nd", "a\r\nc\r\nd"));
}

#[test]
fn a_conflict_within_the_common_ancestor_belongs_to_it() {
    let text = "<<<<<<< ours\nb\n||||||| merged\n<<<<<<<<< one\nx\n=========\ny\n>>>>>>>>> two\n\
                =======\nc\n>>>>>>> theirs\n";
    assert_eq!(split_conflict(text), sides("b\n", "c\n"));
}

#[test]
fn without_markers_or_with_broken_ones_there_are_no_sides() {
    for text in [
        "",
        "a\nb\n",
        "=======\n",
        "<<<<<<< HEAD\nb\n=======\nc\n",
        "<<<<<<< HEAD\nb\n>>>>>>> x\n",
        "b\n=======\nc\n>>>>>>> x\n",
        "<<<<<<< HEAD\n<<<<<<< HEAD\n=======\n>>>>>>> x\n",
        "<<<<<<< HEAD\n=======\n||||||| x\n>>>>>>> x\n",
        "  <<<<<<< HEAD\n=======\n>>>>>>> x\n",
        "<<<<<<<HEAD\nb\n",
    ] {
        assert_eq!(split_conflict(text), None, "{text}");
    }
}

#[test]
fn each_side_of_a_lock_is_a_lock() {
    let hash = "sha256: 85fcb6906b8686fe6341db89b4e6fc2631ad69ee6eab2f4823bfd64ae0b20ac8";
    let other = hash.replace("85f", "75f");
    let conflict = format!("<<<<<<< HEAD\n    {hash}\n=======\n    {other}\n>>>>>>> x");
    let text = ONE.replace(&format!("    {hash}"), &conflict);
    assert!(matches!(
        LockFile::parse("lock", &text),
        Err(LockError::MergeConflict { .. })
    ));
    let (ours, theirs) = split_conflict(&text).unwrap();
    assert_eq!(ours, ONE);
    assert!(
        LockFile::parse("lock", &theirs)
            .unwrap()
            .to_yaml()
            .contains("75fcb")
    );
}

/// Lines that are no marker.
fn block() -> impl Strategy<Value = String> {
    proptest::collection::vec("[ a-z<=>|]{0,6}(\r)?\n", 0..4).prop_map(|lines| lines.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

    #[test]
    fn inserted_markers_are_taken_out_again(
        parts in proptest::collection::vec((block(), block(), proptest::option::of(block()), block()), 1..5),
        end in block(),
    ) {
        let (mut text, mut ours, mut theirs) = (String::new(), String::new(), String::new());
        for (both, left, ancestor, right) in &parts {
            text.push_str(&format!("{both}<<<<<<< HEAD\n{left}"));
            if let Some(ancestor) = ancestor {
                text.push_str(&format!("||||||| base\n{ancestor}"));
            }
            text.push_str(&format!("=======\n{right}>>>>>>> branch\n"));
            ours.push_str(&format!("{both}{left}"));
            theirs.push_str(&format!("{both}{right}"));
        }
        for text in [&mut text, &mut ours, &mut theirs] {
            text.push_str(&end);
        }
        prop_assert_eq!(split_conflict(&text), Some((ours, theirs)));
    }

    #[test]
    fn any_text_is_split_or_not(text in "([<=>|]{6,8}( x)?\n|[a-z]?\n){0,12}") {
        if let Some((ours, theirs)) = split_conflict(&text) {
            prop_assert!(ours.len() < text.len() && theirs.len() < text.len());
        }
    }
}
