//! The keys about the network: certificates, proxies, time-outs, tries.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use larder_config::Config;
use url::Url;

use super::{ConfigurationError, from, wrong};
use crate::Settings;

/// How the network is reached, as far as the user says so.
#[derive(Debug, Clone, Default)]
pub struct NetworkSettings {
    /// Proxies, in the order in which they are looked at; none means that the system decides.
    pub proxies: Vec<ProxyRule>,
    /// Where it stands that certificates are not to be checked, if they are not.
    pub unverified: Option<String>,
    /// What larder shows to servers: a PEM file.
    pub client_certificate: Option<PathBuf>,
    /// The key of it, if that is a file of its own.
    pub client_key: Option<PathBuf>,
    /// For making a connection.
    pub connect_timeout: Option<Duration>,
    /// For silence in the middle of a response.
    pub read_timeout: Option<Duration>,
    /// How many more tries after a temporary failure.
    pub retries: Option<u32>,
    /// The wait before the second try.
    pub first_wait: Option<Duration>,
    /// How many archives at a time.
    pub fetches: Option<usize>,
}

pub use larder_fetch::ProxyRule;

/// Mirrors of one channel: its URL, and where else it is.
type Mirrors = Vec<(Url, Vec<Url>)>;

impl Settings {
    pub(super) fn network(&mut self, config: &Config) -> Result<(), ConfigurationError> {
        self.certificates(config)?;
        let names = ["https_proxy", "http_proxy", "all_proxy"];
        let is_set = |name: &&str| {
            let names = [(*name).to_owned(), name.to_uppercase()];
            names.iter().any(|name| self.variables.contains_key(name))
        };
        let proxies = proxies(config)?;
        if !names.iter().any(is_set) {
            self.network.proxies = proxies;
        }
        self.network.connect_timeout = seconds(config, "remote_connect_timeout_secs")?;
        self.network.read_timeout = seconds(config, "remote_read_timeout_secs")?;
        self.network.first_wait = seconds(config, "remote_backoff_factor")?;
        self.network.fetches = config.count("fetch_threads");
        if let Some(retries) = config.get("remote_max_retries") {
            let number = config.number("remote_max_retries").unwrap_or(-1.0);
            if !(0.0..=100.0).contains(&number) {
                let expected = "a number from 0 to 100";
                return Err(wrong(
                    &retries.origin,
                    retries.key.name,
                    expected,
                    &number.to_string(),
                ));
            }
            self.network.retries = Some(number as u32);
        }
        let mirrors = self.mirrored_channels(config)?;
        // What a variable says comes later and wins.
        self.mirrors.splice(0..0, mirrors);
        Ok(())
    }

    /// `ssl_verify`, `client_ssl_cert` and its key.
    fn certificates(&mut self, config: &Config) -> Result<(), ConfigurationError> {
        if let (Some(setting), Some(text)) = (config.get("ssl_verify"), config.text("ssl_verify")) {
            match text.to_lowercase().as_str() {
                "true" | "yes" | "on" | "1" | "truststore" | "<system>" => {}
                "false" | "no" | "off" | "0" | "<false>" => {
                    self.network.unverified = Some(from(setting));
                }
                _ => {
                    let path = self.absolute(text);
                    if !path.exists() {
                        let expected = "true, false, or a file or directory of certificate authorities that is there";
                        return Err(wrong(&setting.origin, "ssl_verify", expected, text));
                    }
                    self.ca_files.extend(pem_files(&path));
                }
            }
        }
        self.network.client_certificate = config
            .text("client_ssl_cert")
            .map(|path| self.absolute(path));
        self.network.client_key = config
            .text("client_ssl_cert_key")
            .map(|path| self.absolute(path));
        match (
            config.get("client_ssl_cert_key"),
            &self.network.client_certificate,
        ) {
            (Some(key), None) if self.network.client_key.is_some() => {
                Err(ConfigurationError::Alone {
                    from: from(key),
                    key: "client_ssl_cert_key",
                    problem: "needs `client_ssl_cert` beside it",
                })
            }
            _ => Ok(()),
        }
    }

    /// mamba's mirrors, by the URLs of the channels that they are for.
    fn mirrored_channels(&self, config: &Config) -> Result<Mirrors, ConfigurationError> {
        let mut all = Mirrors::new();
        for (name, urls) in config.lists("mirrored_channels") {
            let origin = urls.first().map(|url| &url.origin);
            let bases = crate::channels::base_urls(name, self).ok();
            let base = bases.and_then(|bases| bases.into_iter().next());
            let (Some(base), Some(origin)) = (base, origin) else {
                continue;
            };
            let mut mirrors = Vec::new();
            for mirror in urls {
                let url = Url::parse(&mirror.value).ok();
                let url = url.filter(|url| larder_manifest::is_channel_scheme(url.scheme()));
                let expected = "mirrors by https, http or file";
                mirrors.push(
                    url.ok_or_else(|| wrong(origin, "mirrored_channels", expected, &mirror.value))?,
                );
            }
            all.push((base, mirrors));
        }
        Ok(all)
    }
}

/// The file, or the certificates in a directory.
fn pem_files(path: &Path) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    let is_certificate = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        path.is_file()
            && extension.is_some_and(|extension| ["pem", "crt", "cer"].contains(&extension))
    };
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.retain(is_certificate);
    files.sort();
    files
}

fn seconds(config: &Config, key: &'static str) -> Result<Option<Duration>, ConfigurationError> {
    let (Some(setting), Some(number)) = (config.get(key), config.number(key)) else {
        return Ok(None);
    };
    if !(0.0..=86_400.0).contains(&number) {
        let expected = "a number of seconds, at most a day";
        return Err(wrong(&setting.origin, key, expected, &number.to_string()));
    }
    Ok(Some(Duration::from_secs_f64(number)))
}

fn proxies(config: &Config) -> Result<Vec<ProxyRule>, ConfigurationError> {
    let mut rules = Vec::new();
    for (name, url) in config.map("proxy_servers") {
        let (scheme, host) = match name.split_once("://") {
            Some((scheme, host)) => (scheme, Some(host.trim_end_matches('/').to_lowercase())),
            None => (name.as_str(), None),
        };
        let scheme = (scheme != "all").then(|| scheme.to_lowercase());
        let written = url.value.as_deref().filter(|text| !text.is_empty());
        let proxy = match written {
            None => None,
            Some(text) => {
                // conda takes `host:port` as well.
                let with_scheme = match text.contains("://") {
                    true => text.to_owned(),
                    false => format!("http://{text}"),
                };
                let parsed = Url::parse(&with_scheme).ok().filter(Url::has_host);
                let expected = "URLs of proxies by scheme, such as `https: http://HOST:PORT`";
                Some(parsed.ok_or_else(|| wrong(&url.origin, "proxy_servers", expected, text))?)
            }
        };
        rules.push(ProxyRule {
            scheme,
            host,
            proxy,
        });
    }
    // The most exact first, as in requests: host before scheme before all.
    rules.sort_by_key(|rule| (rule.host.is_none(), rule.scheme.is_none()));
    Ok(rules)
}
