use proptest::prelude::*;
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

fn token(token: &str, after: usize) -> Credential {
    Credential::Token {
        token: token.into(),
        after,
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
        ("https://host/chan/".into(), vec![token("tk-123", 0)])
    );
    assert_eq!(
        split("https://u:p@host/api/t/tk/chan"),
        (
            "https://host/api/chan".into(),
            vec![basic("u", "p"), token("tk", 1)]
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
        token("SECRET", 0),
    ];
    assert!(!format!("{credentials:?}").contains("SECRET"));
}

proptest! {
    #[test]
    fn no_secret_stays_in_the_url_and_none_is_lost(
        user in "S3CR3T[a-z]{1,5}",
        password in prop::option::of("S3CR3T[ -$&-~]{0,10}"),
        token in prop::option::of("S3CR3T[A-Za-z0-9-]{0,20}"),
        depth in 0..3_usize,
        path in "[a-s/]{0,10}",
    ) {
        let mut url = Url::parse("https://host:8443/").unwrap();
        url.set_username(&user).unwrap();
        url.set_password(password.as_deref()).unwrap();
        let above = "/up".repeat(depth);
        url.set_path(&token.as_ref().map_or(path.clone(), |token| format!("{above}/t/{token}/{path}")));
        let (clean, credentials) = split_credentials(&url);
        prop_assert!(!clean.as_str().contains("S3CR3T"), "{clean}");
        let mut expected = vec![basic(&user, &password.unwrap_or_default())];
        expected.extend(token.map(|secret| self::token(&secret, depth)));
        prop_assert_eq!(credentials, expected);
        prop_assert_eq!(split_credentials(&clean), (clean, vec![]));
    }
}
