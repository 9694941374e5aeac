//! A web server as a remote: what a directory remote wrote, read by HTTP.

use std::{path::Path, sync::Arc};

use larder_remote::{Directory, ObjectName, OpenOptions, Remote, RemoteError, Wanted, open, whole};
use larder_testkit::{Fault, Server, service_variables};

fn name(text: &str) -> ObjectName {
    ObjectName::new(text).unwrap()
}

fn http(url: &str) -> Arc<dyn Remote> {
    open(url, &OpenOptions::default()).unwrap()
}

/// What can be asked of a web server.
async fn check(files: &Path, url: &str) {
    let directory = Directory::new(files.join("cache"));
    let large: Vec<u8> = (0..20_000_000_u64)
        .map(|at| (at * at % 251) as u8)
        .collect();
    let objects = [
        ("a/b", &b"0123456789"[..]),
        ("up.per%2FCASE/a(1)=+,@!b", b"odd"),
        ("empty", b""),
        ("large", &large),
    ];
    let remote = http(&format!("{}/cache/", url.trim_end_matches('/')));
    for (object, bytes) in objects {
        let object = name(object);
        let body = whole(bytes.to_vec());
        directory.create_if_absent(&object, body).await.unwrap();
        let download = remote.get(&object, None).await.unwrap();
        assert_eq!(download.size, bytes.len() as u64, "{object}");
        assert!(download.bytes().await.unwrap() == bytes, "{object}");
        assert_eq!(remote.stat(&object).await.unwrap().size, bytes.len() as u64);
    }
    let part = remote.get(&name("a/b"), Some(3..7)).await.unwrap();
    assert_eq!(
        (part.size, part.bytes().await.unwrap()),
        (10, b"3456".to_vec())
    );
    for range in [5..11, 20..30] {
        let beyond = remote.get(&name("a/b"), Some(range)).await.err().unwrap();
        assert!(beyond.is_not_found(), "{beyond:?}");
    }
    let missing = remote.get(&name("a/c"), None).await.err().unwrap();
    assert!(missing.is_not_found(), "{missing:?}");
    assert!(remote.stat(&name("a/c")).await.unwrap_err().is_not_found());
    let wanted = [Wanted::Prefix("a/".into()), Wanted::Whole(name("a/b"))];
    let found = remote.newest(&wanted).await.unwrap();
    assert_eq!(found.unwrap().name, name("a/b"), "beginnings find nothing");
    let results = [
        remote.list("a").await.err(),
        remote.touch(&name("a/b")).await.err(),
        remote.delete(&name("a/b")).await.err(),
        remote.replace(&name("a/b"), whole(&b"x"[..])).await.err(),
        remote
            .create_if_absent(&name("z"), whole(&b"x"[..]))
            .await
            .err(),
    ];
    for error in results {
        assert!(
            matches!(error, Some(RemoteError::Unsupported { .. })),
            "{error:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_web_server_has_is_read() {
    let files = tempfile::tempdir().unwrap();
    let server = Server::serve(files.path());
    check(files.path(), &server.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nginx_has_is_read() {
    let mut variables = service_variables();
    let (Some(url), Some(files)) = (
        variables.remove("LARDER_TEST_HTTP"),
        variables.remove("LARDER_TEST_HTTP_DIR"),
    ) else {
        println!("skipped: LARDER_TEST_HTTP is not set");
        return;
    };
    check(Path::new(&files), &url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_breaks_off_is_fetched_from_there() {
    let files = tempfile::tempdir().unwrap();
    let bytes: Vec<u8> = (0..100_000_u32).map(|at| (at % 251) as u8).collect();
    std::fs::write(files.path().join("a"), &bytes).unwrap();
    let server = Server::serve(files.path());
    server.fault(
        "/a",
        Fault::CutAfter {
            bytes: 40_000,
            times: 1,
        },
    );
    let download = http(&server.url()).get(&name("a"), None).await.unwrap();
    assert!(download.bytes().await.unwrap() == bytes);
    let ranges: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.header("range").unwrap_or("none").to_owned())
        .collect();
    assert_eq!(ranges.len(), 2, "{ranges:?}");
    assert_ne!(ranges[1], "bytes=0-99999", "{ranges:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_too_few_are_an_error_not_an_end() {
    let files = tempfile::tempdir().unwrap();
    std::fs::write(files.path().join("a"), vec![1; 100_000]).unwrap();
    let server = Server::serve(files.path());
    server.fault(
        "/a",
        Fault::CutAfter {
            bytes: 10,
            times: 9,
        },
    );
    let download = http(&server.url()).get(&name("a"), None).await.unwrap();
    download.bytes().await.unwrap_err();
    assert_eq!(server.requests().len(), 3);
}
