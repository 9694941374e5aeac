//! What conda's configuration means for larder: from merged values to [`Settings`].
//!
//! Finding, merging and typing is `larder-config`'s; this says what each honoured key does. Values that
//! are wrong for their key are refused with the place where they stand.

use std::{collections::HashMap, path::PathBuf, time::SystemTime};

use larder_config::{Config, Located, Origin, Setting};
use larder_fs::LinkMode;
use larder_link::ClobberPolicy;
use larder_manifest::SpecError;
use larder_solve::{CutOff, CutOffs, Priority, Requested};
use url::Url;

use crate::{ChannelRules, Settings, channel_rules::ConfiguredChannel};

mod age;
mod cut_offs;
mod disk;
mod error;
mod network;
mod report;

pub use age::point_in_time;
pub use error::ConfigurationError;
pub use larder_config::{
    ConfigError, ConfigWarning, Loaded as LoadedConfiguration, Places as ConfigurationPlaces,
};
pub use network::{NetworkSettings, ProxyRule};
pub use report::{
    ConfigurationReport, DescribedKey, ReportedItem, ReportedSetting, configuration, describe_keys,
};

/// What holds where the command line says nothing else.
#[derive(Debug, Clone, Default)]
pub struct CommandDefaults {
    /// What the order of channels means.
    pub priority: Option<Priority>,
    /// Ignore records that were published later.
    pub exclude_newer: CutOffs,
    /// How files get into environments.
    pub link_mode: Option<LinkMode>,
    /// Two packages with one path.
    pub clobber: Option<ClobberPolicy>,
    /// Change nothing.
    pub dry_run: bool,
    /// Whether `--override-channels` is refused, and by whom.
    pub keeps_channels: Option<String>,
}

/// What stands before a shell's prompt while an environment is active.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// Whether anything does.
    pub shown: bool,
    /// The text, with `{default_env}`, `{stacked_env}`, `{name}` and `{prefix}` in it.
    pub template: String,
}

impl Default for Prompt {
    fn default() -> Self {
        Self {
            shown: true,
            template: "({default_env}) ".to_owned(),
        }
    }
}

/// Reads the configuration files of `places` and the variables, and merges them as conda does.
pub fn read_configuration(
    places: &ConfigurationPlaces,
    variables: &HashMap<String, String>,
) -> LoadedConfiguration {
    larder_config::load(places, variables, &disk::Disk)
}

impl Settings {
    /// Takes over what the configuration says. Where it says nothing, these settings stay.
    ///
    /// # Errors
    /// If a value makes no sense for its key.
    pub fn configure(&mut self, config: &Config) -> Result<(), ConfigurationError> {
        if let Some(alias) = config.get("channel_alias") {
            self.channel_alias = parsed(alias, config.text("channel_alias"), "a URL", |text| {
                Url::parse(text).ok().map(|_| text.to_owned())
            })?;
        }
        self.default_channels = config.list("channels").iter().map(channel).collect();
        self.channel_rules = ChannelRules::of(config)?;
        self.directories(config);
        self.pinned = match config.flag("ignore_pinned") {
            Some(true) => Vec::new(),
            _ => specs(config, "pinned_packages")?,
        };
        self.pip_follows_python = config.flag("add_pip_as_python_dependency").unwrap_or(true);
        self.create_default_packages = specs(config, "create_default_packages")?;
        self.offline |= config.flag("offline").unwrap_or(false);
        self.register = config.flag("register_envs").unwrap_or(true);
        self.only_tar_bz2 = config.flag("use_only_tar_bz2").unwrap_or(false);
        let threads = config.count("execute_threads");
        if let Some(threads) = threads.or_else(|| config.count("default_threads")) {
            self.threads = threads;
        }
        self.prompt = prompt(config);
        let general_subdir = config.general_subdir();
        if let Some(Located { value, origin }) =
            general_subdir.filter(|text| !text.value.is_empty())
        {
            let expected = "a platform such as linux-64";
            let subdir = crate::platforms::parse(value).ok();
            self.subdir = Some(subdir.ok_or_else(|| wrong(origin, "subdir", expected, value))?);
        }
        for (name, version) in config.map("override_virtual_packages") {
            let name = name
                .trim_start_matches("__")
                .to_uppercase()
                .replace('-', "_");
            let variable = format!("CONDA_OVERRIDE_{name}");
            let version = version.value.clone().unwrap_or_default();
            self.variables.entry(variable).or_insert(version);
        }
        self.network(config)?;
        self.defaults = CommandDefaults {
            exclude_newer: cut_offs::cut_offs(config, self)?,
            ..command_defaults(config)?
        };
        Ok(())
    }

