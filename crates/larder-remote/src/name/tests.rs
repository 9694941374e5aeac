use proptest::prelude::*;

use super::ObjectName;

#[test]
fn names_that_lead_elsewhere_are_none() {
    for name in [
        "", "/a", "a/", "a//b", "../a", "a/..", "a/.b", "a b", "a|b", "ä", "a\\b", "a~",
    ] {
        assert!(ObjectName::new(name).is_err(), "{name}");
    }
    assert!(ObjectName::new("a".repeat(901)).is_err());
    assert!(ObjectName::new("cache-1/refs%2Fheads%2Fmain/a(1)=+,@!").is_ok());
}

proptest! {
    #[test]
    fn any_text_is_escaped_to_a_component_and_back(text in "\\PC{1,40}") {
        let escaped = ObjectName::escape(&text);
        prop_assert!(ObjectName::new(format!("a/{escaped}")).is_ok(), "{escaped}");
        prop_assert!(!escaped.contains('/'));
        prop_assert_eq!(ObjectName::unescape(&escaped).unwrap(), text);
    }

    #[test]
    fn the_beginning_of_a_text_is_the_beginning_of_its_escaped_form(head in "\\PC{0,9}", tail in "\\PC{0,9}") {
        let whole = ObjectName::escape(&format!("{head}{tail}"));
        prop_assert!(whole.starts_with(&ObjectName::escape(&head)));
    }
}
