//! Who gets which credentials, and who does not.

use std::fs;

use larder_fetch::{Credential, Network, NetworkOptions, ProxyChoice, split_credentials};
use larder_testkit::{Auth, Fault, Server};
use url::Url;

use crate::raw::RawServer;
use crate::support::{World, closure, locked, network, network_options, options, whole_text};

const SECRET: &str = "S3CR3T-tk";

fn basic() -> Auth {
    Auth::Basic {
        user: "ann".into(),
        password: SECRET.into(),
    }
}

/// Fetches one package from a server that wants `auth`; every secret must stay out of what is shown.
async fn is_let_in(
    auth: Auth,
    options_for: impl FnOnce(&World, &Server) -> NetworkOptions,
) -> bool {
    let world = World::new();
    let server = Server::serve(&world.channel());
    let package = world.publish("a", 3000);
    server.require_auth(auth);
    let network = Network::new(&options_for(&world, &server)).unwrap();
    let closure = closure(vec![locked(&package, &server.url())]);
    let result = world.fetch(&closure, &options(&network)).await;
    let shown = match &result {
        Ok(_) => format!("{:?}", world.recorder.events()),
        Err(error) => whole_text(error),
    };
    assert!(!shown.contains(SECRET), "{shown}");
    if let Err(error) = &result {
        assert_eq!(error.code(), "fetch::unauthorized");
        assert!(
            shown.contains("netrc"),
            "the reader learns what to do: {shown}"
        );
    }
    result.is_ok()
}

fn with_credential(server: &Server, credential: Credential) -> NetworkOptions {
    NetworkOptions {
        credentials: vec![(Url::parse(&server.url()).unwrap(), credential)],
        ..network_options()
    }
}

#[tokio::test]
async fn without_credentials_access_is_refused_with_advice() {
    assert!(!is_let_in(basic(), |_, _| network_options()).await);
    let wrong =
        |_: &World, server: &Server| with_credential(server, Credential::Bearer("other".into()));
    assert!(!is_let_in(basic(), wrong).await);
}

#[tokio::test]
async fn credentials_of_a_channel_url_open_it() {
    let from_url = |_: &World, server: &Server| {
        let with_user = server
            .url()
            .replace("http://", &format!("http://ann:{SECRET}@"));
        let (url, credentials) = split_credentials(&Url::parse(&with_user).unwrap());
        with_credential(server, credentials[0].clone())
            .tap(|options| options.credentials[0].0 = url)
    };
    assert!(is_let_in(basic(), from_url).await);
    let bearer =
        |_: &World, server: &Server| with_credential(server, Credential::Bearer(SECRET.into()));
    assert!(is_let_in(Auth::Bearer(SECRET.into()), bearer).await);
    let token = |_: &World, server: &Server| {
        let (token, after) = (SECRET.into(), 0);
        with_credential(server, Credential::Token { token, after })
    };
    assert!(is_let_in(Auth::TokenInPath(SECRET.into()), token).await);
}

#[tokio::test]
async fn a_token_is_sent_where_it_stood_and_never_above() {
    let world = World::new();
    let server = Server::serve(&world.channel());
    server.require_auth(Auth::TokenBelow {
        prefix: "/api/repo".into(),
        token: SECRET.into(),
    });
    let written = format!("{}/api/repo/t/{SECRET}/linux-64", server.url());
    let (base, credentials) = split_credentials(&Url::parse(&written).unwrap());
    let network = Network::new(&NetworkOptions {
        credentials: vec![(base, credentials[0].clone())],
        ..network_options()
    })
    .unwrap();
    let package = world.publish("a", 500);
    let closure = closure(vec![locked(
        &package,
        &format!("{}/api/repo", server.url()),
    )]);
    world.fetch(&closure, &options(&network)).await.unwrap();
    for (path, asked) in [
        ("/api/repo/other/x", format!("/api/repo/t/{SECRET}/other/x")),
        ("/pool/x", "/pool/x".into()),
    ] {
        let request = network.client().get(format!("{}{path}", server.url()));
        request.send().await.unwrap();
        assert_eq!(server.requests().last().unwrap().path, asked);
    }
}

