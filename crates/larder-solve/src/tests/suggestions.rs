//! What a mistyped name may have meant.

use proptest::prelude::*;

use crate::suggestions::closest;

const NAMES: [&str; 7] = [
    "numpy",
    "scipy",
    "pandas",
    "scikit-learn",
    "python",
    "r",
    "ruamel.yaml",
];

#[test]
fn slips_find_what_was_meant() {
    let cases = [
        ("nmpy", "numpy"),
        ("numpyy", "numpy"),
        ("nupmy", "numpy"),
        ("scikit_learn", "scikit-learn"),
        ("scikit-lern", "scikit-learn"),
        ("Pandas", "pandas"),
        ("ruamel-yaml", "ruamel.yaml"),
    ];
    for (wanted, meant) in cases {
        assert_eq!(closest(wanted, NAMES, 1), [meant], "{wanted}");
    }
}

#[test]
fn what_is_too_far_is_no_suggestion() {
    assert!(closest("tensorflow", NAMES, 3).is_empty());
    assert!(closest("xyz", NAMES, 3).is_empty());
}

proptest! {
    #[test]
    fn at_most_as_many_as_asked_for_and_each_one_a_name(wanted in ".{0,12}", count in 0_usize..4) {
        let found = closest(&wanted, NAMES, count);
        prop_assert!(found.len() <= count);
        prop_assert!(found.iter().all(|name| NAMES.contains(name)));
    }
}
