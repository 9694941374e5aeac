use url::Url;

use super::{Credential, split_credentials};

fn split(url: &str) -> (String, Vec<Credential>) {
    let (url, credentials) = split_credentials(&Url::parse(url).unwrap());
    (url.to_string(), credentials)
}

fn basic(user: &str, password: &str) -> Credential {
    Credential::Basic {
        user: user.into(),
        password: password.into(),
    }
}

#[test]
fn credentials_leave_the_url() {
    assert_eq!(
        split("https://u:p%40ss@host:8443/chan"),
        ("https://host:8443/chan".into(), vec![basic("u", "p@ss")])
    );
    assert_eq!(
        split("https://u@host/chan"),
        ("https://host/chan".into(), vec![basic("u", "")])
    );
    assert_eq!(
        split("https://host/t/tk-123/chan/"),
        (
            "https://host/chan/".into(),
            vec![Credential::Token("tk-123".into())]
        )
    );
    assert_eq!(
        split("https://u:p@host/api/t/tk/chan"),
        (
            "https://host/api/chan".into(),
            vec![basic("u", "p"), Credential::Token("tk".into())]
        )
    );
    for plain in [
        "https://host/chan",
        "https://host/t/",
        "file:///srv/t/chan",
        "https://host/",
    ] {
        assert_eq!(split(plain), (plain.into(), vec![]));
    }
}

#[test]
fn debug_shows_no_secret() {
    let credentials = [
        basic("SECRET", "SECRET"),
        Credential::Bearer("SECRET".into()),
        Credential::Token("SECRET".into()),
    ];
    assert!(!format!("{credentials:?}").contains("SECRET"));
}
