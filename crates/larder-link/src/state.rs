//! `conda-meta/state`: the environment variables of the manifest, as CEP 32 has it: one key,
//! `env_vars`, strings to strings, with names and values unchanged.

use std::path::Path;

use indexmap::IndexMap;
use larder_fs::{Durability, PathError, write_atomic};
use serde_json::{Map, Value, json};

use crate::control_files::{MAX_SMALL, read_control_file};

/// The content of the file, or nothing if there are no variables and so no file.
pub(crate) fn state(variables: &IndexMap<String, String>) -> Option<String> {
    (!variables.is_empty()).then(|| json!({ "env_vars": variables }).to_string())
}

/// The variables of the environment at `prefix`, values that are no strings as text. A file that is not
/// as it should be has none.
///
/// # Errors
/// If the file is there and cannot be read.
pub fn state_variables(prefix: &Path) -> Result<IndexMap<String, String>, PathError> {
    let Some(bytes) = read_control_file(prefix, "state", MAX_SMALL)? else {
        return Ok(IndexMap::new());
    };
    let state: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let variables = state.get("env_vars").and_then(Value::as_object);
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let variables = variables.into_iter().flatten();
    Ok(variables
        .map(|(name, value)| (name.clone(), text(value)))
        .collect())
}

/// Writes `variables` into the file of the environment at `prefix`, in one step; what else a tool keeps in
/// the file stays. The caller holds the prefix.
///
/// # Errors
/// If the file cannot be read or written.
pub fn set_state_variables(
    prefix: &Path,
    variables: &IndexMap<String, String>,
) -> Result<(), PathError> {
    let path = prefix.join("conda-meta").join("state");
    let bytes = read_control_file(prefix, "state", MAX_SMALL)?;
    let mut state = match serde_json::from_slice(&bytes.unwrap_or_default()) {
        Ok(Value::Object(state)) => state,
        _ => Map::new(),
    };
    state.insert("env_vars".into(), json!(variables));
    let text = Value::Object(state).to_string();
    write_atomic(&path, text.as_bytes(), Durability::Flush)
}
