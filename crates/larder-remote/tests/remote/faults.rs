//! Services that are down, slow, full or do not let us: what it costs, and what is said.

use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use larder_remote::{ObjectName, OpenOptions, Patience, Remote, RemoteError, open, whole};

use crate::fake::{Answer, Asked, Fake};

fn name() -> ObjectName {
    ObjectName::new("a").unwrap()
}

fn opened(url: &str) -> Arc<dyn Remote> {
    opened_with(url, Duration::from_secs(20))
}

/// Opens with short waits, and so much patience with silence.
fn opened_with(url: &str, silence: Duration) -> Arc<dyn Remote> {
    let variables = [
        ("AWS_ACCESS_KEY_ID", "AKIDHUNTER2"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2"),
        ("AZURE_STORAGE_KEY", "aHVudGVyMg=="),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let client = reqwest::Client::builder()
        .no_proxy()
        .read_timeout(silence)
        .build();
    let options = OpenOptions {
        variables: variables.into(),
        client: Some(client.unwrap()),
        patience: Patience {
            first_wait: Duration::from_millis(10),
            ..Patience::default()
        },
        ..OpenOptions::default()
    };
    open(url, &options).unwrap()
}

fn s3(server: &Fake) -> Arc<dyn Remote> {
    opened(&format!("s3://cache/p?endpoint={}", server.url()))
}

/// The errors of all operations, of which none may work.
async fn errors(remote: &dyn Remote) -> Vec<RemoteError> {
    vec![
        remote.get(&name(), None).await.err().unwrap(),
        remote.stat(&name()).await.unwrap_err(),
        remote.list("").await.unwrap_err(),
        remote
            .create_if_absent(&name(), whole(&b"x"[..]))
            .await
            .unwrap_err(),
        remote.touch(&name()).await.unwrap_err(),
        remote.delete(&name()).await.unwrap_err(),
    ]
}

fn said(error: &RemoteError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text += &format!(": {cause}");
        source = cause.source();
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_down_is_given_up_soon() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let begun = Instant::now();
    for scheme in [
        "s3://c/p?endpoint=",
        "azblob://c/p?account=a&endpoint=",
        "gs://c/p?anonymous=true&endpoint=",
    ] {
        let remote = opened(&format!("{scheme}http://127.0.0.1:{port}"));
        for error in errors(&*remote).await {
            assert!(error.is_temporary(), "{scheme} {}", said(&error));
        }
    }
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_says_nothing_is_given_up_soon() {
    for silent in [|_: &Asked| Answer::Silence, |_: &Asked| Answer::Close] {
        let server = Fake::start(silent);
        let begun = Instant::now();
        let url = format!("s3://cache/p?endpoint={}", server.url());
        let remote = opened_with(&url, Duration::from_millis(300));
        for error in errors(&*remote).await {
            assert!(error.is_temporary(), "{}", said(&error));
        }
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "{:?}",
            begun.elapsed()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_allowed_is_said_and_not_tried_again() {
    let server = Fake::start(|_| {
        let text = "<Error><Code>AccessDenied</Code><Message>Not for forks</Message></Error>";
        Answer::Reply(403, &[], text.to_owned())
    });
    let remote = s3(&server);
    for error in errors(&*remote).await {
        assert!(
            matches!(error, RemoteError::Forbidden { .. }),
            "{}",
            said(&error)
        );
        assert!(
            !said(&error).to_lowercase().contains("hunter2"),
            "{}",
            said(&error)
        );
    }
    let error = remote.list("").await.unwrap_err();
    assert_eq!(
        said(&error).split_once('?').unwrap().0,
        "s3://cache/p",
        "{}",
        said(&error)
    );
    assert!(
        said(&error).ends_with("AccessDenied: Not for forks"),
        "{}",
        said(&error)
    );
    assert_eq!(server.count("DELETE "), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_are_wrong_or_for_another_region_are_said_to_be() {
    let server = Fake::start(|_| Answer::Reply(401, &[], String::new()));
    for url in [
        server.url(),
        format!("s3://cache/p?endpoint={}", server.url()),
    ] {
        let remote = opened(&url);
        for error in [
            remote.get(&name(), None).await.err().unwrap(),
            remote.stat(&name()).await.unwrap_err(),
        ] {
            assert!(
                matches!(error, RemoteError::Forbidden { .. }),
                "{}",
                said(&error)
            );
            assert!(said(&error).contains("401"), "{}", said(&error));
        }
    }
    let server = Fake::start(|_| Answer::Reply(400, &[], String::new()));
    let error = s3(&server).stat(&name()).await.unwrap_err();
    assert!(
        said(&error).contains("400") && said(&error).contains("region"),
        "{}",
        said(&error)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_full_is_not_tried_again() {
    let server = Fake::start(|asked| match asked.line.starts_with("PUT") {
        true => Answer::Reply(
            507,
            &[],
            "<Error><Code>QuotaExceeded</Code></Error>".to_owned(),
        ),
        false => Answer::Reply(404, &[], String::new()),
    });
    let body = whole(&b"x"[..]);
    let error = s3(&server)
        .create_if_absent(&name(), body)
        .await
        .unwrap_err();
    assert!(
        matches!(error, RemoteError::Broken { .. }),
        "{}",
        said(&error)
    );
    assert!(said(&error).contains("QuotaExceeded"), "{}", said(&error));
    assert_eq!(server.count("PUT "), 1);
}

/// Fails the first of each kind of request, and remembers what it is given.
fn busy(first: AtomicU32) -> impl Fn(&Asked) -> Answer {
    move |asked| {
        let is_first = |part: &str| asked.line.contains(part);
        match &asked.line {
            line if line.starts_with("HEAD") => Answer::Reply(404, &[], String::new()),
            _ if is_first("partNumber=2") && first.fetch_add(1, Ordering::Relaxed) < 2 => {
                Answer::Reply(503, &[("retry-after", "0")], String::new())
            }
            line if line.contains("uploads") => Answer::Reply(
                200,
                &[],
                "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
                    .to_owned(),
            ),
            line if line.starts_with("POST") => Answer::Reply(
                200,
                &[],
                "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>".to_owned(),
            ),
            _ => Answer::Reply(200, &[("etag", "\"e\"")], String::new()),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_a_large_upload_is_sent_again_alone() {
    let server = Fake::start(busy(AtomicU32::new(0)));
    let body = whole(vec![7; 20 << 20]);
    let size = s3(&server).create_if_absent(&name(), body).await.unwrap();
    assert_eq!(size, 20 << 20);
    assert_eq!(server.count("partNumber=1&"), 1);
    assert_eq!(server.count("partNumber=2&"), 3);
    let parts = server
        .asked()
        .into_iter()
        .filter(|asked| asked.line.contains("partNumber=2&"));
    assert!(
        parts
            .map(|asked| asked.body.len())
            .all(|size| size == 8 << 20)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_asks_for_time_gets_it() {
    let asked = AtomicU32::new(0);
    let server = Fake::start(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
        0 => Answer::Reply(429, &[("retry-after", "1")], String::new()),
        _ => Answer::Reply(200, &[], "hello".to_owned()),
    });
    let begun = Instant::now();
    let remote = opened(&server.url());
    let download = remote.get(&name(), None).await.unwrap();
    assert_eq!(download.bytes().await.unwrap(), b"hello");
    assert!(
        begun.elapsed() >= Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
    let server = Fake::start(|_| Answer::Reply(429, &[("retry-after", "3600")], String::new()));
    let error = opened(&server.url())
        .get(&name(), None)
        .await
        .err()
        .unwrap();
    let RemoteError::Temporary { retry_after, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(*retry_after, Some(Duration::from_secs(3600)));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_speak_tls_is_an_error() {
    let server = Fake::start(|_| Answer::Reply(200, &[], String::new()));
    let url = server.url().replace("http://", "https://");
    let error = opened(&url).get(&name(), None).await.err().unwrap();
    assert!(error.is_temporary() || matches!(error, RemoteError::Broken { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_credentials_nothing_is_sent() {
    let server = Fake::start(|_| Answer::Reply(200, &[], String::new()));
    let url = format!("s3://cache/p?endpoint={}", server.url());
    let variables = [("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned())];
    let options = OpenOptions {
        variables: variables.into(),
        ..OpenOptions::default()
    };
    let remote = open(&url, &options).unwrap();
    for error in errors(&*remote).await {
        assert!(
            matches!(error, RemoteError::Forbidden { .. }),
            "{}",
            said(&error)
        );
        assert!(said(&error).contains("no credentials"), "{}", said(&error));
    }
    assert_eq!(server.asked().len(), 0);
}
