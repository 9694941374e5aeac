//! The network client of one run, made when it is first needed: a run that fetches and solves nothing
//! reads no certificates and no files of credentials.

use std::sync::OnceLock;

use larder_fetch::{Credential, MirrorMap, Network, NetworkError, NetworkOptions};
use url::Url;

use crate::Settings;

/// The network client of one run.
pub(crate) struct LazyNetwork<'a> {
    settings: &'a Settings,
    credentials: Vec<(Url, Credential)>,
    network: OnceLock<Network>,
}

impl<'a> LazyNetwork<'a> {
    pub(crate) fn new(settings: &'a Settings, credentials: Vec<(Url, Credential)>) -> Self {
        Self {
            settings,
            credentials,
            network: OnceLock::new(),
        }
    }

    /// The client.
    ///
    /// # Errors
    /// If a file of credentials or certificates cannot be used.
    pub(crate) fn get(&self) -> Result<&Network, NetworkError> {
        if let Some(network) = self.network.get() {
            return Ok(network);
        }
        let network = Network::new(&NetworkOptions {
            auth_file: self.settings.auth_file.clone(),
            netrc: self.settings.netrc.clone(),
            credentials: self.credentials.clone(),
            ca_files: self.settings.ca_files.clone(),
            ..NetworkOptions::default()
        })?;
        Ok(self.network.get_or_init(|| network))
    }
}

/// Where to ask for packages instead: the mirrors of the settings in order, the channel itself last.
pub(crate) fn mirrors(settings: &Settings) -> MirrorMap {
    let mut map = MirrorMap::default();
    for (base, mirrors) in &settings.mirrors {
        let mirrors = mirrors.iter().chain([base]).cloned().collect();
        map.insert(base.clone(), mirrors);
    }
    map
}
