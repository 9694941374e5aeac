//! Through a proxy that is told by the options.

use larder_fetch::{Network, NetworkOptions, ProxyChoice};
use url::Url;

use crate::{
    raw::RawServer,
    support::{World, closure, locked, network_options, options},
};

#[tokio::test]
async fn a_proxy_is_asked_for_the_whole_url() {
    let world = World::new();
    let package = world.publish("a", 4000);
    let proxy = RawServer::ok("Content-Length: 4000\r\n", &package.bytes);
    let with_user = proxy.url.replace("http://", "http://me:pass@");
    let network = Network::new(&NetworkOptions {
        proxy: ProxyChoice::Url(Url::parse(&with_user).unwrap()),
        ..network_options()
    })
    .unwrap();
    let closure = closure(vec![locked(&package, "http://channel.invalid/forge")]);
    assert_eq!(
        world
            .fetch(&closure, &options(&network))
            .await
            .unwrap()
            .fetched,
        1
    );
    let heads = proxy.heads();
    let expected = "GET http://channel.invalid/forge/linux-64/a-1.0-0.conda HTTP/1.1\r\n";
    assert!(heads[0].starts_with(expected), "{heads:?}");
    assert!(
        heads[0]
            .to_lowercase()
            .contains("proxy-authorization: basic "),
        "{heads:?}"
    );
    assert!(
        heads[0].to_lowercase().contains("user-agent: larder/"),
        "{heads:?}"
    );
}
