use super::{distance, nearest};

#[test]
fn distances_are_levenshtein() {
    for (left, right, expected) in [
        ("", "", 0),
        ("a", "", 1),
        ("", "ab", 2),
        ("kitten", "sitting", 3),
        ("ab", "ba", 2),
    ] {
        assert_eq!(distance(left, right), expected, "{left} {right}");
    }
}

#[test]
fn only_near_words_are_suggested() {
    let known = ["channels", "dependencies", "name"];
    assert_eq!(nearest("chanel", &known), Some("channels"));
    assert_eq!(nearest("Dependancies", &known), Some("dependencies"));
    assert_eq!(nearest("foo", &known), None);
}
