//! A server whose certificate only an own authority vouches for.

use std::{path::PathBuf, sync::Arc};

use larder_fetch::{Network, NetworkOptions};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
};

use crate::support::{World, closure, locked, network, network_options, options, whole_text};

fn data(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "data", name]
        .iter()
        .collect()
}

fn acceptor() -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_file(data("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(data("server.key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// Answers every request with `body`, on the runtime of the test; returns its URL.
async fn serve(body: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let acceptor = acceptor();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // A client that does not trust us hangs up: that is its affair.
            let _ = answer(&acceptor, stream, &body).await;
        }
    });
    url
}

async fn answer(acceptor: &TlsAcceptor, stream: TcpStream, body: &[u8]) -> std::io::Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let reply = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(reply.as_bytes()).await?;
    stream.write_all(body).await?;
    stream.shutdown().await
}

#[tokio::test]
async fn an_own_authority_is_trusted_when_it_is_named() {
    let world = World::new();
    let package = world.publish("a", 4000);
    let url = serve(package.bytes.clone()).await;
    let closure = closure(vec![locked(&package, &url)]);

    let stranger = network();
    let error = world
        .fetch(&closure, &options(&stranger))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "fetch::unreachable");
    assert!(
        whole_text(&error).contains("certificate"),
        "{}",
        whole_text(&error)
    );

    let friend = Network::new(&NetworkOptions {
        ca_files: vec![data("ca.pem")],
        ..network_options()
    })
    .unwrap();
    assert_eq!(
        world
            .fetch(&closure, &options(&friend))
            .await
            .unwrap()
            .fetched,
        1
    );
}
