use std::collections::BTreeMap;

use super::{Ghac, place::namespace};
use crate::{OpenOptions, Remote as _, RemoteError};

fn open(url: &str, variables: &[(&str, &str)]) -> Result<Ghac, RemoteError> {
    let variables: BTreeMap<String, String> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let options = OpenOptions {
        variables,
        ..OpenOptions::default()
    };
    Ghac::new(url, &options)
}

const URL: (&str, &str) = ("ACTIONS_RESULTS_URL", "https://results.example/path/");
const TOKEN: (&str, &str) = ("ACTIONS_RUNTIME_TOKEN", "hush");

#[test]
fn urls_name_a_namespace_or_none() {
    for (url, expected) in [
        ("ghac:", Some("")),
        ("ghac://", Some("")),
        ("ghac://team-1", Some("team-1")),
        ("ghac://team/", Some("team")),
        ("ghac:team", None),
        ("ghac://a/b", None),
        ("ghac://user:hush@a", None),
        ("ghac://a?token=hush", None),
    ] {
        assert_eq!(namespace(url), expected, "{url}");
    }
    let error = open("ghac://a?token=hush", &[URL, TOKEN]).err().unwrap();
    assert!(!error.to_string().contains("hush"), "{error}");
    assert_eq!(
        open("ghac://team/", &[URL, TOKEN]).unwrap().url(),
        "ghac://team"
    );
}

#[test]
fn what_is_missing_is_named_and_where_it_comes_from() {
    for (given, name) in [(URL, TOKEN.0), (TOKEN, URL.0)] {
        let error = open("ghac:", &[given, (name, "")])
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains(name), "{error}");
        assert!(error.contains("actions/github-script"), "{error}");
        assert!(!error.contains("hush"), "{error}");
    }
    let error = open("ghac:", &[TOKEN, (URL.0, "results")]).err().unwrap();
    assert!(error.to_string().contains("ACTIONS_RESULTS_URL"), "{error}");
}

#[test]
fn namespaces_do_not_see_one_another() {
    let version = |url| open(url, &[URL, TOKEN]).unwrap().service.version.clone();
    assert_ne!(version("ghac:"), version("ghac://team"));
    assert_eq!(version("ghac:").len(), 64);
}