    fn directories(&mut self, config: &Config) {
        let dirs = config.list("envs_dirs").iter();
        let dirs: Vec<PathBuf> = dirs.map(|dir| self.absolute(&dir.value)).collect();
        let known = std::mem::take(&mut self.environments);
        for directory in dirs.into_iter().chain(known) {
            if !self.environments.contains(&directory) {
                self.environments.push(directory);
            }
        }
        let dirs = config.list("pkgs_dirs").iter();
        self.package_dirs = dirs.map(|dir| self.absolute(&dir.value)).collect();
    }
}

fn prompt(config: &Config) -> Prompt {
    let default = Prompt::default();
    Prompt {
        shown: config.flag("changeps1").unwrap_or(default.shown),
        template: config
            .text("env_prompt")
            .map_or(default.template, str::to_owned),
    }
}

fn command_defaults(config: &Config) -> Result<CommandDefaults, ConfigurationError> {
    let setting = |name: &str| config.get(name);
    let mut defaults = CommandDefaults {
        dry_run: config.flag("dry_run").unwrap_or(false),
        ..CommandDefaults::default()
    };
    if let Some(priority) = setting("channel_priority") {
        let expected = "strict, flexible or disabled";
        let text = config.text("channel_priority");
        defaults.priority = Some(parsed(priority, text, expected, channel_priority)?);
    }
    if config.flag("always_copy") == Some(true) {
        defaults.link_mode = Some(LinkMode::Copy);
    }
    if let Some(conflict) = setting("path_conflict") {
        let policy = |text: &str| match text {
            "clobber" | "warn" => Some(ClobberPolicy::Warn),
            "prevent" => Some(ClobberPolicy::Error),
            _ => None,
        };
        let text = config.text("path_conflict");
        defaults.clobber = Some(parsed(conflict, text, "clobber, warn or prevent", policy)?);
    }
    if config.flag("override_channels_enabled") == Some(false) {
        defaults.keeps_channels = setting("override_channels_enabled").map(from);
    }
    Ok(defaults)
}

/// The cut-off of one package, as a command line has it: its normalized name, and what holds for it.
pub fn package_cut_off(text: &str, now: SystemTime) -> Option<(String, CutOff)> {
    let (name, when) = text.split_once('=')?;
    let cut_off = cut_offs::scoped_cut_off(when, |when| point_in_time(when, now))?;
    // Nothing behind the sign is a mistake here; in a file it is conda's spelling of false.
    (!when.trim().is_empty()).then_some((package_name(name)?, cut_off))
}

fn package_name(text: &str) -> Option<String> {
    let spec = larder_manifest::parse_spec(text.trim()).ok()?;
    let is_bare = spec.version.is_none() && spec.build.is_none() && spec.channel.is_none();
    let name = spec.name.as_exact().filter(|_| is_bare)?;
    Some(name.as_normalized().to_owned())
}

/// conda's words, and its older ones.
fn channel_priority(text: &str) -> Option<Priority> {
    match text.to_lowercase().as_str() {
        "strict" => Some(Priority::Strict),
        "flexible" | "true" | "yes" | "on" => Some(Priority::Flexible),
        "disabled" | "false" | "no" | "off" => Some(Priority::Disabled),
        _ => None,
    }
}

fn channel(item: &Located<String>) -> ConfiguredChannel {
    ConfiguredChannel {
        text: item.value.clone(),
        from: item.origin.to_string(),
    }
}

fn specs(config: &Config, key: &'static str) -> Result<Vec<Requested>, ConfigurationError> {
    let spec = |item: &Located<String>| {
        let spec = larder_manifest::parse_spec(&item.value);
        let expected = match spec {
            Err(SpecError::Scheme { .. }) => {
                "a list of package specs with channels by https, http or file"
            }
            _ => "a list of package specs such as `numpy` or `python=3.12`",
        };
        let spec = spec.ok().filter(|spec| spec.name.as_exact().is_some());
        Ok(Requested {
            spec: spec.ok_or_else(|| wrong(&item.origin, key, expected, &item.value))?,
            text: larder_manifest::without_credentials(&item.value),
            location: Some(item.origin.to_string()),
            is_implied: false,
        })
    };
    config.list(key).iter().map(spec).collect()
}

fn from(setting: &Setting) -> String {
    setting.origin.to_string()
}

/// What `read` makes of the text of a setting.
fn parsed<T>(
    setting: &Setting,
    text: Option<&str>,
    expected: &'static str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<T, ConfigurationError> {
    let text = text.unwrap_or_default();
    read(text).ok_or_else(|| wrong(&setting.origin, setting.key.name, expected, text))
}

pub(crate) fn wrong(
    origin: &Origin,
    key: &'static str,
    expected: &'static str,
    found: &str,
) -> ConfigurationError {
    ConfigurationError::Value {
        from: origin.to_string(),
        key,
        expected,
        found: larder_manifest::without_credentials(found),
    }
}

#[cfg(test)]
mod tests;
