//! `exclude_newer`, `exclude_newer_package` and `exclude_newer` of `channel_settings`: conda's cool-down.

use std::time::SystemTime;

use larder_config::{Config, Located};
use larder_solve::{ChannelCutOff, CutOff, CutOffs};

use super::{ConfigurationError, age, parsed, wrong};
use crate::{Settings, channels::base_urls};

const WHEN: &str = "a date (2026-01-31), a time (2026-01-31T12:00:00Z) or an age (48h, 7d, P7D)";
const WHEN_OR_OFF: &str =
    "false, a date (2026-01-31), a time (2026-01-31T12:00:00Z) or an age (48h, 7d, P7D)";

/// The names of the setting in an item of `channel_settings`, as conda reads them.
const CHANNEL_KEYS: [&str; 2] = ["exclude_newer", "exclude-newer"];

/// A setting of one channel or package.
type ScopedSetting = Located<Option<String>>;

/// What the configuration says, with ages counted back from the start of this run. Names of channels are resolved, so
/// aliases and rules of `settings` must be in place.
pub(super) fn cut_offs(
    config: &Config,
    settings: &Settings,
) -> Result<CutOffs, ConfigurationError> {
    let now = settings.started;
    let mut cut_offs = CutOffs::default();
    if let (Some(setting), Some(text)) = (config.get("exclude_newer"), config.text("exclude_newer"))
    {
        let time = |text: &str| age::cutoff(text, now);
        cut_offs.global = Some(parsed(setting, Some(text), WHEN, time)?);
    }
    for (name, value) in config.map("exclude_newer_package") {
        let key = "exclude_newer_package";
        let package = crate::configuration::package_name(name).ok_or_else(|| {
            wrong(
                &value.origin,
                key,
                "cut-offs by the names of packages",
                name,
            )
        })?;
        if let Some(cut_off) = scoped(value, key, now)? {
            cut_offs.packages.insert(package, cut_off);
        }
    }
    for item in config.mappings("channel_settings") {
        let find = |key: &str| item.iter().find(|(name, _)| name == key);
        let value = CHANNEL_KEYS.iter().find_map(|key| find(key));
        let (Some((_, channel)), Some((_, value))) = (find("channel"), value) else {
            continue;
        };
        if let Some(cut_off) = scoped(value, "channel_settings", now)? {
            let urls = channel_urls(channel, settings)?;
            let scopes = urls.into_iter();
            cut_offs
                .channels
                .extend(scopes.map(|channel| ChannelCutOff { channel, cut_off }));
        }
    }
    Ok(cut_offs)
}

/// The cut-off that a setting means; `None` if it says nothing (`~`, `true`).
fn scoped(
    value: &ScopedSetting,
    key: &'static str,
    now: SystemTime,
) -> Result<Option<CutOff>, ConfigurationError> {
    let Some(text) = value.value.as_deref().filter(|text| !is_on(text)) else {
        return Ok(None);
    };
    let cut_off = scoped_cut_off(text, |text| age::cutoff(text, now));
    cut_off
        .map(Some)
        .ok_or_else(|| wrong(&value.origin, key, WHEN_OR_OFF, text))
}

/// The cut-off that a text means for a package or channel: conda's words for false exempt it, anything else is for
/// `read_time`.
pub(super) fn scoped_cut_off(
    text: &str,
    read_time: impl Fn(&str) -> Option<SystemTime>,
) -> Option<CutOff> {
    let text = text.trim();
    let is_off = matches!(
        text.to_lowercase().as_str(),
        "" | "false" | "no" | "off" | "n" | "non" | "none" | "0"
    );
    match is_off {
        true => Some(CutOff::Exempt),
        false => read_time(text).map(CutOff::At),
    }
}

fn is_on(text: &str) -> bool {
    ["true", "yes", "on", "y"].contains(&text.trim().to_lowercase().as_str())
}

/// The channels that a name, a URL or a pattern of URLs means, as records name them.
fn channel_urls(
    channel: &ScopedSetting,
    settings: &Settings,
) -> Result<Vec<String>, ConfigurationError> {
    let text = channel.value.as_deref().unwrap_or_default().trim();
    let expected = "settings of a channel: `channel` is a name, a URL, or a pattern such as https://repo.test/*";
    let refuse = || wrong(&channel.origin, "channel_settings", expected, text);
    let trimmed = |url: &str| url.trim_end_matches('/').to_owned();
    if text.contains(['*', '?']) {
        let is_pattern = text.contains("://") && !text.contains(['[', '@']);
        return is_pattern.then(|| vec![trimmed(text)]).ok_or_else(refuse);
    }
    let urls = base_urls(text, settings).map_err(|_| refuse())?;
    Ok(urls.iter().map(|url| trimmed(url.as_str())).collect())
}
