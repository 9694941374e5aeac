//! The channels of one solve: the command line's, the manifest's, the configuration's.

use std::{cell::RefCell, collections::BTreeSet};

use larder_event::Reporter;
use larder_fetch::Credential;
use larder_lock::LockChannel;
use larder_manifest::{
    ChannelContext, ChannelEntry, ChannelError, Lookup, Manifest, Position, ResolvedChannel,
    anaconda_defaults, check_channel_variables, expand_variables, resolve_channel,
    without_credentials,
};
use rattler_conda_types::{Channel, ChannelUrl, Subdir};
use url::Url;

use crate::{Settings, spec_channels::channels_of_specs};

/// The channel that is used when nothing names one.
const DEFAULT_CHANNEL: &str = "conda-forge";

/// Why there are no channels.
#[derive(Debug, thiserror::Error)]
pub enum ChannelsError {
    /// One of the manifest.
    #[error("{position}: {source}")]
    Manifest {
        /// Where it stands.
        position: Position,
        /// What is wrong with it.
        source: ChannelError,
    },
    /// One of the command line or the configuration.
    #[error("{from}: {source}")]
    Other {
        /// Where it is from.
        from: String,
        /// What is wrong with it.
        source: ChannelError,
    },
    /// One that the configuration does not let pass.
    #[error("the channel `{channel}` is not among the `allowlist_channels` at {from}")]
    NotAllowed {
        /// Its URL.
        channel: String,
        /// Where the list begins.
        from: String,
    },
    /// One that the configuration forbids.
    #[error("the channel `{channel}` is among the `denylist_channels`, at {from}")]
    Denied {
        /// Its URL.
        channel: String,
        /// Where it stands.
        from: String,
    },
    /// The alias that bare names are joined to.
    #[error("the channel alias `{text}` is not a URL")]
    Alias {
        /// As given, without credentials.
        text: String,
        /// What is wrong with it.
        #[source]
        source: url::ParseError,
    },
}

/// Channels in order of priority, with what opens them apart.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChannelSet {
    channels: Vec<Channel>,
    urls: Vec<String>,
    variables: Vec<Vec<String>>,
    credentials: Vec<(Url, Credential)>,
    subdirs: Vec<(String, String)>,
    /// How many of them the command line and the manifest name.
    own: usize,
}

impl ChannelSet {
    /// `named` (the command line's), then the manifest's, then, unless it says `nodefaults`, those of
    /// the configuration (CEP 24); conda-forge if that is none at all. A channel that is named twice
    /// keeps its first place, and has the first credentials that any of its mentions has.
    pub(crate) fn new(
        named: &[String],
        manifest: &Manifest,
        subdir: Subdir,
        settings: &Settings,
        reporter: &dyn Reporter,
    ) -> Result<Self, ChannelsError> {
        let alias = alias(settings)?;
        let context = ChannelContext {
            alias: &alias,
            root_dir: &settings.working_directory,
            home: settings.home.as_deref(),
            default_channels: &anaconda_defaults(subdir.is_windows()),
        };
        let mut set = Self::default();
        for text in named {
            set.add_other(text, "--channel", &context, settings)?;
        }
        for entry in manifest.channels_for(subdir).into_iter().flatten() {
            set.add_entry(entry, &context, settings)?;
        }
        set.own = set.channels.len();
        if !manifest.nodefaults {
            for channel in &settings.default_channels {
                set.add_other(&channel.text, &channel.from, &context, settings)?;
            }
        }
        if set.channels.is_empty() {
            set.add_other(DEFAULT_CHANNEL, "default", &context, settings)?;
            set.own = set.channels.len();
        }
        for resolved in channels_of_specs(manifest, subdir, &context, settings)? {
            let url = resolved.url;
            let opening = resolved.credentials.into_iter();
            set.credentials
                .extend(opening.map(|credential| (url.clone(), credential)));
        }
        settings.channel_rules.check(&set.urls, settings)?;
        for (text, subdir) in &set.subdirs {
            let reading = "the part is ignored and the subdirs of the environment are read";
            reporter.warn(
                "channel::subdir",
                format!("the channel `{text}` ends in the subdir {subdir}: {reading}"),
            );
        }
        Ok(set)
    }

    /// The channels of a lock, by their URLs.
    pub(crate) fn of_lock(urls: &[String], settings: &Settings) -> Result<Self, ChannelsError> {
        let alias = alias(settings)?;
        let context = ChannelContext {
            alias: &alias,
            root_dir: &settings.working_directory,
            home: settings.home.as_deref(),
            default_channels: &[],
        };
        let mut set = Self::default();
        for url in urls {
            set.add(url, &[], &context)
                .map_err(|source| ChannelsError::Other {
                    from: "lock".to_owned(),
                    source,
                })?;
        }
        Ok(set)
    }

    /// In order of priority, without credentials.
    pub(crate) fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// Whether channels of the configuration stand for those that nobody named.
    pub(crate) fn are_configured(&self) -> bool {
        self.own == 0
    }

