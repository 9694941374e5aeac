//! A merged value as its key means it.

use larder_manifest::{Lookup, expand_variables};

use crate::{
    ConfigError, Key, Kind, Origin,
    raw::{Data, Raw},
};

/// Something and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<T> {
    /// What.
    pub value: T,
    /// Where from.
    pub origin: Origin,
}

/// Texts by name, in the order in which names first come; `None` for `~`.
pub type Mapping = Vec<(String, Located<Option<String>>)>;

/// A value. What may hold credentials is shown through `larder-redact` only.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Of [`Kind::Flag`].
    Flag(bool),
    /// Of [`Kind::Number`].
    Number(f64),
    /// Of [`Kind::Text`].
    Text(String),
    /// Of [`Kind::List`].
    List(Vec<Located<String>>),
    /// Of [`Kind::Map`].
    Map(Mapping),
    /// Of [`Kind::Lists`].
    Lists(Vec<(String, Vec<Located<String>>)>),
    /// Of [`Kind::Mappings`].
    Mappings(Vec<Mapping>),
    /// Of [`Kind::Any`].
    Any,
}

/// Whether one source's value has the shape of its key. Only what larder follows is looked at closely.
pub(crate) fn check(key: &'static Key, raw: &Raw) -> Result<(), ConfigError> {
    if raw.is_null() {
        return Ok(());
    }
    typed(key, raw, &larder_manifest::NoLookup).map(drop)
}

/// The value of `raw`, variables expanded where the key says so.
pub(crate) fn typed(
    key: &'static Key,
    raw: &Raw,
    lookup: &dyn Lookup,
) -> Result<Value, ConfigError> {
    let reader = Reader { key, lookup };
    match (key.kind, &raw.data) {
        (Kind::Any, _) => Ok(Value::Any),
        (Kind::Flag, _) => {
            let flag = flag(&reader.scalar(raw, "true or false")?);
            flag.map(Value::Flag)
                .ok_or_else(|| reader.wrong(raw, "true or false"))
        }
        (Kind::Number, _) => {
            let text = reader.scalar(raw, "a number")?;
            number(&text)
                .map(Value::Number)
                .ok_or_else(|| reader.wrong(raw, "a number"))
        }
        (Kind::Text, _) => reader.scalar(raw, "a text").map(Value::Text),
        (Kind::List { .. }, Data::List(_)) => reader.list(raw, "a list of texts").map(Value::List),
        (Kind::List { .. }, _) => Err(reader.wrong(raw, "a list of texts")),
        (Kind::Map, _) => reader
            .mapping(raw, "a mapping of names to texts")
            .map(Value::Map),
        (Kind::Mappings, Data::List(items)) => {
            let items = items.iter();
            let mapping = |item| reader.mapping(item, "a list of mappings of names to texts");
            items
                .map(mapping)
                .collect::<Result<_, _>>()
                .map(Value::Mappings)
        }
        (Kind::Mappings, _) => Err(reader.wrong(raw, "a list of mappings of names to texts")),
        (Kind::Lists, Data::Map(entries)) => {
            let entry = |(name, raw): &(String, Raw)| {
                let list = reader.list(raw, "a mapping of names to lists")?;
                Ok((name.clone(), list))
            };
            entries
                .iter()
                .map(entry)
                .collect::<Result<_, _>>()
                .map(Value::Lists)
        }
        (Kind::Lists, _) => Err(reader.wrong(raw, "a mapping of names to lists")),
    }
}

struct Reader<'a> {
    key: &'static Key,
    lookup: &'a dyn Lookup,
}

impl Reader<'_> {
    fn scalar(&self, raw: &Raw, expected: &'static str) -> Result<String, ConfigError> {
        match &raw.data {
            Data::Scalar(text) if self.key.expand => Ok(expand_variables(text, self.lookup)),
            Data::Scalar(text) => Ok(text.clone()),
            _ => Err(self.wrong(raw, expected)),
        }
    }

    fn mapping(&self, raw: &Raw, expected: &'static str) -> Result<Mapping, ConfigError> {
        let Data::Map(entries) = &raw.data else {
            return Err(self.wrong(raw, expected));
        };
        let entry = |(name, raw): &(String, Raw)| {
            let value = match raw.is_null() {
                true => None,
                false => Some(self.scalar(raw, expected)?),
            };
            let origin = raw.origin.clone();
            Ok((name.clone(), Located { value, origin }))
        };
        entries.iter().map(entry).collect()
    }

    fn list(&self, raw: &Raw, expected: &'static str) -> Result<Vec<Located<String>>, ConfigError> {
        let Data::List(items) = &raw.data else {
            return Err(self.wrong(raw, expected));
        };
        let located = |item: &Raw| {
            Ok(Located {
                value: self.scalar(item, expected)?,
                origin: item.origin.clone(),
            })
        };
        items.iter().map(located).collect()
    }

    fn wrong(&self, raw: &Raw, expected: &'static str) -> ConfigError {
        let found = match &raw.data {
            Data::Scalar(text) => format!("`{}`", larder_redact::redact_text(text)),
            _ => raw.described().to_owned(),
        };
        ConfigError::Type {
            origin: raw.origin.clone(),
            key: self.key.name,
            expected,
            found,
        }
    }
}

/// conda's spellings of true and false; numbers count, 0 is false.
pub(crate) fn flag(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "true" | "yes" | "on" | "y" => Some(true),
        "false" | "no" | "off" | "n" | "non" | "none" | "" => Some(false),
        number => number.parse::<f64>().ok().map(|number| number != 0.0),
    }
}

/// A finite number; true and false are 1 and 0, as in conda.
fn number(text: &str) -> Option<f64> {
    match text.trim().to_lowercase().as_str() {
        "true" | "yes" | "on" => Some(1.0),
        "false" | "no" | "off" => Some(0.0),
        text => text.parse().ok().filter(|number: &f64| number.is_finite()),
    }
}
