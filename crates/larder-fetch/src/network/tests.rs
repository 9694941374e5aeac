use std::fs;

use url::Url;

use super::{Network, NetworkError, NetworkOptions, is_kept_downgrade};
use crate::Credential;
use crate::ProxyChoice;

#[test]
fn debug_of_the_options_shows_no_secret() {
    let options = NetworkOptions {
        credentials: vec![(
            Url::parse("https://host/chan").unwrap(),
            Credential::Token {
                token: "SECRET".into(),
                after: 0,
            },
        )],
        proxy: ProxyChoice::Url(Url::parse("http://user:SECRET@proxy:3128").unwrap()),
        ..NetworkOptions::default()
    };
    assert!(!format!("{options:?}").contains("SECRET"));
}

#[test]
fn files_that_are_named_but_missing_are_errors_with_their_path() {
    let missing = std::path::PathBuf::from("/nonexistent/larder");
    for options in [
        NetworkOptions {
            auth_file: Some(missing.clone()),
            ..NetworkOptions::default()
        },
        NetworkOptions {
            netrc: Some(missing.clone()),
            ..NetworkOptions::default()
        },
        NetworkOptions {
            ca_files: vec![missing.clone()],
            ..NetworkOptions::default()
        },
    ] {
        let error = Network::new(&options).unwrap_err();
        assert!(error.to_string().contains("/nonexistent/larder"), "{error}");
    }
}

#[test]
fn files_of_another_kind_are_errors_with_their_path() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    fs::write(&path, "S3CR3T, but neither JSON nor PEM").unwrap();
    let auth_file = NetworkOptions {
        auth_file: Some(path.clone()),
        ..NetworkOptions::default()
    };
    let ca_file = NetworkOptions {
        ca_files: vec![path.clone()],
        ..NetworkOptions::default()
    };
    for options in [auth_file, ca_file] {
        let error = Network::new(&options).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(&path.display().to_string()), "{shown}");
        assert!(!shown.contains("S3CR3T"), "{shown}");
    }
}

#[test]
fn a_certificate_that_is_none_is_an_error_with_its_path() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.pem");
    fs::write(
        &path,
        "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    let options = NetworkOptions {
        ca_files: vec![path.clone()],
        ..NetworkOptions::default()
    };
    let error = Network::new(&options).unwrap_err();
    assert!(
        matches!(&error, NetworkError::NotPem { path: named, .. } if *named == path),
        "{error:?}"
    );
}

#[test]
fn a_proxy_without_a_host_is_refused_without_its_password() {
    let options = NetworkOptions {
        proxy: ProxyChoice::Url(Url::parse("data:user:S3CR3T").unwrap()),
        ..NetworkOptions::default()
    };
    let error = Network::new(&options).unwrap_err();
    assert!(
        error.to_string().contains("not the URL of a proxy"),
        "{error}"
    );
    assert!(!format!("{error} {error:?}").contains("S3CR3T"));
}

#[test]
fn no_redirect_takes_a_header_from_https_to_http() {
    let url = |text: &str| Url::parse(text).unwrap();
    for (previous, next, expected) in [
        ("https://h:8443/x", "http://h:8443/x", true),
        ("https://h/x", "http://h:443/y", true),
        // reqwest drops the header itself.
        ("https://h/x", "http://h/x", false),
        ("https://h:8443/x", "http://other:8443/x", false),
        ("https://h/x", "https://h/y", false),
        ("http://h/x", "https://h/x", false),
    ] {
        let found = is_kept_downgrade(&url(previous), &url(next));
        assert_eq!(found, expected, "{previous} {next}");
    }
}
