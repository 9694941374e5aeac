//! `larder config`: every value in force and where it came from. Credentials are masked.

use std::path::PathBuf;

use larder_config::{Config, Key, Kind, Located, Mapping, Setting, Treatment, Value, find, keys};
use serde::Serialize;

use super::{ConfigurationError, LoadedConfiguration};

/// The configuration in force.
#[derive(Debug, Clone, Serialize)]
pub struct ConfigurationReport {
    /// The files that were read, the weakest first.
    pub files: Vec<PathBuf>,
    /// What holds, by the key's name: what is honoured, and whatever else is set.
    pub settings: Vec<ReportedSetting>,
    /// What has no effect, and why.
    pub warnings: Vec<String>,
    /// What cannot be used. No command that needs the configuration runs while there is any.
    pub errors: Vec<String>,
}

/// One key.
#[derive(Debug, Clone, Serialize)]
pub struct ReportedSetting {
    /// Its name.
    pub key: &'static str,
    /// The value as one text; what holds by default, in words.
    pub value: String,
    /// Whether nothing sets it.
    pub is_default: bool,
    /// Whether larder does what it says.
    pub is_honoured: bool,
    /// Whether it is a mapping.
    pub is_mapping: bool,
    /// What it does, or why it does nothing.
    pub text: &'static str,
    /// The source that counts most, if anything sets it.
    pub source: Option<String>,
    /// Every source's own value, the weakest first.
    pub sources: Vec<ReportedItem>,
    /// The items of a list or mapping, each with the source that it came from.
    pub items: Vec<ReportedItem>,
}

/// A value and its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportedItem {
    /// The value as one text.
    pub value: String,
    /// The file and line, or the variable.
    pub source: String,
}

/// A key and what it is to larder.
#[derive(Debug, Clone, Serialize)]
pub struct DescribedKey {
    /// Its name.
    pub key: &'static str,
    /// Other names for it.
    pub aliases: Vec<&'static str>,
    /// `honoured`, `accepted` (without effect), or `warned` (not honoured, and named if it is set).
    pub treatment: &'static str,
    /// What it does, or why it does nothing.
    pub text: &'static str,
    /// What holds without it, in words.
    pub default: &'static str,
}

/// What holds for `named` keys (names or aliases; none means all that are honoured and all that are set).
///
/// # Errors
/// If a name is no key.
pub fn configuration(
    loaded: &LoadedConfiguration,
    named: &[String],
) -> Result<ConfigurationReport, ConfigurationError> {
    let wanted = wanted(named)?;
    let is_wanted = |key: &&Key| match wanted.as_slice() {
        [] => key.treatment == Treatment::Honoured || loaded.config.get(key.name).is_some(),
        names => names.contains(&key.name),
    };
    Ok(ConfigurationReport {
        files: loaded.files.clone(),
        settings: keys()
            .iter()
            .filter(is_wanted)
            .map(|key| reported(key, &loaded.config))
            .collect(),
        warnings: loaded.warnings.iter().map(ToString::to_string).collect(),
        errors: loaded.errors.iter().map(ToString::to_string).collect(),
    })
}

/// The table of `named` keys, all if none is.
///
/// # Errors
/// If a name is no key.
pub fn describe_keys(named: &[String]) -> Result<Vec<DescribedKey>, ConfigurationError> {
    let wanted = wanted(named)?;
    let described = |key: &Key| DescribedKey {
        key: key.name,
        aliases: key.aliases.clone(),
        treatment: match key.treatment {
            Treatment::Honoured => "honoured",
            Treatment::Accepted => "accepted",
            Treatment::Warned => "warned",
        },
        text: key.text,
        default: key.default,
    };
    let keys = keys().iter();
    let keys = keys.filter(|key| wanted.is_empty() || wanted.contains(&key.name));
    Ok(keys.map(described).collect())
}

fn wanted(named: &[String]) -> Result<Vec<&'static str>, ConfigurationError> {
    let known = |name: &String| match find(name) {
        Some(key) => Ok(key.name),
        None => {
            let names: Vec<&'static str> = keys().iter().map(|key| key.name).collect();
            Err(ConfigurationError::UnknownKey {
                key: name.clone(),
                similar: larder_manifest::nearest(name, &names),
            })
        }
    };
    named.iter().map(known).collect()
}

fn reported(key: &Key, config: &Config) -> ReportedSetting {
    let setting = config.get(key.name);
    let source = |setting: &Setting| setting.origin.to_string();
    ReportedSetting {
        key: key.name,
        value: setting.map_or_else(|| key.default.to_owned(), Setting::shown),
        is_default: setting.is_none(),
        is_honoured: key.treatment == Treatment::Honoured,
        is_mapping: matches!(key.kind, Kind::Map | Kind::Lists),
        text: key.text,
        source: setting.map(source),
        sources: setting.map(sources).unwrap_or_default(),
        items: setting.map(items).unwrap_or_default(),
    }
}

fn sources(setting: &Setting) -> Vec<ReportedItem> {
    let item = |part: &Located<String>| ReportedItem {
        value: part.value.clone(),
        source: part.origin.to_string(),
    };
    setting.parts.iter().map(item).collect()
}

fn map_item((name, located): &(String, Located<Option<String>>)) -> ReportedItem {
    let text = located.value.as_deref().unwrap_or("~");
    let shown = larder_manifest::without_credentials(text);
    ReportedItem {
        value: format!("{name}: {shown}"),
        source: located.origin.to_string(),
    }
}

/// A mapping in a list, on one line.
fn mapping_item(mapping: &Mapping) -> Option<ReportedItem> {
    let first = mapping.first().map(map_item)?;
    let texts: Vec<String> = mapping.iter().map(|entry| map_item(entry).value).collect();
    Some(ReportedItem {
        value: format!("{{{}}}", texts.join(", ")),
        ..first
    })
}

fn items(setting: &Setting) -> Vec<ReportedItem> {
    let item = |text: &str, source: &larder_config::Origin| ReportedItem {
        value: larder_manifest::without_credentials(text),
        source: source.to_string(),
    };
    match &setting.value {
        Value::List(items) => items
            .iter()
            .map(|located| item(&located.value, &located.origin))
            .collect(),
        Value::Map(entries) => entries.iter().map(map_item).collect(),
        Value::Mappings(mappings) => mappings.iter().filter_map(mapping_item).collect(),
        Value::Lists(entries) => entries
            .iter()
            .flat_map(|(name, list)| list.iter().map(move |located| (name, located)))
            .map(|(name, located)| {
                let shown = larder_manifest::without_credentials(&located.value);
                ReportedItem {
                    value: format!("{name}: {shown}"),
                    source: located.origin.to_string(),
                }
            })
            .collect(),
        _ => Vec::new(),
    }
}
