//! The network client of one run, made when it is first needed: a run that fetches and solves nothing
//! reads no certificates and no files of credentials.

use std::{sync::OnceLock, thread, time::Duration};

use larder_fetch::{
    Backoff, Credential, FetchOptions, MirrorMap, Network, NetworkError, NetworkOptions,
    ProxyChoice,
};
use url::Url;

use crate::{NetworkSettings, Settings};

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

    /// Makes the client, which reads a hundred certificates, by a thread beside `other`. That it cannot be made says
    /// [`Self::get`].
    pub(crate) fn while_made<T>(&self, other: impl FnOnce() -> T) -> T {
        thread::scope(|scope| {
            let made = || self.get().is_ok();
            // Without a thread it is made when it is needed.
            thread::Builder::new().spawn_scoped(scope, made).ok();
            other()
        })
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
            ..options(&self.settings.network)
        })?;
        Ok(self.network.get_or_init(|| network))
    }
}

/// How a remote is reached: its credentials are no part of that, and it is given up as soon as this unless the configuration says
/// another time.
pub(crate) fn of_remote(
    settings: &Settings,
    (connect, silence): (Duration, Duration),
) -> NetworkOptions {
    NetworkOptions {
        ca_files: settings.ca_files.clone(),
        connect_timeout: settings.network.connect_timeout.unwrap_or(connect),
        read_timeout: settings.network.read_timeout.unwrap_or(silence),
        ..options(&settings.network)
    }
}

/// What the user's configuration says of the network.
fn options(settings: &NetworkSettings) -> NetworkOptions {
    let default = NetworkOptions::default();
    NetworkOptions {
        proxy: match settings.proxies.as_slice() {
            [] => ProxyChoice::System,
            rules => ProxyChoice::Rules(rules.to_vec()),
        },
        check_certificates: settings.unverified.is_none(),
        client_certificate: settings.client_certificate.clone(),
        client_key: settings.client_key.clone(),
        connect_timeout: settings.connect_timeout.unwrap_or(default.connect_timeout),
        read_timeout: settings.read_timeout.unwrap_or(default.read_timeout),
        ..default
    }
}

/// The most transfers at once, whatever the configuration says. The runtime must have two threads for
/// blocking work for each, one that reads and one that writes, or transfers of files could wait for ever.
pub const MAX_TRANSFERS: usize = 24;

/// How archives are fetched with this client.
pub(crate) fn fetch_options<'a>(network: &'a Network, settings: &Settings) -> FetchOptions<'a> {
    let default = FetchOptions::new(network);
    FetchOptions {
        offline: settings.offline,
        mirrors: mirrors(settings),
        concurrency: settings
            .network
            .fetches
            .map_or(default.concurrency, |fetches| fetches.min(MAX_TRANSFERS)),
        retries: settings.network.retries.unwrap_or(default.retries),
        backoff: Backoff {
            first: settings.network.first_wait.unwrap_or(default.backoff.first),
            ..default.backoff
        },
        ..default
    }
}

/// Where to ask for packages instead: the mirrors of the settings in order, the channel itself last.
pub(crate) fn mirrors(settings: &Settings) -> MirrorMap {
    let mut map = MirrorMap::default();
    for directory in &settings.package_dirs {
        map.look_in(directory.clone());
    }
    for (base, mirrors) in &settings.mirrors {
        let mirrors = mirrors.iter().chain([base]).cloned().collect();
        map.insert(base.clone(), mirrors);
    }
    map
}
