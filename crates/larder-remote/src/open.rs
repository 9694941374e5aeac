//! From a URL to the [`Remote`] that it names. Each backend's own reading of its URL is in its file.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use larder_redact::Credential;
use url::Url;

use crate::{
    Directory, Ghac, Patience, Patient, Remote, RemoteError,
    address::refused,
    cloud::{Means, azblob, gcs, http, s3},
    ghac,
    patience::Waits,
};

/// What a URL alone does not say.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// What relative paths are relative to.
    pub directory: PathBuf,
    /// The variables of the process that credentials and services are taken from, such as
    /// `AWS_ACCESS_KEY_ID` or `ACTIONS_RUNTIME_TOKEN`. Nothing else is asked for them, but for the files and
    /// services that they name and, last, those of the machine (each backend's file says which).
    pub variables: BTreeMap<String, String>,
    /// What requests are sent by, with its certificates, proxy and time-outs; none makes one that has the
    /// system's.
    pub client: Option<reqwest::Client>,
    /// What opens a web server, sent to the host of the URL alone; other services take theirs from `variables`.
    pub credential: Option<Credential>,
    /// How long a service is tried.
    pub patience: Patience,
    /// How old the last note of a use must be before another one is made, where that costs requests.
    pub note_use_after: Duration,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            directory: PathBuf::new(),
            variables: BTreeMap::new(),
            client: None,
            credential: None,
            patience: Patience::default(),
            note_use_after: Duration::from_secs(60 * 60),
        }
    }
}

/// The remote that a URL or a path names; a path is relative to [`OpenOptions::directory`]. Connects
/// nowhere. What is on a network is [`Patient`].
///
/// # Errors
/// [`RemoteError::Url`], with what is wrong and how it should look.
pub fn open(url: &str, options: &OpenOptions) -> Result<Arc<dyn Remote>, RemoteError> {
    if ghac::is_ours(url) {
        let waits = Waits::new(of_ghac(options.patience));
        let remote = Ghac::with(url, options, waits.clone())?;
        return Ok(Arc::new(Patient::new(Arc::new(remote), waits)));
    }
    if !url.contains("://") {
        // Without `./`, which nobody wants to read in messages.
        let path: PathBuf = options.directory.join(url).components().collect();
        return Ok(Arc::new(Directory::new(path)));
    }
    let parsed = Url::parse(url).map_err(|_| RemoteError::Url {
        url: larder_redact::redact_text(url),
        problem: "it is no URL".to_owned(),
    })?;
    if parsed.scheme() == "file" {
        let path = parsed.to_file_path();
        let path =
            path.map_err(|()| refused(&parsed, "it names no path of this machine".into()))?;
        return Ok(Arc::new(Directory::new(path)));
    }
    let means = means(options)?;
    let remote = of_service(&parsed, options, &means)?;
    Ok(Arc::new(Patient::new(remote, means.waits)))
}

/// It allows so many creations a minute, and says when the minute is over.
fn of_ghac(patience: Patience) -> Patience {
    Patience {
        longest_asked: patience.longest_asked.max(Duration::from_secs(60)),
        per_operation: patience.per_operation.max(Duration::from_secs(90)),
        ..patience
    }
}

fn of_service(
    url: &Url,
    options: &OpenOptions,
    means: &Means,
) -> Result<Arc<dyn Remote>, RemoteError> {
    let variables = &options.variables;
    Ok(match url.scheme() {
        "s3" => Arc::new(s3::open(url, variables, means)?),
        "azblob" => Arc::new(azblob::open(url, variables, means)?),
        "gs" => Arc::new(gcs::open(url, variables, means)?),
        "http" | "https" => Arc::new(http::open(url, options.credential.as_ref(), means)?),
        scheme => {
            let known =
                "expected a path, file://, ghac:, s3://, azblob://, gs://, http:// or https://";
            return Err(refused(url, format!("`{scheme}://` is not known; {known}")));
        }
    })
}

fn means(options: &OpenOptions) -> Result<Means, RemoteError> {
    Ok(Means {
        client: client(options)?,
        waits: Waits::new(options.patience),
        note_use_after: options.note_use_after,
    })
}

/// Gives up on connections sooner than one for channels: there is always the channel. Silence is long only
/// while a service puts together what was sent; all else has the limits of [`Patience`].
pub(crate) fn client(options: &OpenOptions) -> Result<reqwest::Client, RemoteError> {
    if let Some(client) = &options.client {
        return Ok(client.clone());
    }
    let builder = reqwest::Client::builder()
        .user_agent(concat!("larder/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(5))
        .read_timeout(Duration::from_secs(120))
        .referer(false);
    builder.build().map_err(|source| RemoteError::Broken {
        remote: "the network".to_owned(),
        object: String::new(),
        operation: "reach",
        source: std::io::Error::other(source.without_url()),
    })
}
