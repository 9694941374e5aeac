//! What holds for every operation: where things are, and what the user's machine says.

use std::{collections::HashMap, path::PathBuf};

use larder_link::CacheSecret;
use larder_manifest::Lookup;
use url::Url;

/// Where things are, and what the caller read from its environment. Operations read nothing else.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The store's directory.
    pub store: PathBuf,
    /// Stores that are read after it and never written, in this order.
    pub lower_stores: Vec<PathBuf>,
    /// The trees' directory.
    pub trees: PathBuf,
    /// Where named environments go.
    pub environments: PathBuf,
    /// The user's home, if there is one.
    pub home: Option<PathBuf>,
    /// What relative paths are relative to, absolute.
    pub working_directory: PathBuf,
    /// The environment variables, for `$NAME` in manifests and for `CONDA_OVERRIDE_*`.
    pub variables: HashMap<String, String>,
    /// What a channel's bare name is joined to.
    pub channel_alias: String,
    /// The channels of the user's configuration: used after those of a manifest, and alone without any.
    pub default_channels: Vec<String>,
    /// Mirrors of channels, by the base URL that they stand for: asked for packages, in order, before it.
    pub mirrors: Vec<(Url, Vec<Url>)>,
    /// Use no network.
    pub offline: bool,
    /// rattler's file of credentials, if there is one.
    pub auth_file: Option<PathBuf>,
    /// The netrc file, if there is one.
    pub netrc: Option<PathBuf>,
    /// Certificate authorities to trust besides those of the system, PEM.
    pub ca_files: Vec<PathBuf>,
    /// What bytecode in the store is sealed with; without it there is none.
    pub cache_secret: Option<CacheSecret>,
    /// How many threads unpack and link, at least 1.
    pub threads: usize,
}

impl Settings {
    /// An absolute path for what the user named; a `~` that no shell has expanded is the home.
    pub fn absolute(&self, path: impl Into<PathBuf>) -> PathBuf {
        let path = path.into();
        match (path.strip_prefix("~"), &self.home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => self.working_directory.join(path),
        }
    }
}

impl Lookup for Settings {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn home(&self) -> Option<String> {
        self.home
            .as_ref()
            .map(|home| home.to_string_lossy().into_owned())
    }
}
