//! Where values go that no test can see from outside without waiting.

use std::{collections::HashMap, fs, path::Path, time::Duration};

use crate::{ConfigurationError, ConfigurationPlaces, Explain as _, Settings, read_configuration};

/// Settings that say nothing, in a directory.
pub(crate) fn settings(directory: &Path) -> Settings {
    Settings {
        working_directory: directory.to_owned(),
        home: Some(directory.to_owned()),
        ..Settings::default()
    }
}

fn configured(text: &str) -> Result<Settings, ConfigurationError> {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join(".condarc"), text).unwrap();
    fs::write(directory.path().join("cert.pem"), "").unwrap();
    let places = ConfigurationPlaces {
        home: Some(directory.path().to_owned()),
        ..ConfigurationPlaces::default()
    };
    let loaded = read_configuration(&places, &HashMap::new());
    assert!(loaded.errors.is_empty(), "{:?}", loaded.errors);
    let mut settings = settings(directory.path());
    settings.configure(&loaded.config).map(|()| settings)
}

#[test]
fn numbers_go_where_they_belong() {
    let settings = configured(
        "default_threads: 3\nfetch_threads: 5\nremote_connect_timeout_secs: 1.5\n\
         remote_read_timeout_secs: 7\nremote_max_retries: 9\nremote_backoff_factor: 0.25\n",
    )
    .unwrap();
    assert_eq!((settings.threads, settings.network.fetches), (3, Some(5)));
    let network = &settings.network;
    assert_eq!(network.connect_timeout, Some(Duration::from_millis(1500)));
    assert_eq!(network.read_timeout, Some(Duration::from_secs(7)));
    assert_eq!(network.first_wait, Some(Duration::from_millis(250)));
    assert_eq!(network.retries, Some(9));
    let settings = configured("default_threads: 3\nexecute_threads: 2\n").unwrap();
    assert_eq!(settings.threads, 2);
}

#[test]
fn certificates_and_keys_go_where_they_belong() {
    let settings = configured(
        "ssl_verify: ./cert.pem\nclient_ssl_cert: ~/c.pem\nclient_ssl_cert_key: k.pem\n",
    )
    .unwrap();
    let home = settings.home.clone().unwrap();
    assert!(settings.network.unverified.is_none());
    assert!(settings.ca_files[0].ends_with("cert.pem"));
    assert_eq!(
        settings.network.client_certificate,
        Some(home.join("c.pem"))
    );
    assert_eq!(settings.network.client_key, Some(home.join("k.pem")));
    for text in [
        "ssl_verify: true",
        "ssl_verify: truststore",
        "ssl_verify: <system>",
    ] {
        let settings = configured(text).unwrap();
        assert!(settings.ca_files.is_empty() && settings.network.unverified.is_none());
    }
    let settings = configured("verify_ssl: no").unwrap();
    assert!(
        settings
            .network
            .unverified
            .unwrap()
            .ends_with(".condarc:1:1")
    );
    let error = configured("client_ssl_cert_key: k.pem").unwrap_err();
    assert_eq!(error.code(), "config::conflict");
}

#[test]
fn the_most_exact_proxy_comes_first() {
    let settings = configured(
        "proxy_servers:\n  all: http://all.test:1\n  https: me:pw@s.test:2\n  https://H.test: ~\n",
    )
    .unwrap();
    let rules: Vec<String> = settings
        .network
        .proxies
        .iter()
        .map(|rule| format!("{rule:?}"))
        .collect();
    assert_eq!(rules[0], "https://h.test by none");
    assert!(
        rules[1].starts_with("https://* by http://") && !rules[1].contains("pw"),
        "{rules:?}"
    );
    assert_eq!(rules[2], "*://* by http://all.test:1/");
}
