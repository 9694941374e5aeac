//! From places and variables to the configuration in force.

use std::{collections::HashMap, path::PathBuf};

use larder_manifest::Lookup;

use crate::{
    Config, ConfigError, ConfigWarning, Files, Key, Located, Places, Setting, Treatment, Value,
    config::shown,
    files::{existing, is_of_environment},
    key::keys,
    merge::merge,
    parameters::{Parameters, of_file, of_own_variables, of_variables},
    raw::Raw,
    typed::{check, flag, typed},
};

/// A configuration and what is to be said of it.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The values in force. What an error is about is not among them.
    pub config: Config,
    /// The files that were read, the weakest first.
    pub files: Vec<PathBuf>,
    /// What cannot be used, in the order of the sources.
    pub errors: Vec<ConfigError>,
    /// What has no effect.
    pub warnings: Vec<ConfigWarning>,
}

/// Reads every configuration file of `places` and the variables, and merges them: later places win over
/// earlier ones, variables `CONDA_*` over all files, and larder's own over those.
///
/// Problems are collected, not thrown: whoever only shows the configuration shows what is wrong with it.
pub fn load(places: &Places, variables: &HashMap<String, String>, files: &dyn Files) -> Loaded {
    let mut loaded = Loaded::default();
    let mut sources: Vec<Source> = Vec::new();
    for path in existing(places, files) {
        match files.read(&path) {
            Ok(bytes) => {
                let found = of_file(&path.to_string_lossy(), &bytes);
                sources.push(Source {
                    parameters: found.parameters,
                    is_of_environment: is_of_environment(&path, places),
                });
                loaded.errors.extend(found.errors);
                loaded.warnings.extend(found.warnings);
            }
            Err(source) => loaded.errors.push(ConfigError::Unreadable {
                path: path.clone(),
                source,
            }),
        }
        loaded.files.push(path);
    }
    let (parameters, errors) = of_variables(variables);
    sources.push(Source::of_everybody(parameters));
    sources.push(Source::of_everybody(of_own_variables(variables)));
    loaded.errors.extend(errors);
    let lookup = Variables(variables);
    for key in keys() {
        loaded.set(key, &sources, &lookup);
    }
    loaded
}

/// The key whose value in an environment holds for that environment alone.
const SUBDIR: &str = "subdir";

/// What one file says, or variables.
struct Source {
    parameters: Parameters,
    /// Whether it is a file in the environment that the command is about.
    is_of_environment: bool,
}

impl Source {
    fn of_everybody(parameters: Parameters) -> Self {
        Self {
            parameters,
            is_of_environment: false,
        }
    }
}

impl Loaded {
    fn set(&mut self, key: &'static Key, sources: &[Source], lookup: &dyn Lookup) {
        let mut fitting: Vec<&Raw> = Vec::new();
        let mut general: Vec<&Raw> = Vec::new();
        for source in sources {
            let Some(raw) = source.parameters.get(key.name) else {
                continue;
            };
            match check(key, raw) {
                Ok(()) => {
                    fitting.push(raw);
                    general.extend((!source.is_of_environment).then_some(raw));
                }
                // What larder does not follow need not be right either.
                Err(_) if key.treatment != Treatment::Honoured => {}
                Err(error) => self.errors.push(error),
            }
        }
        if key.name == SUBDIR
            && let Some(raw) = merge(&general)
            && let Ok(Value::Text(text)) = typed(key, &raw, lookup)
        {
            self.config.general_subdir = Some(Located {
                value: text,
                origin: raw.origin,
            });
        }
        let Some(raw) = merge(&fitting) else {
            return;
        };
        let value = match typed(key, &raw, lookup) {
            Ok(value) => value,
            Err(error) => {
                self.errors.push(error);
                return;
            }
        };
        let setting = Setting {
            key,
            value,
            origin: raw.origin.clone(),
            parts: fitting.iter().map(|raw| part(raw)).collect(),
            raw,
        };
        if key.treatment == Treatment::Warned && !is_harmless(&setting) {
            self.warnings.push(ConfigWarning::NotHonoured {
                origin: setting.origin.clone(),
                key: key.name,
                why: key.text,
            });
        }
        self.warnings.extend(unused_channel_settings(&setting));
        self.config.settings.insert(key.name, setting);
    }
}

fn part(raw: &Raw) -> Located<String> {
    Located {
        value: shown(raw),
        origin: raw.origin.clone(),
    }
}

/// Whether a value asks for nothing that larder does not do.
fn is_harmless(setting: &Setting) -> bool {
    let harmless = &setting.key.harmless;
    let is_named = |text: &str| {
        let means =
            |known: &&str| text == *known || (flag(known).is_some() && flag(text) == flag(known));
        harmless.iter().any(means)
    };
    match &setting.value {
        Value::Flag(flag) => is_named(if *flag { "true" } else { "false" }),
        Value::Number(number) => is_named(&number.to_string()),
        Value::Text(text) => text.is_empty() || is_named(text),
        Value::List(items) => items.iter().all(|item| is_named(&item.value)),
        Value::Map(entries) => entries.is_empty(),
        Value::Lists(entries) => entries.is_empty(),
        Value::Mappings(items) => items.is_empty(),
        Value::Any => false,
    }
}

/// The settings of channels that have no effect. conda gives all but `exclude_newer` to plug-ins.
fn unused_channel_settings(setting: &Setting) -> Vec<ConfigWarning> {
    let Value::Mappings(items) = &setting.value else {
        return Vec::new();
    };
    let mut warnings = Vec::new();
    for (name, value) in items.iter().flatten() {
        let why = match name.as_str() {
            "channel" | "exclude_newer" | "exclude-newer" => continue,
            "auth" => {
                "there are no plug-ins: credentials come from ~/.netrc, RATTLER_AUTH_FILE or the channel's URL"
            }
            _ => "conda gives it to a plug-in, and there are none",
        };
        warnings.push(ConfigWarning::ChannelSetting {
            origin: value.origin.clone(),
            setting: larder_redact::redact_text(name),
            why,
        });
    }
    for item in items {
        let has = |key: &str| item.iter().any(|(name, _)| name == key);
        let first = item.iter().find(|(name, _)| name.starts_with("exclude"));
        if let Some((name, value)) = first.filter(|_| !has("channel")) {
            warnings.push(ConfigWarning::ChannelSetting {
                origin: value.origin.clone(),
                setting: larder_redact::redact_text(name),
                why: "the item names no `channel`",
            });
        }
    }
    warnings
}

struct Variables<'a>(&'a HashMap<String, String>);

impl Lookup for Variables<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    fn home(&self) -> Option<String> {
        None
    }
}
