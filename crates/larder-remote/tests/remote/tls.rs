//! Servers whose certificate only an own authority vouches for.

use std::{path::PathBuf, sync::Arc, time::Duration};

use larder_remote::{ObjectName, OpenOptions, RemoteError, open};
use reqwest::Certificate;
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

fn data(name: &str) -> PathBuf {
    [
        env!("CARGO_MANIFEST_DIR"),
        "../larder-fetch/tests/data",
        name,
    ]
    .iter()
    .collect()
}

/// Answers every request with `hello`; returns its URL.
async fn serve() -> String {
    let certificate = CertificateDer::from_pem_file(data("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(data("server.key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key);
    let acceptor = TlsAcceptor::from(Arc::new(config.unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // A client that does not trust us hangs up: that is its affair.
            let _ = answer(&acceptor, stream).await;
        }
    });
    url
}

async fn answer(acceptor: &TlsAcceptor, stream: TcpStream) -> std::io::Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let reply = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";
    stream.write_all(reply).await?;
    stream.shutdown().await
}

async fn read(url: &str, authorities: Option<&str>) -> Result<Vec<u8>, RemoteError> {
    let builder = reqwest::Client::builder()
        .no_proxy()
        .connect_timeout(Duration::from_secs(5));
    let builder = match authorities {
        None => builder,
        Some(file) => {
            let pem = std::fs::read(data(file)).unwrap();
            builder.tls_certs_merge(Certificate::from_pem_bundle(&pem).unwrap())
        }
    };
    let options = OpenOptions {
        client: Some(builder.build().unwrap()),
        ..OpenOptions::default()
    };
    let remote = open(url, &options).unwrap();
    let download = remote.get(&ObjectName::new("a").unwrap(), None).await?;
    Ok(download.bytes().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_believed_if_an_authority_that_is_given_vouches_for_it() {
    let url = serve().await;
    let error = read(&url, None).await.unwrap_err();
    assert!(
        matches!(error, RemoteError::Broken { .. }),
        "it is not tried again: {error:?}"
    );
    assert!(format!("{error:?}").contains("certificate"), "{error:?}");
    assert_eq!(read(&url, Some("ca.pem")).await.unwrap(), b"hello");
}
