//! Shortened accounts.

use proptest::prelude::*;

use crate::explain::tidy;

#[test]
fn siblings_that_differ_in_version_become_one() {
    let account = "\
The following packages are incompatible
├─ a * cannot be installed because there are no viable options:

│  └─ a 1 would require
│     └─ python >=3.12, which cannot be installed because there are no viable options:
│        ├─ python 3.12.4, which conflicts with the versions reported above.
│        ├─ python 3.12.3, which conflicts with the versions reported above.
│        ├─ python 3.12.3, which conflicts with the versions reported above.
│        ├─ python 3.12.2, which conflicts with the versions reported above.
│        └─ python 3.12.1, which conflicts with the versions reported above.
└─ b 1, which conflicts with the versions reported above.";
    let short = "\
├─ a * cannot be installed because there are no viable options:
│  └─ a 1 would require
│     └─ python >=3.12, which cannot be installed because there are no viable options:
│        └─ python 3.12.4 | 3.12.3 | ... | 3.12.1, which conflicts with the versions reported above.
└─ b 1, which conflicts with the versions reported above.";
    assert_eq!(tidy(account), short);
}

proptest! {
    #[test]
    fn unfamiliar_lines_stay_as_they_are(lines in proptest::collection::vec("[a-zé│ ├─.]{1,20}", 1..6)) {
        let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).filter(|l| !l.is_empty()).collect();
        prop_assert_eq!(tidy(&lines.join("\n")), lines.join("\n"));
    }

    #[test]
    fn any_text_can_be_tidied(text in "(.|\n|, which conflicts){0,40}") {
        prop_assert!(tidy(&text).lines().count() <= text.lines().count());
    }
}
