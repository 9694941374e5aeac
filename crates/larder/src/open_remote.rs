//! Opening a remote as this run reaches the network: with its certificates, proxies and variables.

use std::{sync::Arc, time::Duration};

use larder_fetch::{Credential, NetworkError, NetworkOptions, bare_client, stored_credential};
use larder_remote::{OpenOptions, Remote, RemoteError};
use larder_share::ShareError;

use url::Url;

use crate::{Explain, Kind, Settings, network};

/// For making a connection: there is always the channel, so a remote is given up sooner than that.
const CONNECT: Duration = Duration::from_secs(5);
/// For silence, which is long only while a service puts together what was sent: for all else remotes have
/// limits of their own.
const SILENCE: Duration = Duration::from_secs(120);

/// Why there is no remote.
#[derive(Debug, thiserror::Error)]
pub enum OpenRemoteError {
    /// The network cannot be reached as the configuration says.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The URL is none of a remote, or lacks what variables do not say.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// It is none that keeps objects of stores.
    #[error(transparent)]
    Share(#[from] ShareError),
}

impl Explain for OpenRemoteError {
    fn kind(&self) -> Kind {
        match self {
            Self::Network(_) => Kind::World,
            Self::Remote(error) => error.kind(),
            Self::Share(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Network(_) => "remote::network",
            Self::Remote(error) => error.code(),
            Self::Share(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Network(_) => None,
            Self::Remote(error) => error.hint(),
            Self::Share(error) => error.hint(),
        }
    }
}

/// Opens the remote of a URL or of a path below the working directory. Connects nowhere.
///
/// # Errors
/// [`OpenRemoteError`]
pub fn open_remote(url: &str, settings: &Settings) -> Result<Arc<dyn Remote>, OpenRemoteError> {
    Ok(larder_remote::open(url, &options(url, settings)?)?)
}

/// What a URL alone does not say.
pub(crate) fn options(url: &str, settings: &Settings) -> Result<OpenOptions, NetworkError> {
    let mut options = OpenOptions {
        directory: settings.working_directory.clone(),
        variables: settings.variables.clone().into_iter().collect(),
        ..OpenOptions::default()
    };
    // A directory needs no certificates.
    if url.contains(':') && !url.starts_with("file:") {
        let reached = network::of_remote(settings, (CONNECT, SILENCE));
        options.client = Some(bare_client(&reached)?);
    }
    if url.starts_with("http:") || url.starts_with("https:") {
        options.credential = credential(url, settings)?;
    }
    Ok(options)
}

/// As channels have them: what the files of credentials say of the host.
fn credential(url: &str, settings: &Settings) -> Result<Option<Credential>, NetworkError> {
    // Whoever opens it says what is wrong with the URL.
    let Ok(url) = Url::parse(url) else {
        return Ok(None);
    };
    let files = NetworkOptions {
        auth_file: settings.auth_file.clone(),
        netrc: settings.netrc.clone(),
        ..NetworkOptions::default()
    };
    stored_credential(&files, &url)
}
