//! The table of keys: every one that conda knows, its type, and what it is to larder.
//!
//! The table is `keys.tsv`. It holds no values and reads none.

use std::sync::LazyLock;

/// One key of a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// Other names for it.
    pub aliases: Vec<&'static str>,
    /// What its value is.
    pub kind: Kind,
    /// Whether `$NAME` and `${NAME}` in its value are expanded.
    pub expand: bool,
    /// What it is to larder.
    pub treatment: Treatment,
    /// Values that mean what larder does anyway: no reason for a warning.
    pub harmless: Vec<&'static str>,
    /// What holds without it, in words; empty for keys that are not honoured.
    pub default: &'static str,
    /// What it does, or why it does nothing.
    pub text: &'static str,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`, in any of conda's spellings.
    Flag,
    /// A number.
    Number,
    /// A text.
    Text,
    /// A list of texts; in a variable with this between them.
    List {
        /// What separates the items in a variable.
        separator: char,
    },
    /// Texts by name.
    Map,
    /// Lists of texts by name.
    Lists,
    /// A list of mappings of names to texts.
    Mappings,
    /// Anything: only whether it is set counts.
    Any,
}

/// What a key is to larder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// larder does what it says.
    Honoured,
    /// It can have no effect here, and nobody misses one.
    Accepted,
    /// It would have an effect in conda that it has not here: a warning says so.
    Warned,
}

static KEYS: LazyLock<Vec<Key>> =
    LazyLock::new(|| include_str!("keys.tsv").lines().filter_map(row).collect());

/// Every key, by name.
pub fn keys() -> &'static [Key] {
    &KEYS
}

/// The key of this name or alias.
pub fn find(name: &str) -> Option<&'static Key> {
    keys().iter().find(|key| key.is_called(name))
}

impl Key {
    /// Whether this is its name or one of its aliases.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }

    /// Whether only mamba knows it: no variable `CONDA_*` sets it.
    pub fn is_only_mambas(&self) -> bool {
        self.text.starts_with("(mamba)")
    }

    /// Its name and its aliases.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        [self.name].into_iter().chain(self.aliases.iter().copied())
    }
}

/// One line of the table; nothing for comments. A test holds that every other line is a key.
fn row(line: &'static str) -> Option<Key> {
    let cells: Vec<&str> = line.split('\t').map(or_empty).collect();
    let [name, aliases, kind, expand, treatment, default, text] = cells.as_slice() else {
        return None;
    };
    if name.starts_with('#') {
        return None;
    }
    let (treatment, harmless) = match treatment.split_once(" unless ") {
        Some((treatment, harmless)) => (treatment, harmless.split(", ").collect()),
        None => (*treatment, Vec::new()),
    };
    Some(Key {
        name,
        aliases: aliases
            .split(',')
            .filter(|alias| !alias.is_empty())
            .collect(),
        kind: match *kind {
            "flag" => Kind::Flag,
            "number" => Kind::Number,
            "text" => Kind::Text,
            "list" => Kind::List { separator: ',' },
            "specs" => Kind::List { separator: '&' },
            "paths" if cfg!(windows) => Kind::List { separator: ';' },
            "paths" => Kind::List { separator: ':' },
            "map" => Kind::Map,
            "lists" => Kind::Lists,
            "mappings" => Kind::Mappings,
            "any" => Kind::Any,
            _ => return None,
        },
        expand: *expand == "expand",
        treatment: match treatment {
            "honoured" => Treatment::Honoured,
            "accepted" => Treatment::Accepted,
            "warned" => Treatment::Warned,
            _ => return None,
        },
        harmless,
        default,
        text,
    })
}

fn or_empty(cell: &'static str) -> &'static str {
    if cell == "-" { "" } else { cell }
}
