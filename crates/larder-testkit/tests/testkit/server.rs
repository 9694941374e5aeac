//! Each feature and each fault of the server, as a plain client sees it.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use larder_testkit::{Auth, Fault, Server};
use tempfile::TempDir;

use crate::client::{get, get_with, request};

/// A server of `a b.txt` (ten bytes), `big` (100,000 bytes) and `noarch/repodata.json`.
fn serve() -> (TempDir, Server) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("noarch")).unwrap();
    std::fs::write(dir.path().join("a b.txt"), "0123456789").unwrap();
    std::fs::write(dir.path().join("big"), vec![b'x'; 100_000]).unwrap();
    std::fs::write(dir.path().join("noarch/repodata.json"), "{}").unwrap();
    let server = Server::serve(dir.path());
    (dir, server)
}

#[test]
fn a_file_comes_with_its_headers() {
    let (_dir, server) = serve();
    let answer = get(&server.url(), "/noarch/repodata.json?x=1");
    assert_eq!(
        (answer.status, answer.body.as_slice()),
        (200, b"{}".as_slice())
    );
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("content-length"), Some("2"));
    assert!(answer.header("last-modified").unwrap().ends_with("GMT"));
    assert_eq!(get(&server.url(), "/a%20b.txt").body, b"0123456789");
}

