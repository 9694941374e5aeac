//! The network client of one run, from settings and the channels' credentials.

use larder_fetch::{Credential, Network, NetworkError, NetworkOptions};
use url::Url;

use crate::Settings;

pub(crate) fn network(
    settings: &Settings,
    credentials: Vec<(Url, Credential)>,
) -> Result<Network, NetworkError> {
    Network::new(&NetworkOptions {
        auth_file: settings.auth_file.clone(),
        netrc: settings.netrc.clone(),
        credentials,
        ca_files: settings.ca_files.clone(),
        ..NetworkOptions::default()
    })
}
