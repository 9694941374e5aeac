//! Indexes that the user's environment names: uv reads its own variables, and pip its own; what is named
//! for pip counts for uv where nothing is named for uv.

use std::{collections::HashMap, process::Command};

use larder_redact::ChildVariables;
use url::Url;

use crate::ToolKind;

/// Indexes of the user's environment. May hold credentials: has no `Debug` that shows them.
#[derive(Clone, Default)]
pub struct Indexes {
    variables: Vec<(&'static str, String)>,
    child: ChildVariables,
    /// Every address that a variable names.
    urls: Vec<Url>,
    replaces_default: bool,
}

/// A variable of pip and those of uv that mean the same; the first is set, any of them wins.
const SAME: &[(&str, &[&str])] = &[
    ("PIP_INDEX_URL", &["UV_DEFAULT_INDEX", "UV_INDEX_URL"]),
    ("PIP_EXTRA_INDEX_URL", &["UV_EXTRA_INDEX_URL", "UV_INDEX"]),
    ("PIP_FIND_LINKS", &["UV_FIND_LINKS"]),
    ("PIP_CERT", &["SSL_CERT_FILE"]),
];

/// Variables that name indexes or pages of links.
const NAMES: &[&str] = &[
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "UV_DEFAULT_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
    "UV_INDEX",
    "UV_FIND_LINKS",
];
const DEFAULTS: &[&str] = &["PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"];

impl Indexes {
    /// What the variables say; `child` are those that tools get at all.
    pub fn new(variables: &HashMap<String, String>, child: ChildVariables) -> Self {
        let named = |name: &&&str| variables.get(**name).is_some_and(|value| !value.is_empty());
        let taken = SAME.iter().filter_map(|(pip, uv)| {
            let value = variables.get(*pip).filter(|value| !value.is_empty())?;
            let is_free = uv.iter().find(named).is_none();
            is_free.then(|| (uv[0], value.clone()))
        });
        let values = NAMES.iter().filter_map(|name| variables.get(*name));
        let words = values.flat_map(|value| value.split_whitespace());
        // uv takes `name=url` as well.
        let urls = words.filter_map(|word| {
            let url = word.split_once('=').map_or(word, |(_, url)| url);
            Url::parse(word).or_else(|_| Url::parse(url)).ok()
        });
        Self {
            variables: taken.collect(),
            child,
            urls: urls.collect(),
            replaces_default: DEFAULTS.iter().any(|name| named(&name)),
        }
    }

    /// What processes of tools get.
    pub(crate) fn child_variables(&self) -> &ChildVariables {
        &self.child
    }

    /// The addresses that variables name. May hold credentials.
    pub(crate) fn urls(&self) -> &[Url] {
        &self.urls
    }

    /// Whether a variable puts another index in the place of PyPI.
    pub(crate) fn replaces_default(&self) -> bool {
        self.replaces_default
    }

    pub(crate) fn apply(&self, kind: ToolKind, command: &mut Command) {
        if kind == ToolKind::Uv {
            command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        }
    }
}

impl std::fmt::Debug for Indexes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.variables.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}
