//! CEP 33: versions. rattler's type is what larder compares with; these pin what it does.

use std::cmp::Ordering;

use proptest::prelude::*;
use rattler_conda_types::Version;

fn version(text: &str) -> Version {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn assert_less(smaller: &str, larger: &str) {
    assert!(version(smaller) < version(larger), "{smaller} < {larger}");
}

fn assert_equal(left: &str, right: &str) {
    assert_eq!(version(left), version(right), "{left} == {right}");
}

fn assert_invalid(texts: &[&str]) {
    for text in texts {
        assert!(text.parse::<Version>().is_err(), "{text}");
    }
}

/// The CEP's list: each inner list holds equal versions, the outer one is in order.
const ORDERED: &[&[&str]] = &[
    &["0.4", "0.4.0"],
    &["0.4.1.rc", "0.4.1.RC"],
    &["0.4.1+local"],
    &["0.4.1+0.local"],
    &["0.4.1", "0.4.1+0"],
    &["0.4.1+1.local"],
    &["0.5a1"],
    &["0.5b3"],
    &["0.5C1"],
    &["0.5"],
    &["0.9.6"],
    &["0.960923"],
    &["1.0"],
    &["1.1dev1"],
    &["1.1a1"],
    &["1.1.0dev1", "1.1.dev1"],
    &["1.1.a1"],
    &["1.1.0rc1"],
    &["1.1.0.0", "1.1.0", "1.1"],
    &["1.1.post1", "1.1.0post1"],
    &["1.1post1"],
    &["1996.07.12"],
    &["1!0.4.1"],
    &["1!3.1.1.6"],
    &["2!0.4.1"],
];

#[test]
fn cep33_01_characters_and_separators() {
    for text in ["1.0_1", "1.0.1"] {
        assert_equal("1.0-1", text);
    }
    assert_invalid(&["1.0~1", "1 0", "1.0é"]);
}

#[test]
fn cep33_02_long_numbers_never_wrap() {
    assert_less("2147483647", "2147483648");
    assert_less("20241231", "20250101123456");
    // 64 bits in rattler: beyond that an error, no wrapping.
    assert_invalid(&["99999999999999999999999"]);
}

#[test]
fn cep33_03_empty_segments_are_errors() {
    assert_invalid(&["1..2", "1._2", ".1", "1.", ""]);
}

#[test]
fn cep33_04_a_trailing_underscore_belongs_to_its_segment() {
    assert_less("1.0.1_", "1.0.1a");
}

#[test]
fn cep33_05_one_epoch_and_one_local_part() {
    assert_less("1996.07.12", "1!0.4.1");
    assert_invalid(&["1!1!1", "!1", "1+a+b", "1+"]);
}

#[test]
fn cep33_06_digits_and_letters_are_split() {
    assert_equal("01.02", "1.2");
    assert_equal("1!2.15.1_ALPHA", "1!2.15.1.0alpha");
}

#[test]
fn cep33_07_a_zero_goes_before_letters() {
    assert_equal("1.2g.beta15.rc", "1.2g.0beta15.0rc");
    assert_equal("1.1.a1", "1.1.0a1");
}

#[test]
fn cep33_08_texts_are_smaller_than_numbers() {
    assert_equal("0.4.1.rc", "0.4.1.RC");
    assert_less("0.4.1.rc", "0.4.1");
    assert_less("0.5C1", "0.5");
    assert_less("0.9.6", "0.960923");
}

#[test]
fn cep33_09_dev_is_first_and_post_last() {
    assert_less("1.1dev1", "1.1a1");
    assert_less("1.1.1", "1.1post1");
    assert_less("1.0a", "1.0devel");
}

#[test]
fn cep33_10_missing_components_are_zero() {
    assert_equal("1.1", "1.1.0");
    assert_equal("1.1", "1.1.0.0");
}

#[test]
fn cep33_11_local_parts_decide_last() {
    assert_less("0.4.1+local", "0.4.1+0.local");
    assert_less("0.4.1+0.local", "0.4.1");
    assert_equal("0.4.1", "0.4.1+0");
    assert_less("0.4.1+0", "0.4.1+1.local");
}

#[test]
fn cep33_12_the_dot_before_a_marker_counts() {
    assert_equal("1.1.0rc", "1.1.rc");
    assert_less("1.1rc", "1.1.rc");
}

#[test]
fn cep33_13_the_list_sorts_as_printed() {
    let flat: Vec<(usize, &str)> = ORDERED
        .iter()
        .enumerate()
        .flat_map(|(rank, equal)| equal.iter().map(move |text| (rank, *text)))
        .collect();
    for (rank, text) in &flat {
        for (other_rank, other) in &flat {
            assert_eq!(
                version(text).cmp(&version(other)),
                rank.cmp(other_rank),
                "{text} and {other}"
            );
        }
    }
}

proptest! {
    #[test]
    fn the_order_is_total(a in "[0-9]{1,3}([._]?[a-z0-9]{1,4}){0,3}", b in "[0-9]{1,3}([._]?[a-z0-9]{1,4}){0,3}") {
        if let (Ok(a), Ok(b)) = (a.parse::<Version>(), b.parse::<Version>()) {
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            prop_assert_eq!(a.cmp(&b) == Ordering::Equal, a == b);
        }
    }
}
