//! `conda-meta/state`: the environment variables of the manifest, as CEP 32 has it: one key,
//! `env_vars`, strings to strings, with names and values unchanged.

use indexmap::IndexMap;
use serde_json::json;

/// The content of the file, or nothing if there are no variables and so no file.
pub(crate) fn state(variables: &IndexMap<String, String>) -> Option<String> {
    (!variables.is_empty()).then(|| json!({ "env_vars": variables }).to_string())
}
