use proptest::prelude::*;

use super::{beginning, key, name};
use crate::ObjectName;

proptest! {
    #[test]
    fn names_come_back_from_their_keys(text in "[a-zA-Z0-9=+,@()%!_-]{1,300}") {
        let object = ObjectName::new(text).unwrap();
        let key = key(&object);
        prop_assert!(!key.contains(','));
        prop_assert!(key.len() <= 512);
        prop_assert_eq!(name(&key), Some(object));
    }

    #[test]
    fn no_key_is_the_beginning_of_another(one in "[ab,]{1,6}", other in "[ab,]{1,6}") {
        let object = |text: &str| ObjectName::new(text).unwrap();
        let (one, other) = (object(&one), object(&other));
        prop_assert_eq!(key(&other).starts_with(&key(&one)), one == other);
        let begins = other.as_str().starts_with(one.as_str());
        prop_assert_eq!(key(&other).starts_with(&beginning(one.as_str())), begins);
    }
}

#[test]
fn a_long_name_has_a_short_key_of_its_own() {
    let long = |last: &str| ObjectName::new(format!("{}{last}", "k".repeat(600))).unwrap();
    let keys = [key(&long("a")), key(&long("b"))];
    assert_ne!(keys[0], keys[1]);
    assert!(keys.iter().all(|key| key.len() == 66));
    assert_eq!(name(&keys[0]), None);
    let most = ObjectName::new("k".repeat(511)).unwrap();
    assert_eq!(name(&key(&most)), Some(most));
}
