//! The variables that an environment sets: `etc/conda/env_vars.d/*.json`, then `conda-meta/state`.

use std::{
    io,
    path::{Path, PathBuf},
};

use indexmap::IndexMap;
use larder_fs::{Links, PathError};
use larder_link::{MAX_SMALL, read_control_file};
use serde_json::{Map, Value};

/// conda's mark for a variable that a user unset on top of a package's, or of the shell's.
pub(crate) const UNSET: &str = "***unset***";

/// Why an environment's variables cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum VariablesError {
    /// The file system said no.
    #[error(transparent)]
    Read(#[from] PathError),
    /// A file that should hold a JSON object of names and values does not.
    #[error("`{}` does not hold {expected}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
        /// What the JSON parser said, if it was not JSON at all.
        #[source]
        source: Option<serde_json::Error>,
    },
    /// No system has a variable of this name or value.
    #[error("`{}`: `{}` cannot be a variable: names are not empty and without `=`, nothing has NUL in it", path.display(), name.escape_debug())]
    Impossible {
        /// The file.
        path: PathBuf,
        /// The variable.
        name: String,
    },
}

/// Names and values, in the order in which they are set (CEP 32): the files of `env_vars.d` by name in
/// code point order, later ones override, `conda-meta/state` last of all. Names keep their case;
/// numbers and booleans, which conda writes, are read as text.
///
/// # Errors
/// See [`VariablesError`].
pub fn environment_variables(prefix: &Path) -> Result<IndexMap<String, String>, VariablesError> {
    let variables = all_variables(prefix)?.into_iter();
    let set = |(name, value): (String, Option<String>)| Some((name, value?));
    Ok(variables.filter_map(set).collect())
}

/// As [`environment_variables`], with those that the environment unsets: their value is `None`.
pub(super) fn all_variables(
    prefix: &Path,
) -> Result<IndexMap<String, Option<String>>, VariablesError> {
    let mut variables = IndexMap::new();
    for path in super::scripts::files(&prefix.join("etc/conda/env_vars.d"), "json")? {
        let object = read_object(&path, "a JSON object of variables")?.unwrap_or_default();
        add(&mut variables, object, &path)?;
    }
    let state = prefix.join("conda-meta/state");
    const EXPECTED: &str = "a JSON object with the key `env_vars`";
    let bytes = read_control_file(prefix, "state", MAX_SMALL)?;
    let object = bytes.map(|bytes| parse_object(&bytes, &state, EXPECTED));
    if let Some(mut object) = object.transpose()?.flatten() {
        match object.remove("env_vars") {
            Some(Value::Object(object)) => add(&mut variables, object, &state)?,
            None => {}
            Some(_) => {
                return Err(VariablesError::Malformed {
                    path: state,
                    expected: EXPECTED,
                    source: None,
                });
            }
        }
    }
    Ok(variables)
}

fn read_object(
    path: &Path,
    expected: &'static str,
) -> Result<Option<Map<String, Value>>, VariablesError> {
    // Packages may link one of these to another; anything but a file of a sane size is refused.
    let bytes = match larder_fs::read_control_file(path, MAX_SMALL, Links::Follow) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        bytes => bytes?,
    };
    parse_object(&bytes, path, expected)
}

fn parse_object(
    bytes: &[u8],
    path: &Path,
    expected: &'static str,
) -> Result<Option<Map<String, Value>>, VariablesError> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Ok(Some(object)),
        Ok(_) => Err(VariablesError::Malformed {
            path: path.to_owned(),
            expected,
            source: None,
        }),
        Err(error) => Err(VariablesError::Malformed {
            path: path.to_owned(),
            expected,
            source: Some(error),
        }),
    }
}

fn add(
    variables: &mut IndexMap<String, Option<String>>,
    object: Map<String, Value>,
    path: &Path,
) -> Result<(), VariablesError> {
    for (name, value) in object {
        let value = match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
            let path = path.to_owned();
            return Err(VariablesError::Impossible { path, name });
        }
        variables.insert(name, (value != UNSET).then_some(value));
    }
    Ok(())
}
