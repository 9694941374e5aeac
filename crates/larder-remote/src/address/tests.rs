use proptest::prelude::*;
use url::Url;

use super::{Address, Form};

const S3: Form = Form {
    example: "s3://BUCKET/PREFIX",
    host: "bucket",
    options: &["region", "endpoint", "anonymous"],
};

fn parse(text: &str) -> Result<Address, String> {
    let url = Url::parse(text).unwrap();
    Address::parse(&url, &S3).map_err(|error| error.to_string())
}

#[test]
fn a_url_is_taken_apart() {
    let address = parse("s3://cache/a/b/?region=eu-1&endpoint=http://127.0.0.1:9000/").unwrap();
    assert_eq!(
        (address.host.as_str(), address.prefix.as_str()),
        ("cache", "a/b")
    );
    assert_eq!(address.option("region"), Some("eu-1"));
    let endpoint = address.endpoint().unwrap();
    assert_eq!(endpoint.as_deref(), Some("http://127.0.0.1:9000"));
    assert_eq!(
        address.shown,
        "s3://cache/a/b?endpoint=http://127.0.0.1:9000"
    );
    assert_eq!(parse("s3://cache").unwrap().prefix, "");
}

#[test]
fn what_is_not_understood_is_refused_and_the_form_shown() {
    for (url, problem) in [
        ("s3:///prefix", "it names no bucket"),
        ("s3://cache:9000/x", "it names no bucket"),
        ("s3://cache/x?regoin=a", "`regoin` is no option"),
        ("s3://cache/x?region=", "`region` is empty"),
        ("s3://cache/x?region=a&region=b", "`region` twice"),
        ("s3://cache/.hidden", "its path is none"),
        (
            "s3://cache/x?endpoint=ftp://host",
            "its endpoint is no http",
        ),
        (
            "s3://cache/x?endpoint=http://host/?a=b",
            "its endpoint is no http",
        ),
    ] {
        let error = parse(url).unwrap_err();
        assert!(error.contains(problem), "{url}: {error}");
        assert!(
            error.contains("expected s3://BUCKET/PREFIX"),
            "{url}: {error}"
        );
    }
    let address = parse("s3://cache?anonymous=1").unwrap();
    assert!(address.is_on("anonymous").is_err());
}

#[test]
fn secrets_are_refused_and_not_shown() {
    for url in [
        "s3://me:hunter2@cache/x",
        "s3://hunter2@cache/x",
        "s3://cache/x?token=hunter2",
        "s3://cache/x?sig=hunter2",
        "s3://cache/x?X-Amz-Signature=hunter2",
        "s3://cache/x?secret_access_key=hunter2",
        "s3://cache/x?account_key=hunter2",
        "s3://cache/t/hunter2hunter2/x",
        "s3://cache/x#hunter2",
        "s3://cache/x?endpoint=http://me:hunter2@host",
    ] {
        let error = parse(url).unwrap_err();
        assert!(!error.contains("hunter2"), "{url}: {error}");
    }
}

proptest! {
    #[test]
    fn any_url_is_read_or_refused(rest in "\\PC{0,60}") {
        let read = Url::parse(&format!("s3://{rest}")).map(|url| Address::parse(&url, &S3));
        if let Ok(Ok(address)) = read {
            prop_assert!(!address.host.is_empty());
            prop_assert!(!address.prefix.starts_with('/'));
        }
    }
}
