//! Servers that misbehave: each failure names URL and channel, keeps nothing bad, and is over when
//! the server has recovered.

use larder_testkit::{Auth, ChannelBuilder, Fault, Index, Server};

use crate::support::{Lab, channel_of, package};

fn lab() -> (Lab, Server, [String; 1]) {
    served(channel_of([package("a", "1")]))
}

fn served(channel: ChannelBuilder) -> (Lab, Server, [String; 1]) {
    let lab = Lab::new();
    lab.channel("c", channel);
    let server = lab.serve();
    let url = format!("{}/c", server.url());
    (lab, server, [url])
}

/// Fails with a text that has all of `parts`, and solves once the server behaves.
fn fails_once(lab: &Lab, server: &Server, url: &[String; 1], parts: &[&str]) {
    let error = lab.error(url, &["a"]);
    for part in parts {
        assert!(error.contains(part), "no `{part}` in: {error}");
    }
    assert!(
        error.contains(&format!("channel `{}`", url[0])),
        "names the channel: {error}"
    );
    server.clear_faults();
    assert_eq!(lab.dists(url, &["a"]), ["a-1-0"], "nothing bad was kept");
}

#[test]
fn unauthorized_and_forbidden_say_so() {
    let (lab, server, url) = lab();
    server.fault(
        "noarch/",
        Fault::Status {
            code: 401,
            times: 99,
        },
    );
    fails_once(&lab, &server, &url, &["401", "credentials", "/c/noarch/"]);
    // Object stores answer 403 for what they lack, so only the last form of the index tells.
    server.fault(
        "noarch/",
        Fault::Status {
            code: 403,
            times: 99,
        },
    );
    let lab = Lab::new();
    fails_once(
        &lab,
        &server,
        &url,
        &["403", "credentials", "/c/noarch/repodata.json"],
    );
}

#[test]
fn credentials_in_the_wrong_place_are_refused_and_not_shown() {
    let (lab, server, _) = lab();
    server.require_auth(Auth::Basic {
        user: "u".to_owned(),
        password: "s3cret".to_owned(),
    });
    let url = format!("{}/c", server.url());
    let error = lab.error(&[url], &["a"]);
    assert!(error.contains("401"), "{error}");
}

#[test]
fn not_found_means_no_such_channel() {
    let (lab, server, url) = lab();
    server.fault(
        "/c/",
        Fault::Status {
            code: 404,
            times: 99,
        },
    );
    fails_once(
        &lab,
        &server,
        &url,
        &["does not exist", "noarch/repodata.json"],
    );
}

#[test]
fn cep26_09_only_noarch_makes_a_channel() {
    let (lab, server, url) = served(channel_of([package("a", "1").noarch_generic()]));
    server.fault(
        "linux-64",
        Fault::Status {
            code: 404,
            times: 99,
        },
    );
    assert_eq!(lab.dists(&url, &["a"]), ["a-1-0"]);
    let (lab, server, url) = self::lab();
    server.fault(
        "noarch",
        Fault::Status {
            code: 404,
            times: 99,
        },
    );
    let error = lab.error(&url, &["a"]);
    assert!(
        error.contains(&url[0]) && error.contains("does not exist"),
        "{error}"
    );
}

#[test]
fn bursts_of_server_errors_are_ridden_out() {
    let (lab, server, url) = lab();
    server.fault(
        "linux-64",
        Fault::Status {
            code: 503,
            times: 2,
        },
    );
    server.fault(
        "noarch",
        Fault::RetryAfter {
            seconds: 0,
            times: 1,
        },
    );
    assert_eq!(lab.dists(&url, &["a"]), ["a-1-0"]);
}

#[test]
fn lasting_server_errors_are_told() {
    let (lab, server, url) = lab();
    server.fault(
        "linux-64",
        Fault::Status {
            code: 500,
            times: 99,
        },
    );
    fails_once(&lab, &server, &url, &["500", "tries: 3", "/c/linux-64/"]);
}

#[test]
fn a_dead_host_is_told() {
    let (lab, server, url) = lab();
    server.shutdown();
    let error = lab.error(&url, &["a"]);
    assert!(
        error.contains("no answer from") && error.contains("tries: 3"),
        "{error}"
    );
    assert!(error.contains(&url[0]), "{error}");
}

#[test]
fn cut_connections_are_tried_again_and_then_told() {
    for index in [Index::Sharded, Index::Zst, Index::Plain] {
        let (lab, server, url) = served(channel_of([package("a", "1")]).indexes(&[index]));
        server.fault(
            "linux-64",
            Fault::CutAfter {
                bytes: 20,
                times: 2,
            },
        );
        assert_eq!(lab.dists(&url, &["a"]), ["a-1-0"], "{index:?}");

        let (lab, server, url) = served(channel_of([package("a", "1")]).indexes(&[index]));
        server.fault("linux-64", Fault::WrongLength { times: 99 });
        fails_once(&lab, &server, &url, &["ended early", "/c/linux-64/"]);
    }
}

#[test]
fn a_truncated_zst_is_told_and_never_kept() {
    for index in [Index::Sharded, Index::Zst] {
        let (lab, server, url) = served(channel_of([package("a", "1")]).indexes(&[index]));
        server.fault(
            "linux-64",
            Fault::Truncated {
                bytes: 30,
                times: 99,
            },
        );
        fails_once(
            &lab,
            &server,
            &url,
            &["damaged on the server", "/c/linux-64/"],
        );
    }
}

#[test]
fn bad_json_is_told_and_forgotten() {
    let (lab, server, url) = served(channel_of([package("a", "1")]).indexes(&[Index::Plain]));
    server.fault(
        "linux-64",
        Fault::Truncated {
            bytes: 40,
            times: 99,
        },
    );
    fails_once(&lab, &server, &url, &["cannot use the index"]);
}

#[test]
fn html_instead_of_an_index_is_told() {
    let lab = Lab::new();
    lab.write("www/c/noarch/repodata.json", "<html>log in</html>");
    let server = lab.serve();
    let error = lab.error(&[format!("{}/c", server.url())], &["a"]);
    assert!(error.contains("cannot use the index of channel"), "{error}");
}

#[test]
fn a_request_that_says_nothing_is_no_secret() {
    let (lab, server, _) = lab();
    let url = server.url().replace("http://", "http://me:s3cret@");
    server.fault(
        "/c/",
        Fault::Status {
            code: 500,
            times: 99,
        },
    );
    let error = lab.error(&[format!("{url}/c")], &["a"]);
    assert!(!error.contains("s3cret"), "{error}");
}
