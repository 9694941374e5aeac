//! The one HTTP client: for channel indexes and for archives alike.
//!
//! Holds connections, time-outs, certificate authorities, proxy and credentials. It does not retry and
//! does not cache: retries of archives are in this crate's transfers, those of indexes in the gateway.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rattler_networking::{
    Authentication, AuthenticationStorage,
    authentication_storage::{
        AuthenticationStorageError,
        backends::{
            file::{FileStorage, FileStorageError},
            netrc::{NetRcStorage, NetRcStorageError},
        },
    },
};
use reqwest::{Certificate, Client, ClientBuilder, Identity, redirect};
use reqwest_middleware::ClientWithMiddleware;
use url::Url;

use crate::{
    Credential, ProxyChoice,
    authenticate::{Authenticate, plain_key},
};

#[cfg(test)]
mod tests;

/// How many redirects are followed; one to another host is followed without credentials.
const REDIRECTS: usize = 10;

/// How to reach the world. The caller reads environment and home and names the files that exist.
#[derive(Debug, Clone)]
pub struct NetworkOptions {
    /// rattler's file of credentials by host (JSON). Named means wanted: a missing file is an error.
    pub auth_file: Option<PathBuf>,
    /// A netrc file, asked after `auth_file`. A missing file is an error. Entries of both files are for https
    /// and for this machine; one whose host is written `http://HOST` is for plain http to that host.
    pub netrc: Option<PathBuf>,
    /// Credentials by channel base, as [`split_credentials`](crate::split_credentials) gives them: they
    /// go with everything under the longest base that fits, or else of the same scheme, host and port,
    /// and win over the files. A base has its credentials from one place: several tokens are those of
    /// one path.
    pub credentials: Vec<(Url, Credential)>,
    /// PEM files with certificate authorities to trust beside those of the system.
    pub ca_files: Vec<PathBuf>,
    /// Through which proxy.
    pub proxy: ProxyChoice,
    /// Whether a server has to prove who it is. Without that anybody can be any server.
    pub check_certificates: bool,
    /// What larder shows to servers that ask for it: a PEM file, with its key unless that is apart.
    pub client_certificate: Option<PathBuf>,
    /// The key of `client_certificate`, PEM.
    pub client_key: Option<PathBuf>,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// For making a connection.
    pub connect_timeout: Duration,
    /// For silence in the middle of a response; a slow transfer that goes on is never stopped.
    pub read_timeout: Duration,
}

impl Default for NetworkOptions {
    fn default() -> Self {
        Self {
            auth_file: None,
            netrc: None,
            credentials: Vec::new(),
            ca_files: Vec::new(),
            proxy: ProxyChoice::System,
            check_certificates: true,
            client_certificate: None,
            client_key: None,
            user_agent: concat!("larder/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(60),
        }
    }
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// A file of credentials that cannot be opened.
    #[error("cannot read credentials from {}", path.display())]
    Credentials {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// rattler's file of credentials is not what it should be.
    #[error("{} is not a credentials file as rattler and pixi write it", path.display())]
    AuthFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: FileStorageError,
    },
    /// A netrc file is not what it should be.
    #[error("{} is not a netrc file", path.display())]
    Netrc {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: NetRcStorageError,
    },
    /// A credential that cannot be held ready.
    #[error("cannot use the credentials given for {url}")]
    Credential {
        /// The channel base, redacted.
        url: String,
        /// What is wrong.
        #[source]
        source: AuthenticationStorageError,
    },
    /// A file of certificate authorities that cannot be opened.
    #[error("cannot read certificates from {}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A file of certificate authorities without a certificate that can be read.
    #[error("{} holds no certificate in PEM form", path.display())]
    NotPem {
        /// The file.
        path: PathBuf,
        /// What is wrong, where more than absence is known.
        #[source]
        source: Option<reqwest::Error>,
    },
    /// A proxy that cannot be used. What the HTTP client says of it is not kept: it quotes the URL with
    /// its password.
    #[error("{url} is not the URL of a proxy: expected http://HOST:PORT or https://HOST:PORT")]
    Proxy {
        /// The proxy, redacted.
        url: String,
    },
    /// A certificate of ours without its key, or one that is none.
    #[error("{} holds no certificate with its key in PEM form", path.display())]
    ClientCertificate {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: reqwest::Error,
    },
    /// The client itself.
    #[error("cannot set up the network client")]
    Client {
        /// What is wrong.
        #[source]
        source: reqwest::Error,
    },
}

/// The client, cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub struct Network {
    client: ClientWithMiddleware,
}

impl Network {
    /// Reads the files that the options name and prepares the client. Connects nowhere.
    ///
    /// # Errors
    /// [`NetworkError`], which names the file or URL that is unusable.
    pub fn new(options: &NetworkOptions) -> Result<Self, NetworkError> {
        let authenticate = Authenticate::new(&options.credentials, storage(options)?)?;
        let client = bare_client(options)?;
        Ok(Self {
            client: reqwest_middleware::ClientBuilder::new(client)
                .with(authenticate)
                .build(),
        })
    }

    /// The client with credentials in place, for whoever else has to reach the network.
    pub fn client(&self) -> ClientWithMiddleware {
        self.client.clone()
    }
}

