use std::ffi::{OsStr, OsString};

use super::*;

fn script(name: &str, value: &str) -> Option<String> {
    let seen = value_for_script(OsStr::new(name), OsStr::new(value))?;
    Some(seen.to_str().unwrap().to_owned())
}

fn is_downloaded_with(name: &str) -> bool {
    is_for_downloads(OsStr::new(name))
}

/// A name that a pattern stands for.
fn example(pattern: &str) -> String {
    pattern.replace('*', "SOMETHING")
}

#[test]
fn no_child_gets_a_credential_of_a_service_whatever_the_case_or_level() {
    for pattern in SERVICE_CREDENTIALS {
        let name = example(pattern);
        for name in [
            name.clone(),
            name.to_lowercase(),
            format!("__CONDA_SHLVL_0_{name}"),
            format!("__CONDA_SHLVL_12_{name}"),
        ] {
            assert_eq!(script(&name, "x"), None, "{name}");
            assert!(!is_downloaded_with(&name), "{name}");
        }
        assert!(is_service_credential(&name));
    }
}

#[test]
fn scripts_get_nothing_that_its_name_or_value_shows_to_be_a_secret() {
    for name in [
        "CONDA_TOKEN",
        "ANACONDA_API_TOKEN",
        "MY_CHANNEL_PASSWORD",
        "db_passwd",
        "CLIENT_SECRET",
        "X_CREDENTIALS",
        "NPM_API_KEY",
        "GH_PAT",
        "azure_devops_ext_pat",
        "DEPLOY_KEY",
        "SIGNING_KEY_2",
        "DB_PASS",
        "DB_PWD",
        "GPG_PASSPHRASE",
        "NPM_CONFIG__AUTH",
        "NETRC",
        "TWINE_USERNAME",
        "UV_PUBLISH_URL",
        "UV_INDEX_FORGE_PASSWORD",
    ] {
        assert_eq!(script(name, "x"), None, "{name}");
    }
    for (name, value) in [
        ("CONDA_CHANNELS", "https://h.example/t/tk-1234/ch"),
        ("CONDA_CHANNEL_ALIAS", "https://user@h.example/"),
        (
            "LARDER_MIRRORS",
            "https://a.example/=https://u:p@b.example/",
        ),
        ("PIP_INDEX_URL", "https://u:p@h.example/simple"),
        ("UV_DEFAULT_INDEX", "https://tok@h.example/simple"),
        ("DATABASE_URL", "postgres://user:pw@db/x"),
    ] {
        assert_eq!(script(name, value), None, "{name}");
    }
}

#[test]
fn scripts_get_everything_else_as_it_is() {
    for (name, value) in [
        ("PATH", "/usr/bin:/usr/t/abcdefghijkl/bin"),
        ("HOME", "/home/x"),
        ("PWD", "/home/x"),
        ("OLDPWD", "/home/x"),
        ("KEY", "x"),
        ("KEYBOARD_LAYOUT", "x"),
        ("LD_LIBRARY_PATH", "/usr/lib"),
        ("GPG_KEYSERVER", "x"),
        ("CONDA_CHANNELS", "conda-forge"),
        ("CONDA_PREFIX", "/opt/env"),
        ("LARDER_STORE", "/srv/store"),
        ("PIP_INDEX_URL", "https://h.example/simple"),
        ("NO_PROXY", "a@b"),
        ("GITHUB_ENV", "/tmp/x"),
        ("CI", "true"),
        ("__CONDA_SHLVL_0_X", "y"),
        ("__CONDA_SHLVL_X_Y", "y"),
    ] {
        assert_eq!(script(name, value).as_deref(), Some(value), "{name}");
    }
}

#[test]
fn proxies_go_to_scripts_without_their_password_and_to_tools_with_it() {
    for (value, expected) in [
        (
            "http://proxy.example:3128",
            Some("http://proxy.example:3128"),
        ),
        (
            "http://u:p@proxy.example:3128",
            Some("http://proxy.example:3128"),
        ),
        (
            "http://u:p%40q@proxy.example:3128/",
            Some("http://proxy.example:3128/"),
        ),
        ("u:p@proxy.example:3128", Some("proxy.example:3128")),
        (
            "http://u:p@q@proxy.example:3128",
            Some("http://proxy.example:3128"),
        ),
        ("socks5h://u@proxy.example", Some("socks5h://proxy.example")),
    ] {
        for name in [
            "https_proxy",
            "HTTP_PROXY",
            "all_proxy",
            "__CONDA_SHLVL_1_HTTPS_PROXY",
        ] {
            assert_eq!(script(name, value).as_deref(), expected, "{name}={value}");
            assert!(is_downloaded_with(name));
        }
    }
}

#[test]
fn tools_that_download_get_their_indexes_and_no_other_token() {
    for name in [
        "UV_INDEX_FORGE_PASSWORD",
        "PIP_INDEX_URL",
        "UV_DEFAULT_INDEX",
        "NETRC",
        "PATH",
        "SSH_AUTH_SOCK",
    ] {
        assert!(is_downloaded_with(name), "{name}");
    }
    for name in [
        "UV_PUBLISH_TOKEN",
        "TWINE_PASSWORD",
        "NPM_TOKEN",
        "CONDA_TOKEN",
        "RATTLER_AUTH_FILE",
    ] {
        assert!(!is_downloaded_with(name), "{name}");
    }
}

#[test]
fn debug_shows_names_alone() {
    let variables = ChildVariables::new([(OsString::from("A_NAME"), OsString::from("a-value"))]);
    let text = format!("{variables:?}");
    assert!(
        text.contains("A_NAME") && !text.contains("a-value"),
        "{text}"
    );
}
