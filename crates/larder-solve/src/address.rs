//! Where a channel may send its users: its index by `base_url` and `shards_base_url`, a record by its URL.
//!
//! A channel on the network cannot name files of this machine, and one that is reached by https cannot leave it.

use url::Url;

use crate::local::is_stand_in;

/// Why `source` (an index, or the base URL of a channel) cannot send to `target`, if so.
pub(crate) fn problem_of(source: &Url, target: &Url) -> Option<String> {
    let is_local = source.scheme() == "file" || is_stand_in(source);
    if target.cannot_be_a_base() {
        return Some("nothing can be below it".to_owned());
    }
    match target.scheme() {
        "https" => None,
        "http" if is_stand_in(target) && !is_local => {
            Some("a channel on the network cannot name files of this machine".to_owned())
        }
        "http" if source.scheme() == "https" => {
            Some("a channel that is reached by https cannot leave it for http".to_owned())
        }
        "http" => None,
        "file" if is_local => None,
        "file" => Some("a channel on the network cannot name files of this machine".to_owned()),
        _ => Some("expected an address by https or http".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::problem_of;

    #[test]
    fn what_a_channel_may_name() {
        let sources = [
            "https://h.test/c/noarch/x",
            "http://h.test/c/noarch/x",
            "http://local.invalid/-/c/noarch/x",
            "file:///c/noarch/x",
        ];
        let targets: [(&str, [bool; 4]); 9] = [
            ("https://other.test/p/", [true; 4]),
            ("http://other.test/p/", [false, true, true, true]),
            ("file:///etc/", [false, false, true, true]),
            ("file://host/etc/", [false, false, true, true]),
            ("http://local.invalid/-/etc/", [false, false, true, true]),
            ("data:,x", [false; 4]),
            ("mailto:a@b", [false; 4]),
            ("ftp://h.test/", [false; 4]),
            ("javascript:alert(1)", [false; 4]),
        ];
        for (target, expected) in targets {
            let target = Url::parse(target).unwrap();
            for (source, is_allowed) in sources.iter().zip(expected) {
                let problem = problem_of(&Url::parse(source).unwrap(), &target);
                assert_eq!(
                    problem.is_none(),
                    is_allowed,
                    "{source} {target}: {problem:?}"
                );
            }
        }
    }
}