/// What the files that the options name keep for the host of a URL, as far as it is a header.
///
/// # Errors
/// [`NetworkError`], which names the file that is unusable.
pub fn stored_credential(
    options: &NetworkOptions,
    url: &Url,
) -> Result<Option<Credential>, NetworkError> {
    let storage = storage(options)?;
    let found = match plain_key(url) {
        // Over plain http only what an entry says may go there.
        Some(key) => storage.get(&key).ok().flatten(),
        None => {
            let found = storage.get_by_url(url.clone());
            found.ok().and_then(|(_, credential)| credential)
        }
    };
    Ok(match found {
        Some(Authentication::BasicHTTP { username, password }) => Some(Credential::Basic {
            user: username,
            password,
        }),
        Some(
            Authentication::BearerToken(token)
            | Authentication::OAuth {
                access_token: token,
                ..
            },
        ) => Some(Credential::Bearer(token)),
        Some(Authentication::CondaToken(_) | Authentication::S3Credentials { .. }) | None => None,
    })
}

fn storage(options: &NetworkOptions) -> Result<AuthenticationStorage, NetworkError> {
    let mut storage = AuthenticationStorage::empty();
    if let Some(path) = &options.auth_file {
        readable(path)?;
        let file =
            FileStorage::from_path(path.clone()).map_err(|source| NetworkError::AuthFile {
                path: path.clone(),
                source,
            })?;
        storage.add_backend(Arc::new(file));
    }
    if let Some(path) = &options.netrc {
        readable(path)?;
        let netrc = NetRcStorage::from_path(path).map_err(|source| NetworkError::Netrc {
            path: path.clone(),
            source,
        })?;
        storage.add_backend(Arc::new(netrc));
    }
    Ok(storage)
}

/// rattler takes a missing file for an empty one; a file that was named is wanted.
fn readable(path: &Path) -> Result<(), NetworkError> {
    fs::File::open(path)
        .map(drop)
        .map_err(|source| NetworkError::Credentials {
            path: path.to_owned(),
            source,
        })
}

/// The client alone, without credentials: certificates, proxies and time-outs. Connects nowhere.
///
/// # Errors
/// [`NetworkError`], which names the file or URL that is unusable.
pub fn bare_client(options: &NetworkOptions) -> Result<Client, NetworkError> {
    let certificates = certificates(&options.ca_files)?;
    let builder = builder(options)?.tls_certs_merge(certificates.clone());
    match builder.build() {
        Ok(client) => Ok(client),
        // A small container may have no certificate authorities at all: channels that are directories
        // or plain HTTP still work, and an https server is refused as untrusted.
        Err(_) if certificates.is_empty() => {
            let builder = self::builder(options)?.tls_certs_only([]);
            builder.build().map_err(client_error)
        }
        Err(source) => Err(client_error(source)),
    }
}

fn client_error(source: reqwest::Error) -> NetworkError {
    NetworkError::Client {
        source: source.without_url(),
    }
}

fn builder(options: &NetworkOptions) -> Result<ClientBuilder, NetworkError> {
    let builder = Client::builder()
        .user_agent(&options.user_agent)
        .connect_timeout(options.connect_timeout)
        .read_timeout(options.read_timeout)
        .redirect(redirect::Policy::custom(follow_redirect))
        .referer(false)
        .tls_danger_accept_invalid_certs(!options.check_certificates);
    let builder = match &options.client_certificate {
        Some(path) => builder.identity(identity(path, options.client_key.as_deref())?),
        None => builder,
    };
    options.proxy.apply(builder)
}

/// Follows a redirect, but never from https to plain http on the same host and port: reqwest compares these
/// alone before it takes the `Authorization` header off.
fn follow_redirect(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let previous = attempt.previous().last();
    let keeps_header = previous.is_some_and(|previous| is_kept_downgrade(previous, attempt.url()));
    match keeps_header {
        true => attempt.error("redirected from https to http on the same host and port"),
        false => redirect::Policy::limited(REDIRECTS).redirect(attempt),
    }
}

/// Whether a redirect leaves https and reqwest would take the `Authorization` header along.
fn is_kept_downgrade(previous: &Url, next: &Url) -> bool {
    previous.scheme() == "https"
        && next.scheme() != "https"
        && previous.host_str() == next.host_str()
        && previous.port_or_known_default() == next.port_or_known_default()
}

/// The certificate and the key of one file or of two.
fn identity(certificate: &Path, key: Option<&Path>) -> Result<Identity, NetworkError> {
    let mut pem = Vec::new();
    for path in [Some(certificate), key].into_iter().flatten() {
        let text = fs::read(path).map_err(|source| NetworkError::CaFile {
            path: path.to_owned(),
            source,
        })?;
        pem.extend(text);
        pem.push(b'\n');
    }
    Identity::from_pem(&pem).map_err(|source| NetworkError::ClientCertificate {
        path: certificate.to_owned(),
        source,
    })
}

fn certificates(files: &[PathBuf]) -> Result<Vec<Certificate>, NetworkError> {
    let mut certificates = Vec::new();
    for path in files {
        let text = fs::read(path).map_err(|source| NetworkError::CaFile {
            path: path.clone(),
            source,
        })?;
        let found = Certificate::from_pem_bundle(&text).map_err(|source| NetworkError::NotPem {
            path: path.clone(),
            source: Some(source),
        })?;
        if found.is_empty() {
            return Err(NetworkError::NotPem {
                path: path.clone(),
                source: None,
            });
        }
        certificates.extend(found);
    }
    Ok(certificates)
}