    /// Their base URLs, as locks have them, of those that a lock is made from. A lock is for everybody: where the command line or the
    /// manifest name channels, those of one user's configuration do not count.
    pub(crate) fn lock_urls(&self) -> &[String] {
        match self.urls.get(..self.own) {
            Some(own) if self.own > 0 => own,
            _ => &self.urls,
        }
    }

    /// Only those that a lock is made from.
    pub(crate) fn for_lock(mut self) -> Self {
        if self.own > 0 {
            self.channels.truncate(self.own);
            self.urls.truncate(self.own);
            self.variables.truncate(self.own);
        }
        self
    }

    /// What opens which channel.
    pub(crate) fn credentials(&self) -> &[(Url, Credential)] {
        &self.credentials
    }

    /// For the head of a lock.
    pub(crate) fn lock_channels(&self) -> Vec<LockChannel> {
        let channel = |(url, used_env_vars): (&String, &Vec<String>)| LockChannel {
            url: url.clone(),
            used_env_vars: used_env_vars.clone(),
        };
        self.urls.iter().zip(&self.variables).map(channel).collect()
    }

    fn add_entry(
        &mut self,
        entry: &ChannelEntry,
        context: &ChannelContext<'_>,
        settings: &Settings,
    ) -> Result<(), ChannelsError> {
        check_channel_variables(&entry.written, &entry.text).map_err(|source| {
            ChannelsError::Manifest {
                position: entry.position.clone(),
                source,
            }
        })?;
        let variables = used_variables(&entry.written, settings);
        for text in settings.channel_rules.expand(&entry.text) {
            self.add(&text, &variables, context)
                .map_err(|source| ChannelsError::Manifest {
                    position: entry.position.clone(),
                    source,
                })?;
        }
        Ok(())
    }

    fn add_other(
        &mut self,
        text: &str,
        from: &str,
        context: &ChannelContext<'_>,
        settings: &Settings,
    ) -> Result<(), ChannelsError> {
        for text in settings.channel_rules.expand(text) {
            self.add(&text, &[], context)
                .map_err(|source| ChannelsError::Other {
                    from: from.to_owned(),
                    source,
                })?;
        }
        Ok(())
    }

    fn add(
        &mut self,
        text: &str,
        variables: &[String],
        context: &ChannelContext<'_>,
    ) -> Result<(), ChannelError> {
        for resolved in resolve_channel(text, context)? {
            let url = resolved.url.as_str().trim_end_matches('/').to_owned();
            let known = self.urls.iter().position(|known| *known == url);
            if let Some(known) = known {
                self.open(known, &resolved, variables);
                continue;
            }
            self.subdirs
                .extend(resolved.subdir.map(|subdir| (resolved.text, subdir)));
            let credentials = resolved.credentials.into_iter();
            self.credentials
                .extend(credentials.map(|credential| (resolved.url.clone(), credential)));
            self.channels
                .push(Channel::from_url(ChannelUrl::from(resolved.url)));
            self.urls.push(url);
            self.variables.push(variables.to_vec());
        }
        Ok(())
    }

    /// Takes the credentials of a later mention for a channel that has none.
    fn open(&mut self, known: usize, again: &ResolvedChannel, variables: &[String]) {
        let is_open = self.credentials.iter().any(|(url, _)| *url == again.url);
        if is_open || again.credentials.is_empty() {
            return;
        }
        let credentials = again.credentials.iter().cloned();
        self.credentials
            .extend(credentials.map(|credential| (again.url.clone(), credential)));
        self.variables[known] = variables.to_vec();
    }
}

/// The base URLs that one text stands for.
pub(crate) fn base_urls(text: &str, settings: &Settings) -> Result<Vec<Url>, ChannelsError> {
    let alias = alias(settings)?;
    let context = ChannelContext {
        alias: &alias,
        root_dir: &settings.working_directory,
        home: settings.home.as_deref(),
        default_channels: &anaconda_defaults(cfg!(windows)),
    };
    let mut set = ChannelSet::default();
    set.add_other(text, "configuration", &context, settings)?;
    Ok(set
        .urls
        .iter()
        .filter_map(|url| Url::parse(url).ok())
        .collect())
}

pub(crate) fn alias(settings: &Settings) -> Result<Url, ChannelsError> {
    Url::parse(&settings.channel_alias).map_err(|source| ChannelsError::Alias {
        text: without_credentials(&settings.channel_alias),
        source,
    })
}

/// The names of the variables in a text that are set: what a lock says is needed to reach a channel.
fn used_variables(text: &str, settings: &Settings) -> Vec<String> {
    let used = UsedVariables {
        settings,
        names: RefCell::default(),
    };
    expand_variables(text, &used);
    used.names.into_inner().into_iter().collect()
}

struct UsedVariables<'a> {
    settings: &'a Settings,
    names: RefCell<BTreeSet<String>>,
}

impl Lookup for UsedVariables<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        let value = self.settings.variable(name)?;
        self.names.borrow_mut().insert(name.to_owned());
        Some(value)
    }

    fn home(&self) -> Option<String> {
        None
    }
}
