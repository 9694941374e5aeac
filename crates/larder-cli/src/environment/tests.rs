//! The table of variables against the list of credentials.

use std::ffi::OsString;

use super::*;

/// Variables of the table that hold nothing secret: scripts of packages get them.
const HARMLESS: &[&str] = &[
    "LARDER_STORE",
    "LARDER_STORE_LOWER",
    "LARDER_TREES",
    "LARDER_STATE",
    "LARDER_REMOTE_PUSH",
    "LARDER_ENVS",
    "LARDER_UV",
    "CONDARC",
    "LARDER_SYSTEM_CONFIG",
    "LARDER_DURABLE",
    "CI",
    "CONDA_OVERRIDE_*",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "SHELL",
    "GITHUB_ENV",
    "NO_COLOR",
];
/// Those that scripts get unless a secret is in the value.
const ADDRESSES: &[&str] = &[
    "LARDER_CHANNEL_ALIAS",
    "LARDER_MIRRORS",
    "CONDA_*",
    "HTTPS_PROXY",
];

fn seen_by_script(name: &str, value: &str) -> Option<String> {
    let variables = ChildVariables::new([(OsString::from(name), OsString::from(value))]);
    let seen = variables.for_scripts().next()?.1.to_str()?.to_owned();
    Some(seen)
}

#[test]
fn every_variable_that_larder_reads_is_a_credential_or_known_to_be_none() {
    for (name, _) in VARIABLES {
        let example = name.replace('*', "SOMETHING");
        let seen = seen_by_script(&example, "x");
        let secret = seen_by_script(&example, "https://user:canary@h.example/t/canary-token/c");
        let secret = secret.unwrap_or_default();
        if HARMLESS.contains(name) {
            assert_eq!(seen.as_deref(), Some("x"), "{name}");
        } else if ADDRESSES.contains(name) {
            assert_eq!(seen.as_deref(), Some("x"), "{name}");
            assert!(!secret.contains("user:canary"), "{name}: {secret}");
        } else {
            assert_eq!(
                seen, None,
                "{name} holds a credential, or belongs into a list above"
            );
        }
    }
}

#[test]
fn every_credential_that_a_text_of_the_table_names_is_withheld() {
    let words = VARIABLES
        .iter()
        .flat_map(|(_, text)| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
    let is_secret = |word: &&str| {
        ["KEY", "TOKEN", "SECRET", "STRING"]
            .iter()
            .any(|end| word.ends_with(end))
    };
    let secrets: Vec<&str> = words
        .filter(|word| word.contains('_'))
        .filter(is_secret)
        .collect();
    assert!(secrets.len() > 5, "{secrets:?}");
    for name in secrets {
        assert_eq!(seen_by_script(name, "x"), None, "{name}");
    }
}
