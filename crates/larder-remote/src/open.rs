//! From a URL to the [`Remote`] that it names. Each backend's own reading of its URL is in its file.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use crate::{Directory, Ghac, Remote, RemoteError, ghac};

/// What a URL alone does not say.
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    /// What relative paths are relative to.
    pub directory: PathBuf,
    /// The variables of the process that credentials and services are taken from, such as
    /// `AWS_ACCESS_KEY_ID` or `ACTIONS_RUNTIME_TOKEN`. Nothing else is asked for them.
    pub variables: BTreeMap<String, String>,
}

/// The remote that a URL or a path names; a path is relative to [`OpenOptions::directory`].
///
/// # Errors
/// [`RemoteError::Url`]
pub fn open(url: &str, options: &OpenOptions) -> Result<Arc<dyn Remote>, RemoteError> {
    if ghac::is_ours(url) {
        return Ok(Arc::new(Ghac::new(url, options)?));
    }
    let refused = |problem: &str| RemoteError::Url {
        url: url.to_owned(),
        problem: problem.to_owned(),
    };
    if !url.contains("://") {
        return Ok(Arc::new(Directory::new(options.directory.join(url))));
    }
    let parsed = url::Url::parse(url).map_err(|_| refused("it is no URL"))?;
    if parsed.scheme() != "file" {
        return Err(refused("only file:// and paths are known"));
    }
    let path = parsed.to_file_path();
    let path = path.map_err(|()| refused("it names no path of this machine"))?;
    Ok(Arc::new(Directory::new(path)))
}