#[test]
fn what_is_not_there_is_404() {
    let (dir, _server) = serve();
    let server = Server::serve(&dir.path().join("noarch"));
    for path in [
        "/absent",
        "/",
        "/../big",
        "/%2e%2e/big",
        "/..%2fbig",
        "/%zz",
        "/\\..\\big",
    ] {
        assert_eq!(get(&server.url(), path).status, 404, "{path}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_that_leaves_the_directory_is_404() {
    let (dir, server) = serve();
    std::os::unix::fs::symlink("/etc/passwd", dir.path().join("out")).unwrap();
    std::os::unix::fs::symlink("big", dir.path().join("in")).unwrap();
    assert_eq!(get(&server.url(), "/out").status, 404);
    assert_eq!(get(&server.url(), "/in").status, 200);
}

#[test]
fn an_unchanged_file_is_304() {
    let (dir, server) = serve();
    let first = get(&server.url(), "/big");
    let etag = first.header("etag").unwrap();
    let second = get_with(&server.url(), "/big", ("if-none-match", etag));
    assert_eq!((second.status, second.body.len()), (304, 0));
    let since = first.header("last-modified").unwrap();
    assert_eq!(
        get_with(&server.url(), "/big", ("if-modified-since", since)).status,
        304
    );
    std::fs::write(dir.path().join("big"), "changed").unwrap();
    assert_eq!(
        get_with(&server.url(), "/big", ("if-none-match", etag)).status,
        200
    );
}

#[test]
fn ranges_are_parts() {
    let (_dir, server) = serve();
    let cases = [
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-2", "89", "bytes 8-9/10"),
        ("bytes=8-99", "89", "bytes 8-9/10"),
    ];
    for (range, part, content_range) in cases {
        let answer = get_with(&server.url(), "/a%20b.txt", ("range", range));
        assert_eq!(
            (answer.status, answer.body.as_slice()),
            (206, part.as_bytes()),
            "{range}"
        );
        assert_eq!(answer.header("content-range"), Some(content_range));
    }
    assert_eq!(
        get_with(&server.url(), "/a%20b.txt", ("range", "bytes=10-")).status,
        416
    );
    let stale = [("range", "bytes=2-4"), ("if-range", "\"old\"")];
    assert_eq!(
        request(&server.url(), "GET", "/a%20b.txt", &stale).status,
        200
    );
}

#[test]
fn head_has_the_length_but_no_body() {
    let (_dir, server) = serve();
    let answer = request(&server.url(), "HEAD", "/big", &[]);
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(answer.header("content-length"), Some("100000"));
    assert_eq!(request(&server.url(), "POST", "/big", &[]).status, 405);
}

#[test]
fn requests_are_remembered() {
    let (_dir, server) = serve();
    get_with(&server.url(), "/big?q=1", ("X-Test", "yes"));
    get(&server.url(), "/absent");
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(
        (requests[0].method.as_str(), requests[0].path.as_str()),
        ("GET", "/big?q=1")
    );
    assert_eq!((requests[0].status, requests[1].status), (200, 404));
    assert_eq!(requests[0].header("x-test"), Some("yes"));
    server.clear_requests();
    assert_eq!(server.requests(), []);
}

#[test]
fn a_status_happens_as_often_as_told() {
    let (_dir, server) = serve();
    server.fault(
        "/big",
        Fault::Status {
            code: 503,
            times: 2,
        },
    );
    assert_eq!(get(&server.url(), "/noarch/repodata.json").status, 200);
    let statuses = [(); 3].map(|()| get(&server.url(), "/big").status);
    assert_eq!(statuses, [503, 503, 200]);
}

#[test]
fn faults_happen_in_the_order_they_were_given() {
    let (_dir, server) = serve();
    server.fault("/big", Fault::Truncated { bytes: 1, times: 1 });
    server.fault(
        "/big",
        Fault::Status {
            code: 500,
            times: 1,
        },
    );
    server.fault("/big", Fault::WrongBytes { times: 1 });
    let seen = [(); 4].map(|()| {
        let answer = get(&server.url(), "/big");
        (
            answer.status,
            answer.body.len(),
            answer.body.iter().filter(|byte| **byte != b'x').count(),
        )
    });
    assert_eq!(
        seen,
        [
            (200, 1, 0),
            (500, 0, 0),
            (200, 100_000, 1),
            (200, 100_000, 0)
        ]
    );
}

#[test]
fn cut_after_sends_so_many_bytes_and_closes() {
    let (_dir, server) = serve();
    for bytes in [0, 1, 40_000, 99_999] {
        server.fault("/big", Fault::CutAfter { bytes, times: 1 });
        let answer = get(&server.url(), "/big");
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-length"), Some("100000"));
        assert_eq!(answer.body.len() as u64, bytes);
    }
    assert!(get(&server.url(), "/big").is_whole());
}

#[test]
fn wrong_length_promises_more_than_it_sends() {
    let (_dir, server) = serve();
    server.fault("/big", Fault::WrongLength { times: 1 });
    let answer = get(&server.url(), "/big");
    assert_eq!(answer.header("content-length"), Some("101000"));
    assert_eq!(answer.body.len(), 100_000);
}

#[test]
fn truncated_looks_whole() {
    let (_dir, server) = serve();
    server.fault("/big", Fault::Truncated { bytes: 7, times: 1 });
    let answer = get(&server.url(), "/big");
    assert!(answer.is_whole());
    assert_eq!(answer.body.len(), 7);
}

#[test]
fn faults_of_the_body_wait_for_a_body() {
    let (_dir, server) = serve();
    server.fault("", Fault::WrongBytes { times: 1 });
    assert_eq!(request(&server.url(), "HEAD", "/big", &[]).status, 200);
    assert_eq!(get(&server.url(), "/absent").status, 404);
    assert!(get(&server.url(), "/big").body.contains(&b'y'));
}

#[test]
fn latency_delays_every_answer() {
    let (_dir, server) = serve();
    server.fault("/big", Fault::Latency(Duration::from_millis(60)));
    for _ in 0..2 {
        let start = Instant::now();
        assert_eq!(get(&server.url(), "/big").status, 200);
        assert!(start.elapsed() >= Duration::from_millis(60));
    }
}

#[test]
fn bandwidth_is_a_limit() {
    let (_dir, server) = serve();
    server.fault(
        "/big",
        Fault::Bandwidth {
            bytes_per_second: 500_000,
        },
    );
    let start = Instant::now();
    assert!(get(&server.url(), "/big").is_whole());
    assert!(
        start.elapsed() >= Duration::from_millis(140),
        "{:?}",
        start.elapsed()
    );
    server.clear_faults();
}

#[test]
fn redirects_and_retry_after_say_where_and_when() {
    let (_dir, server) = serve();
    server.fault(
        "/big",
        Fault::RetryAfter {
            seconds: 3,
            times: 1,
        },
    );
    server.fault(
        "/big",
        Fault::RedirectTo("http://elsewhere{path}".to_owned()),
    );
    let later = get(&server.url(), "/big");
    assert_eq!(
        (later.status, later.header("retry-after")),
        (429, Some("3"))
    );
    for _ in 0..2 {
        let moved = get(&server.url(), "/big");
        assert_eq!(
            (moved.status, moved.header("location")),
            (302, Some("http://elsewhere/big"))
        );
    }
}

#[test]
fn auth_is_required_in_each_of_its_forms() {
    let (_dir, server) = serve();
    let basic = Auth::Basic {
        user: "Aladdin".to_owned(),
        password: "open sesame".to_owned(),
    };
    let cases = [
        (basic, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        (Auth::Bearer("secret".to_owned()), "Bearer secret"),
    ];
    for (auth, header) in cases {
        server.require_auth(auth);
        assert_eq!(get(&server.url(), "/big").status, 401);
        assert_eq!(
            get_with(&server.url(), "/big", ("authorization", "Bearer no")).status,
            401
        );
        assert_eq!(
            get_with(&server.url(), "/big", ("authorization", header)).status,
            200
        );
    }
    server.require_auth(Auth::TokenInPath("tk".to_owned()));
    for (path, status) in [
        ("/big", 401),
        ("/t/other/big", 401),
        ("/t/tkx/big", 401),
        ("/t/tk/big", 200),
    ] {
        assert_eq!(get(&server.url(), path).status, status, "{path}");
    }
    server.require_auth(Auth::TokenBelow {
        prefix: "/api".to_owned(),
        token: "tk".to_owned(),
    });
    for (path, status) in [
        ("/t/tk/big", 401),
        ("/t/tk/api/big", 401),
        ("/api/t/tk/big", 200),
    ] {
        assert_eq!(get(&server.url(), path).status, status, "{path}");
    }
}

#[test]
fn headers_can_be_set() {
    let (_dir, server) = serve();
    assert_eq!(
        get(&server.url(), "/big").header("cache-control"),
        Some("no-cache")
    );
    server.header("/big", "cache-control", "max-age=60");
    assert_eq!(
        get(&server.url(), "/big").header("cache-control"),
        Some("max-age=60")
    );
}

#[test]
fn after_shutdown_connections_are_refused() {
    let (_dir, server) = serve();
    let address = server.url().trim_start_matches("http://").to_owned();
    server.shutdown();
    server.shutdown();
    assert!(TcpStream::connect(&address).is_err());
}

#[test]
fn a_dropped_server_is_gone() {
    let (_dir, server) = serve();
    let address = server.url().trim_start_matches("http://").to_owned();
    drop(server);
    assert!(TcpStream::connect(&address).is_err());
}
