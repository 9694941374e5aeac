//! What [`open`] makes of URLs and of the variables that are given.

use std::collections::BTreeMap;

use larder_remote::{OpenOptions, open};

fn options(variables: &[(&str, &str)]) -> OpenOptions {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    OpenOptions {
        variables: variables.iter().map(owned).collect::<BTreeMap<_, _>>(),
        ..OpenOptions::default()
    }
}

fn opened(url: &str, variables: &[(&str, &str)]) -> Result<String, String> {
    let remote = open(url, &options(variables));
    remote
        .map(|remote| remote.url().to_owned())
        .map_err(|error| error.to_string())
}

#[test]
fn each_service_has_its_url() {
    for (url, shown) in [
        ("s3://b/p/q/?region=r", "s3://b/p/q"),
        (
            "s3://b?endpoint=http://127.0.0.1:9000/",
            "s3://b?endpoint=http://127.0.0.1:9000",
        ),
        ("azblob://c/p?account=a", "azblob://c/p"),
        ("gs://b/p", "gs://b/p"),
        ("gs://b?anonymous=true", "gs://b"),
        ("http://host:8080/dir/", "http://host:8080/dir"),
        ("https://host", "https://host"),
        ("file:///srv/cache", "file:///srv/cache"),
        ("/srv/cache", "file:///srv/cache"),
    ] {
        assert_eq!(opened(url, &[]).as_deref(), Ok(shown), "{url}");
    }
}

#[test]
fn variables_say_what_the_url_does_not() {
    for variable in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
        opened("s3://b/p", &[(variable, "eu-central-1")]).unwrap();
    }
    opened("s3://b/p", &[("AWS_ENDPOINT_URL", "http://127.0.0.1:9000")]).unwrap();
    for variable in ["AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_ACCOUNT_NAME"] {
        opened("azblob://c/p", &[(variable, "a")]).unwrap();
    }
    let connection = "AccountName=a;AccountKey=a2V5;EndpointSuffix=core.windows.net";
    opened(
        "azblob://c/p",
        &[("AZURE_STORAGE_CONNECTION_STRING", connection)],
    )
    .unwrap();
}

#[test]
fn what_is_missing_or_wrong_is_named_with_how_it_should_look() {
    for (url, problem) in [
        ("s3://b/p", "AWS_REGION"),
        ("s3://b/p?region=r&style=path", "`style` is no option"),
        ("s3:///p?region=r", "no bucket"),
        ("azblob://c/p", "AZURE_STORAGE_ACCOUNT"),
        ("gs:///p", "no bucket"),
        ("https://host/dir?x=y", "https://HOST/DIR/"),
        ("ftp://host/dir", "expected a path, file://, ghac:, s3://"),
        ("https://", "no URL"),
    ] {
        let error = opened(url, &[]).unwrap_err();
        assert!(error.contains(problem), "{url}: {error}");
    }
    let error = opened("s3://b", &[("AWS_ENDPOINT_URL", "nonsense")]).unwrap_err();
    assert!(error.contains("AWS_ENDPOINT_URL"), "{error}");
    let connection = &[("AZURE_STORAGE_CONNECTION_STRING", "hunter2")];
    let error = opened("azblob://c?account=a", connection).unwrap_err();
    assert!(
        error.contains("CONNECTION_STRING") && !error.contains("hunter2"),
        "{error}"
    );
}

#[test]
fn secrets_in_urls_are_refused_and_not_echoed() {
    for url in [
        "s3://me:hunter2@b/p?region=r",
        "azblob://c/p?account=a&sig=hunter2",
        "gs://b/p?token=hunter2",
        "https://me:hunter2@host/dir",
        "https://host/t/hunter2hunter2/dir",
        "https://host/dir?token=hunter2",
        "https://me:hunter2@",
    ] {
        let error = opened(url, &[]).unwrap_err();
        assert!(!error.contains("hunter2"), "{url}: {error}");
    }
}
