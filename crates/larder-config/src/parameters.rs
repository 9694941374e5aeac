//! What one source says, by key: a YAML file, or the variables.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use larder_manifest::{
    Mark, Position, decode, nearest,
    yaml::{self, Node},
};

use crate::{
    ConfigError, ConfigWarning, Key, Kind, Origin,
    key::keys,
    raw::{Data, Flag, Raw},
};

/// The parameters of one source, by the key's name.
pub(crate) type Parameters = BTreeMap<&'static str, Raw>;

/// What was found in one file.
#[derive(Debug, Default)]
pub(crate) struct FileParameters {
    pub(crate) parameters: Parameters,
    pub(crate) errors: Vec<ConfigError>,
    pub(crate) warnings: Vec<ConfigWarning>,
}

/// Reads the content of a file.
pub(crate) fn of_file(name: &str, bytes: &[u8]) -> FileParameters {
    match FileReader::new(name, bytes) {
        Ok(Some((reader, entries))) => reader.read(&entries),
        Ok(None) => FileParameters::default(),
        Err(error) => FileParameters {
            errors: vec![error],
            ..FileParameters::default()
        },
    }
}

/// Reads the variables `CONDA_<KEY>`; those that are no keys are none of ours.
pub(crate) fn of_variables(variables: &HashMap<String, String>) -> (Parameters, Vec<ConfigError>) {
    let mut parameters = Parameters::new();
    let mut errors = Vec::new();
    for key in keys().iter().filter(|key| !key.is_only_mambas()) {
        let name_of = |name: &str| format!("CONDA_{}", name.to_uppercase().replace('-', "_"));
        let mut set: Vec<String> = key.names().map(name_of).collect();
        set.dedup();
        set.retain(|name| {
            variables
                .get(name)
                .is_some_and(|text| !text.trim().is_empty())
        });
        match set.as_slice() {
            [] => {}
            [name] => {
                let text = variables.get(name).map(String::as_str).unwrap_or_default();
                parameters.insert(key.name, of_variable(key, name, text));
            }
            [first, second, ..] => errors.push(ConfigError::Twins {
                origin: Origin::Variable(second.clone()),
                key: second.clone(),
                first: Origin::Variable(first.clone()),
                preferred: key.name,
            }),
        }
    }
    (parameters, errors)
}

/// larder's own names for some of conda's variables: they win over those.
const OWN: [(&str, &str); 2] = [
    ("LARDER_CHANNEL_ALIAS", "channel_alias"),
    ("LARDER_ENVS", "envs_dirs"),
];

/// Reads larder's own variables.
pub(crate) fn of_own_variables(variables: &HashMap<String, String>) -> Parameters {
    let set = |(variable, name): &(&str, &str)| {
        let text = variables.get(*variable).filter(|text| !text.is_empty())?;
        let key = crate::find(name)?;
        Some((key.name, of_variable(key, variable, text)))
    };
    OWN.iter().filter_map(set).collect()
}

fn of_variable(key: &Key, name: &str, text: &str) -> Raw {
    let (text, flag) = match text.split_once("!important") {
        Some((text, _)) => (text, Some(Flag::Final)),
        None => (text, None),
    };
    let raw = |data| Raw {
        data,
        flag: None,
        origin: Origin::Variable(name.to_owned()),
    };
    let data = match key.kind {
        Kind::List { separator } => {
            let items = text.split(separator).map(str::trim);
            let items = items.filter(|item| !item.is_empty());
            Data::List(
                items
                    .map(|item| raw(Data::Scalar(item.to_owned())))
                    .collect(),
            )
        }
        _ => Data::Scalar(text.trim().to_owned()),
    };
    Raw { flag, ..raw(data) }
}

/// The keys and values of a mapping.
type Entries = Vec<(Node, Node)>;

/// One file while it is read.
struct FileReader {
    file: Arc<str>,
    /// The flags that stand in comments, by line.
    flags: HashMap<u32, Flag>,
}

impl FileReader {
    /// The reader and the file's keys; nothing for a file without any.
    fn new(name: &str, bytes: &[u8]) -> Result<Option<(Self, Entries)>, ConfigError> {
        let file: Arc<str> = name.into();
        let at = |mark: Mark| Position {
            file: Arc::clone(&file),
            line: mark.line,
            column: mark.column,
        };
        let text = decode(bytes).map_err(|(found, mark)| ConfigError::NotText {
            position: at(mark),
            found,
        })?;
        let document = yaml::parse(&text).map_err(|(problem, mark)| ConfigError::Yaml {
            position: at(mark),
            problem,
        })?;
        let entries = match document.root {
            None => return Ok(None),
            Some(Node {
                value: yaml::Value::Mapping(entries),
                ..
            }) => entries,
            Some(node) => {
                return Err(ConfigError::NotAMapping {
                    position: at(node.start),
                    found: node.type_name(),
                });
            }
        };
        let flags = document.comments.iter();
        let flags =
            flags.filter_map(|comment| Some((comment.start.line, Flag::parse(&comment.text)?)));
        let flags = flags.collect();
        Ok(Some((Self { file, flags }, entries)))
    }

    fn read(&self, entries: &[(Node, Node)]) -> FileParameters {
        let mut found = FileParameters::default();
        let mut places: BTreeMap<&'static str, Origin> = BTreeMap::new();
        for (key_node, node) in entries {
            let written = key_node.text().unwrap_or_default();
            let position = self.position(key_node.start);
            let Some(key) = crate::find(written) else {
                let names: Vec<&str> = keys().iter().flat_map(Key::names).collect();
                found.warnings.push(ConfigWarning::Unknown {
                    position,
                    key: written.to_owned(),
                    similar: nearest(written, &names).map(str::to_owned),
                });
                continue;
            };
            let origin = Origin::File(position);
            if let Some(first) = places.insert(key.name, origin.clone()) {
                found.errors.push(ConfigError::Twins {
                    origin,
                    key: written.to_owned(),
                    first,
                    preferred: key.name,
                });
                continue;
            }
            let raw = Raw {
                flag: self.flags.get(&key_node.start.line).copied(),
                origin,
                ..self.raw(node, key_node.start.line)
            };
            found.parameters.insert(key.name, raw);
        }
        found
    }

    /// `above` is the line of what holds the value: a flag there is not the value's own.
    fn raw(&self, node: &Node, above: u32) -> Raw {
        let line = node.start.line;
        let data = match &node.value {
            _ if node.is_null() => Data::Null,
            yaml::Value::Scalar { text, .. } => Data::Scalar(text.clone()),
            yaml::Value::Sequence { items, .. } => {
                Data::List(items.iter().map(|item| self.raw(item, above)).collect())
            }
            yaml::Value::Mapping(entries) => {
                let entry = |(key, value): &(Node, Node)| {
                    let name = key.text().unwrap_or_default().to_owned();
                    let flag = self.flag(key.start.line, above);
                    let value = self.raw(value, key.start.line);
                    (name, Raw { flag, ..value })
                };
                Data::Map(entries.iter().map(entry).collect())
            }
        };
        Raw {
            data,
            flag: self.flag(line, above),
            origin: Origin::File(self.position(node.start)),
        }
    }

    fn flag(&self, line: u32, above: u32) -> Option<Flag> {
        self.flags.get(&line).copied().filter(|_| line != above)
    }

    fn position(&self, mark: Mark) -> Position {
        Position {
            file: Arc::clone(&self.file),
            line: mark.line,
            column: mark.column,
        }
    }
}
