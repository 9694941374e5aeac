//! What the configuration makes of channels' names, and which channels it lets pass.
//!
//! From texts to texts and from URLs to yes or no: what a text is as a URL is `larder-manifest`'s.

use std::collections::BTreeSet;

use larder_config::{Config, Located};
use larder_lock::{Closure, LockedPackage};
use larder_manifest::without_credentials;

use crate::{
    Settings, channel_name,
    channels::{ChannelsError, base_urls},
    configuration::{ConfigurationError, wrong},
};

/// Channels that conda knows by name at a host of their own (`DEFAULT_CHANNELS` and `DEFAULT_CUSTOM_CHANNELS` in
/// conda/base/constants.py).
const ANACONDA_CHANNELS: [&str; 4] = ["pkgs/main", "pkgs/r", "pkgs/msys2", "pkgs/pro"];
const ANACONDA_HOST: &str = "https://repo.anaconda.com";

/// A channel of the configuration and the place where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfiguredChannel {
    /// As written.
    pub text: String,
    /// The file and line, or the variable.
    pub from: String,
}

/// What the configuration says of channels' names.
#[derive(Debug, Clone, Default)]
pub struct ChannelRules {
    /// What `defaults` stands for, if not for Anaconda's channels.
    defaults: Vec<String>,
    /// Names and the URLs above them.
    custom: Vec<(String, String)>,
    /// Names that stand for several channels.
    several: Vec<(String, Vec<String>)>,
    /// Earlier aliases.
    migrated_aliases: Vec<String>,
    /// Names and the URLs that they were below earlier.
    migrated_custom: Vec<(String, String)>,
    allowed: Vec<ConfiguredChannel>,
    denied: Vec<ConfiguredChannel>,
}

impl ChannelRules {
    pub(crate) fn of(config: &Config) -> Result<Self, ConfigurationError> {
        let texts = |key: &str| {
            let items = config.list(key).iter();
            items.map(|item| item.value.clone()).collect::<Vec<_>>()
        };
        let several = config
            .lists("custom_multichannels")
            .iter()
            .map(|(name, items)| {
                let texts = items.iter().map(|item| item.value.clone());
                (name.clone(), texts.collect())
            });
        let listed = |key: &str| {
            let items = config.list(key).iter();
            items
                .map(|item: &Located<String>| ConfiguredChannel {
                    text: item.value.clone(),
                    from: item.origin.to_string(),
                })
                .collect()
        };
        Ok(Self {
            defaults: texts("default_channels"),
            custom: places(config, "custom_channels")?,
            several: several.collect(),
            migrated_aliases: texts("migrated_channel_aliases"),
            migrated_custom: places(config, "migrated_custom_channels")?,
            allowed: listed("allowlist_channels"),
            denied: listed("denylist_channels"),
        })
    }

    /// The channels that a text stands for, as texts: several names, a name at its own place, a URL at
    /// an earlier place of a channel. Anything else is itself.
    pub(crate) fn expand(&self, text: &str) -> Vec<String> {
        let text = text.trim();
        let name = self.migrated(text).unwrap_or_else(|| text.to_owned());
        let members = self.several.iter().find(|(several, _)| *several == name);
        match members {
            Some((_, members)) => members.iter().map(|member| self.placed(member)).collect(),
            None if name == "defaults" && !self.defaults.is_empty() => self
                .defaults
                .iter()
                .map(|member| self.placed(member))
                .collect(),
            None => vec![self.placed(&name)],
        }
    }

    /// The URL of a name that has a place of its own, or that lies below one that has.
    fn placed(&self, name: &str) -> String {
        let is_name = !name.contains("://") && !larder_manifest::is_local_path(name);
        let custom = self
            .custom
            .iter()
            .filter(|(custom, _)| is_name && is_below(custom, name));
        let nearest = custom.max_by_key(|(custom, _)| custom.len());
        match nearest {
            Some((_, place)) => format!("{}/{name}", place.trim_end_matches('/')),
            None if is_name => self
                .anaconda_channel(name)
                .unwrap_or_else(|| name.to_owned()),
            None => name.to_owned(),
        }
    }