trait Tap: Sized {
    fn tap(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

impl Tap for NetworkOptions {}

#[tokio::test]
async fn a_netrc_file_opens_by_host() {
    let netrc = |world: &World, _: &Server| {
        let path = world.path("netrc");
        fs::write(
            &path,
            format!("machine 127.0.0.1\nlogin ann\npassword {SECRET}\n"),
        )
        .unwrap();
        network_options().tap(|options| options.netrc = Some(path))
    };
    assert!(is_let_in(basic(), netrc).await);
}

#[tokio::test]
async fn an_auth_file_of_rattler_opens_by_host() {
    for (auth, content) in [
        (
            Auth::Bearer(SECRET.into()),
            format!(r#"{{"127.0.0.1": {{"BearerToken": "{SECRET}"}}}}"#),
        ),
        (
            Auth::TokenInPath(SECRET.into()),
            format!(r#"{{"127.0.0.1": {{"CondaToken": "{SECRET}"}}}}"#),
        ),
        (
            basic(),
            format!(
                r#"{{"127.0.0.1": {{"BasicHTTP": {{"username": "ann", "password": "{SECRET}"}}}}}}"#
            ),
        ),
    ] {
        let auth_file = |world: &World, _: &Server| {
            let path = world.path("auth.json");
            fs::write(&path, &content).unwrap();
            network_options().tap(|options| options.auth_file = Some(path))
        };
        assert!(is_let_in(auth, auth_file).await);
    }
}

#[tokio::test]
async fn credentials_of_one_channel_go_to_no_other_host() {
    let world = World::new();
    let (own, foreign) = (
        Server::serve(&world.channel()),
        Server::serve(&world.channel()),
    );
    let packages = ["a", "b"].map(|name| world.publish(name, 500));
    let network = Network::new(&with_credential(&own, Credential::Bearer(SECRET.into()))).unwrap();
    let both = closure(vec![
        locked(&packages[0], &own.url()),
        locked(&packages[1], &foreign.url()),
    ]);
    world.fetch(&both, &options(&network)).await.unwrap();
    let sent = |server: &Server| {
        server.requests()[0]
            .header("authorization")
            .map(str::to_owned)
    };
    assert_eq!(sent(&own), Some(format!("Bearer {SECRET}")));
    assert_eq!(sent(&foreign), None);
}

#[tokio::test]
async fn the_longest_channel_base_decides_and_the_host_is_the_last_resort() {
    let world = World::new();
    let server = Server::serve(&world.channel());
    for channel in ["one", "two", "pool"] {
        fs::create_dir_all(world.channel().join(channel)).unwrap();
    }
    let base = |channel: &str| Url::parse(&format!("{}/{channel}", server.url())).unwrap();
    let network = Network::new(&NetworkOptions {
        credentials: vec![
            (base("one"), Credential::Bearer("1".into())),
            (base("one/sub"), Credential::Bearer("3".into())),
            (base("two"), Credential::Bearer("2".into())),
        ],
        ..network_options()
    })
    .unwrap();
    for path in ["one/x", "two/x", "one/sub/x", "pool/x"] {
        let request = network.client().get(format!("{}/{path}", server.url()));
        assert_eq!(request.send().await.unwrap().status(), 404);
    }
    let requests = server.requests();
    let sent: Vec<_> = requests
        .iter()
        .map(|request| request.header("authorization").unwrap())
        .collect();
    assert_eq!(sent, ["Bearer 1", "Bearer 2", "Bearer 3", "Bearer 1"]);
}

#[tokio::test]
async fn a_redirect_to_another_host_loses_credentials_and_still_fetches() {
    let world = World::new();
    let (channel, cdn) = (
        Server::serve(&world.channel()),
        Server::serve(&world.channel()),
    );
    let package = world.publish("a", 500);
    channel.require_auth(basic());
    channel.fault("", Fault::RedirectTo(format!("{}{{path}}", cdn.url())));
    let credential = Credential::Basic {
        user: "ann".into(),
        password: SECRET.into(),
    };
    let network = Network::new(&with_credential(&channel, credential)).unwrap();
    let closure = closure(vec![locked(&package, &channel.url())]);
    assert_eq!(
        world
            .fetch(&closure, &options(&network))
            .await
            .unwrap()
            .fetched,
        1
    );
    assert_eq!(channel.requests()[0].status, 302);
    assert!(channel.requests()[0].header("authorization").is_some());
    let sent = format!("{:?}", cdn.requests());
    assert!(
        !sent.contains("authorization") && !sent.contains("referer"),
        "{sent}"
    );
}

#[tokio::test]
async fn redirects_without_end_are_given_up_and_not_tried_again() {
    let world = World::new();
    let server = Server::serve(&world.channel());
    let package = world.publish("a", 500);
    server.fault(
        "",
        Fault::RedirectTo(format!("{}{{path}}?S3CR3T", server.url())),
    );
    let network = network();
    let closure = closure(vec![locked(&package, &server.url())]);
    let error = world.fetch(&closure, &options(&network)).await.unwrap_err();
    assert_eq!(server.requests().len(), 11);
    assert_eq!(
        (error.code(), error.is_temporary()),
        ("fetch::unreachable", false)
    );
    let text = whole_text(&error);
    assert!(
        text.contains("redirect") && !text.contains("S3CR3T"),
        "{text}"
    );
}

/// The `Authorization` header with which a package of `http://channel.invalid` is asked for, which is no
/// loopback address: the proxy hears what a server would. `entry` is for netrc and for rattler's file.
async fn header_over_plain_http(netrc: Option<&str>, auth_file: Option<&str>) -> Option<String> {
    let world = World::new();
    let package = world.publish("a", 3000);
    let proxy = RawServer::ok("Content-Length: 3000\r\n", &package.bytes);
    let write = |name: &str, text: Option<&str>| {
        let path = world.path(name);
        text.map(|text| {
            fs::write(&path, text).unwrap();
            path.clone()
        })
    };
    let network = Network::new(&NetworkOptions {
        netrc: write("netrc", netrc),
        auth_file: write("auth.json", auth_file),
        proxy: ProxyChoice::Url(Url::parse(&proxy.url).unwrap()),
        ..network_options()
    })
    .unwrap();
    let closure = closure(vec![locked(&package, "http://channel.invalid/forge")]);
    world.fetch(&closure, &options(&network)).await.unwrap();
    let head = proxy.heads().remove(0);
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("authorization")
            .then(|| value.to_owned())
    })
}

#[tokio::test]
async fn credentials_from_files_go_over_plain_http_only_if_the_entry_says_so() {
    let login = format!("login ann password {SECRET}\n");
    for machine in [
        "channel.invalid",
        "https://channel.invalid",
        "http://other.invalid",
        "default",
    ] {
        let text = format!("machine {machine} {login}").replace("machine default", "default");
        assert_eq!(
            header_over_plain_http(Some(&text), None).await,
            None,
            "{machine}"
        );
    }
    for key in ["channel.invalid", "*.invalid", "https://channel.invalid"] {
        let text = format!(r#"{{"{key}": {{"BearerToken": "{SECRET}"}}}}"#);
        assert_eq!(
            header_over_plain_http(None, Some(&text)).await,
            None,
            "{key}"
        );
    }
    let text = format!("machine http://channel.invalid {login}");
    let header = header_over_plain_http(Some(&text), None).await.unwrap();
    assert!(header.starts_with("Basic "), "{header}");
    let text = format!(r#"{{"http://channel.invalid": {{"BearerToken": "{SECRET}"}}}}"#);
    let header = header_over_plain_http(None, Some(&text)).await;
    assert_eq!(header, Some(format!("Bearer {SECRET}")));
}
