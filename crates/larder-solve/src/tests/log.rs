//! What a session has seen of its indexes.

use url::Url;

use crate::cache::testing::Log;

#[test]
fn a_log_is_steady_until_an_index_is_seen_in_two_states() {
    let (one, two) = ("ab".repeat(32), "cd".repeat(32));
    let url = |name: &str| Url::parse(&format!("https://h.test/{name}")).unwrap();
    let states = [None, Some(one.as_str()), Some(two.as_str())];
    for first in states {
        for second in states {
            let log = Log::default();
            log.note(&url("a"), first);
            log.note(&url("a"), first);
            log.note(&url("b"), second);
            assert!(log.is_steady());
            log.clone().note(&url("a"), second);
            assert_eq!(log.is_steady(), first == second, "{first:?} {second:?}");
            log.note(&url("a"), first);
            assert_eq!(log.is_steady(), first == second, "a change stays known");
        }
    }
}
