//! The values in force, each with the places that it came from.

use std::collections::BTreeMap;

use crate::{
    Key, Located, Mapping, Origin, Value,
    raw::{Data, Raw},
};

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The key.
    pub key: &'static Key,
    /// Its value, merged.
    pub value: Value,
    /// Where it is set; the source that counts most for a value that several have a part in.
    pub origin: Origin,
    /// What every source says by itself, as a text without credentials, the weakest first.
    pub parts: Vec<Located<String>>,
    pub(crate) raw: Raw,
}

impl Setting {
    /// The value as one text for messages and tables, credentials masked.
    pub fn shown(&self) -> String {
        shown(&self.raw)
    }
}

/// What files and variables say, merged.
#[derive(Debug, Clone, Default)]
pub struct Config {
    pub(crate) settings: BTreeMap<&'static str, Setting>,
    pub(crate) general_subdir: Option<Located<String>>,
}

impl Config {
    /// The setting of a key by its name, if any source sets it.
    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.settings.get(name)
    }

    /// Every setting, by the key's name.
    pub fn settings(&self) -> impl Iterator<Item = &Setting> {
        self.settings.values()
    }

    /// The text of `subdir` without what the files in an environment say: the platform of one environment
    /// is not that of the next one that is made while it is active.
    pub fn general_subdir(&self) -> Option<&Located<String>> {
        self.general_subdir.as_ref()
    }

    /// The value of a flag.
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.get(name)?.value {
            Value::Flag(flag) => Some(flag),
            _ => None,
        }
    }

    /// The value of a number.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.get(name)?.value {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// A number that is a whole one and not below 1, `None` for anything else: 0 stands for "as you
    /// like" with conda.
    pub fn count(&self, name: &str) -> Option<usize> {
        let number = self.number(name)?;
        (1.0..=65_536.0)
            .contains(&number)
            .then_some(number as usize)
    }

    /// The value of a text; none if it is empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        match &self.get(name)?.value {
            Value::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// The items of a list; empty if nothing sets it.
    pub fn list(&self, name: &str) -> &[Located<String>] {
        match self.get(name).map(|setting| &setting.value) {
            Some(Value::List(list)) => list,
            _ => &[],
        }
    }

    /// The items of a map; empty if nothing sets it.
    pub fn map(&self, name: &str) -> &[(String, Located<Option<String>>)] {
        match self.get(name).map(|setting| &setting.value) {
            Some(Value::Map(map)) => map,
            _ => &[],
        }
    }

    /// The items of a list of maps; empty if nothing sets it.
    pub fn mappings(&self, name: &str) -> &[Mapping] {
        match self.get(name).map(|setting| &setting.value) {
            Some(Value::Mappings(mappings)) => mappings,
            _ => &[],
        }
    }

    /// The items of a map of lists; empty if nothing sets it.
    pub fn lists(&self, name: &str) -> &[(String, Vec<Located<String>>)] {
        match self.get(name).map(|setting| &setting.value) {
            Some(Value::Lists(lists)) => lists,
            _ => &[],
        }
    }
}

/// A value as one text, credentials masked.
pub(crate) fn shown(raw: &Raw) -> String {
    match &raw.data {
        Data::Null => "~".to_owned(),
        Data::Scalar(text) => larder_redact::redact_text(text),
        Data::List(items) => {
            let items: Vec<String> = items.iter().map(shown).collect();
            format!("[{}]", items.join(", "))
        }
        Data::Map(entries) => {
            let entry = |(name, raw): &(String, Raw)| format!("{name}: {}", shown(raw));
            let entries: Vec<String> = entries.iter().map(entry).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}