    /// The URL of `pkgs/main` and its siblings, which are names of channels of repo.anaconda.com, not of the alias. Where
    /// the configuration has its own `default_channels`, a mirror among them stands for the channel, as in conda.
    fn anaconda_channel(&self, name: &str) -> Option<String> {
        let name = name.trim_matches('/');
        let known = ANACONDA_CHANNELS
            .iter()
            .find(|known| is_below(known, name))?;
        let is_mirror = |url: &&String| {
            let url = url.trim_end_matches('/');
            url.contains("://") && url.ends_with(&format!("/{known}"))
        };
        let rest = name.strip_prefix(*known).unwrap_or_default();
        let mirror = self.defaults.iter().find(is_mirror);
        let base = mirror.map_or_else(
            || format!("{ANACONDA_HOST}/{known}"),
            |mirror| mirror.trim_end_matches('/').to_owned(),
        );
        Some(format!("{base}{rest}"))
    }

    /// The name of what is at an earlier place of a channel.
    fn migrated(&self, text: &str) -> Option<String> {
        let custom = self.migrated_custom.iter().find_map(|(name, place)| {
            let url = format!("{}/{name}", place.trim_end_matches('/'));
            rest(&url, text).map(|rest| format!("{name}{rest}"))
        });
        custom.or_else(|| {
            let mut aliases = self.migrated_aliases.iter();
            let rest = aliases.find_map(|alias| rest(alias.trim_end_matches('/'), text));
            let name = rest?.trim_matches('/');
            (!name.is_empty()).then(|| name.to_owned())
        })
    }

    /// Whether every package comes from a channel that may be used, whatever named that: a lock, a
    /// related channel, a spec.
    ///
    /// # Errors
    /// As [`ChannelRules::check`].
    pub(crate) fn check_closure(
        &self,
        closure: &Closure,
        settings: &Settings,
    ) -> Result<(), ChannelsError> {
        let base = |package: &LockedPackage| {
            let url = larder_fetch::clean(&package.record.url);
            let directory = url.as_str().rsplit_once('/').map_or("", |(above, _)| above);
            channel_name::base_url(directory, &package.record.package_record.subdir)
        };
        let bases: BTreeSet<String> = closure.packages().iter().map(base).collect();
        let bases: Vec<String> = bases.into_iter().collect();
        self.check(&bases, settings)
    }

    /// Whether every channel may be used.
    ///
    /// # Errors
    /// The first that may not, and who says so.
    pub(crate) fn check(&self, urls: &[String], settings: &Settings) -> Result<(), ChannelsError> {
        if self.allowed.is_empty() && self.denied.is_empty() {
            return Ok(());
        }
        for url in urls {
            if let Some(denied) = named(&self.denied, url, settings) {
                return Err(ChannelsError::Denied {
                    channel: without_credentials(url),
                    from: denied.from.clone(),
                });
            }
            if let Some(first) = self.allowed.first()
                && named(&self.allowed, url, settings).is_none()
            {
                return Err(ChannelsError::NotAllowed {
                    channel: without_credentials(url),
                    from: first.from.clone(),
                });
            }
        }
        Ok(())
    }
}

/// The entry of a list that means this URL.
fn named<'a>(
    list: &'a [ConfiguredChannel],
    url: &str,
    settings: &Settings,
) -> Option<&'a ConfiguredChannel> {
    list.iter().find(|entry| {
        let urls = base_urls(&entry.text, settings).unwrap_or_default();
        urls.iter()
            .any(|known| known.as_str().trim_end_matches('/') == url)
    })
}

/// Names with the URLs above them; a URL must be one.
fn places(config: &Config, key: &'static str) -> Result<Vec<(String, String)>, ConfigurationError> {
    let mut places = Vec::new();
    for (name, place) in config.map(key) {
        let text = place.value.as_deref().unwrap_or_default();
        if !text.contains("://") && !larder_manifest::is_local_path(text) {
            let expected = "names with the URLs that they are below";
            return Err(wrong(&place.origin, key, expected, text));
        }
        places.push((name.trim_matches('/').to_owned(), text.to_owned()));
    }
    Ok(places)
}

/// Whether `name` is `custom` or a part of it, by whole words between slashes.
fn is_below(custom: &str, name: &str) -> bool {
    let rest = name.trim_matches('/').strip_prefix(custom);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What follows `base` in a URL, by whole words; credentials of the URL do not count.
fn rest<'a>(base: &str, url: &'a str) -> Option<&'a str> {
    let without = |url: &'a str| -> Option<(&'a str, &'a str)> {
        let (scheme, rest) = url.split_once("://")?;
        let host = rest.split('/').next()?;
        Some((
            scheme,
            match host.rsplit_once('@') {
                Some((user, _)) => rest.get(user.len() + 1..)?,
                None => rest,
            },
        ))
    };
    let (_, base) = base.split_once("://")?;
    let rest = without(url)?.1.trim_end_matches('/').strip_prefix(base)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

#[cfg(test)]
mod tests;
