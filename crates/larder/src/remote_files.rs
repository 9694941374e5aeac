//! Manifests and locks that are named by a URL: in a directory of this run before anything reads them.
//!
//! What comes is not trusted more than a file that somebody else wrote: it is bounded, and read as any other.

use std::{
    fs,
    path::{Path, PathBuf},
};

use larder_event::Reporter;
use larder_fetch::{NetworkError, redact};
use larder_fs::{PathContext as _, PathError};
use larder_link::{ScratchDir, scratch_beside};
use url::Url;

use crate::{Explain, Kind, Settings, network::LazyNetwork, streams::note_fetched};

/// The largest file that is taken.
const MOST_BYTES: u64 = crate::streams::INPUT_BYTES;

/// Files that can be read from the disk, for as long as this lives.
#[derive(Debug)]
pub struct LocalFiles {
    /// As they were named, those of URLs where they are now.
    pub files: Vec<PathBuf>,
    _scratch: Option<ScratchDir>,
}

impl LocalFiles {
    /// `files`, if none of them is a URL.
    pub fn already(files: &[PathBuf]) -> Option<Self> {
        files
            .iter()
            .all(|file| url_of(file).is_none())
            .then(|| Self {
                files: files.to_vec(),
                _scratch: None,
            })
    }
}

/// Why a file is not here.
#[derive(Debug, thiserror::Error)]
pub enum RemoteFileError {
    /// There is no network to be used.
    #[error("`{url}` cannot be fetched offline")]
    Offline {
        /// Without credentials.
        url: String,
    },
    /// The network client cannot be made.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The server does not answer.
    #[error("`{url}` does not answer")]
    Unreachable {
        /// Without credentials.
        url: String,
    },
    /// The server answers, but not with the file.
    #[error("`{url}` answers {status}")]
    Status {
        /// Without credentials.
        url: String,
        /// The status.
        status: u16,
    },
    /// Nobody writes manifests or locks of this size.
    #[error("`{url}` is larger than {most} bytes")]
    TooLarge {
        /// Without credentials.
        url: String,
        /// How large it may be.
        most: u64,
    },
    /// It cannot be put on the disk.
    #[error(transparent)]
    Write(#[from] PathError),
}

impl Explain for RemoteFileError {
    fn kind(&self) -> Kind {
        match self {
            Self::Network(_) | Self::Offline { .. } | Self::TooLarge { .. } => Kind::Refused,
            Self::Status { status, .. } if *status < 500 => Kind::Refused,
            _ => Kind::World,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Offline { .. } => "fetch::offline",
            Self::Network(_) => "network::setup",
            Self::Unreachable { .. } => "fetch::unreachable",
            Self::Status { .. } => "fetch::status",
            Self::TooLarge { .. } => "fetch::long-body",
            Self::Write(_) => "input::unreadable",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Offline { .. } => Some("download it, and give the file".into()),
            _ => None,
        }
    }
}

/// Fetches those of `files` that are URLs (`https`, `http`, `file`).
///
/// # Errors
/// See [`RemoteFileError`]; nothing is left then.
pub async fn local_files(
    files: &[PathBuf],
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<LocalFiles, RemoteFileError> {
    let network = LazyNetwork::new(settings, Vec::new());
    let mut local = LocalFiles {
        files: Vec::new(),
        _scratch: None,
    };
    for (index, file) in files.iter().enumerate() {
        let Some(url) = url_of(file) else {
            local.files.push(file.clone());
            continue;
        };
        if let Ok(path) = url.to_file_path() {
            local.files.push(path);
            continue;
        }
        if local._scratch.is_none() {
            local._scratch = Some(scratch_beside(&settings.trees)?);
        }
        let scratch = local._scratch.as_ref().map(ScratchDir::path);
        let directory = scratch.unwrap_or(&settings.trees).join(index.to_string());
        fs::create_dir(&directory).at("create directory", &directory)?;
        let path = directory.join(name_of(&url));
        let bytes = get(&url, &network, settings).await?;
        fs::write(&path, bytes).at("write file", &path)?;
        reporter.note(format!("fetched {}", redact(&url)));
        note_fetched(&path, redact(&url));
        local.files.push(path);
    }
    Ok(local)
}

fn url_of(file: &Path) -> Option<Url> {
    let url: Url = file.to_str()?.parse().ok()?;
    ["http", "https", "file"]
        .contains(&url.scheme())
        .then_some(url)
}

/// The last part of the path, if that can name a file: the name says whether it is a manifest.
fn name_of(url: &Url) -> String {
    let name = url.path_segments().and_then(Iterator::last);
    let is_name = |name: &&str| {
        let is_safe = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        !name.starts_with('.') && !name.is_empty() && name.chars().all(is_safe)
    };
    name.filter(is_name).unwrap_or("environment.yml").to_owned()
}

async fn get(
    url: &Url,
    network: &LazyNetwork<'_>,
    settings: &Settings,
) -> Result<Vec<u8>, RemoteFileError> {
    let shown = || redact(url);
    if settings.offline {
        return Err(RemoteFileError::Offline { url: shown() });
    }
    let client = network.get()?.client();
    let answer = client.get(url.clone()).send().await;
    // The client's own words would have the URL with its credentials.
    let mut answer = answer.map_err(|_| RemoteFileError::Unreachable { url: shown() })?;
    if !answer.status().is_success() {
        return Err(RemoteFileError::Status {
            url: shown(),
            status: answer.status().as_u16(),
        });
    }
    let mut bytes = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return Ok(bytes),
            Err(_) => return Err(RemoteFileError::Unreachable { url: shown() }),
        }
        if bytes.len() as u64 > MOST_BYTES {
            return Err(RemoteFileError::TooLarge {
                url: shown(),
                most: MOST_BYTES,
            });
        }
    }
}
