//! Which texts are flags.

use proptest::prelude::*;

use crate::unfit::is_flag;

#[test]
fn flags_are_one_word_or_two() {
    for flag in ["cuda", "blas:mkl", "a_1:b_2", "_"] {
        assert!(is_flag(flag), "{flag}");
    }
    for text in ["", "a:", ":b", "a:b:c", "A", "a b", "blas:*", "a-b", "ä"] {
        assert!(!is_flag(text), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_judged(text in ".{0,20}") {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == ':';
        prop_assert!(!is_flag(&text) || text.chars().all(plain));
    }
}
