//! No text makes the reader panic.

use proptest::prelude::*;

use super::support::ONE;
use crate::{LockFile, detect};

fn read(text: &str) {
    let _ = detect(text);
    let _ = LockFile::parse("conda-lock.yml", text);
}

/// The nearest character boundary at or before `index`.
fn boundary(text: &str, index: usize) -> usize {
    (0..=index.min(text.len()))
        .rev()
        .find(|index| text.is_char_boundary(*index))
        .unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_text(text in "\\PC{0,200}") {
        read(&text);
    }

    #[test]
    fn any_text_that_begins_like_a_lock(text in "[ -~\n\t\u{e9}]{0,200}") {
        read(&format!("version: 1\nmetadata:\n{text}"));
        read(&format!("{}{text}", &ONE[..ONE.find("- name").unwrap()]));
    }

    #[test]
    fn any_lock_with_a_hole_and_a_patch(at in 0..ONE.len(), hole in 0usize..40, patch in "[ -~\n]{0,12}") {
        let (start, end) = (boundary(ONE, at), boundary(ONE, at + hole));
        read(&format!("{}{patch}{}", &ONE[..start], &ONE[end..]));
    }
}
