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
        RootCertStore, ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
        server::WebPkiClientVerifier,
    },
};

use crate::support::{World, closure, locked, network, network_options, options, whole_text};

fn data(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "data", name]
        .iter()
        .collect()
}

/// Whether a server wants to know who asks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Clients {
    Anybody,
    WithCertificate,
}

fn acceptor(clients: Clients) -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_file(data("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(data("server.key.pem")).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match clients {
        Clients::Anybody => builder.with_no_client_auth(),
        Clients::WithCertificate => {
            let mut roots = RootCertStore::empty();
            let authority = CertificateDer::from_pem_file(data("client-ca.pem")).unwrap();
            roots.add(authority).unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.unwrap())
        }
    };
    let config = builder.with_single_cert(vec![certificate], key).unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// Answers every request with `body`, on the runtime of the test; returns its URL.
async fn serve(body: Vec<u8>, clients: Clients) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let acceptor = acceptor(clients);
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
    let url = serve(package.bytes.clone(), Clients::Anybody).await;
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

/// How many packages come from this server with these options; what the error says if none does.
async fn fetched(clients: Clients, options: NetworkOptions) -> Result<usize, String> {
    let world = World::new();
    let package = world.publish("a", 4000);
    let url = serve(package.bytes.clone(), clients).await;
    let closure = closure(vec![locked(&package, &url)]);
    let network = Network::new(&options).map_err(|error| error.to_string())?;
    let result = world.fetch(&closure, &self::options(&network)).await;
    result
        .map(|summary| summary.fetched)
        .map_err(|error| whole_text(&error))
}

#[tokio::test]
async fn certificates_are_checked_unless_the_caller_switches_that_off() {
    let strict = fetched(Clients::Anybody, network_options()).await;
    assert!(strict.unwrap_err().contains("certificate"));
    let unchecked = NetworkOptions {
        check_certificates: false,
        ..network_options()
    };
    assert_eq!(fetched(Clients::Anybody, unchecked).await, Ok(1));
}

#[tokio::test]
async fn a_server_that_wants_a_certificate_gets_it() {
    let trusting = || NetworkOptions {
        ca_files: vec![data("ca.pem")],
        ..network_options()
    };
    assert!(fetched(Clients::WithCertificate, trusting()).await.is_err());
    let known = NetworkOptions {
        client_certificate: Some(data("client.pem")),
        client_key: Some(data("client.key.pem")),
        ..trusting()
    };
    assert_eq!(fetched(Clients::WithCertificate, known).await, Ok(1));
    let keyless = NetworkOptions {
        client_certificate: Some(data("client.pem")),
        ..trusting()
    };
    let error = fetched(Clients::WithCertificate, keyless)
        .await
        .unwrap_err();
    assert!(
        error.contains("client.pem holds no certificate with its key"),
        "{error}"
    );
}
