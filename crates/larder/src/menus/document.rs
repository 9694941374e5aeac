//! A menu document (CEP 11): checked before anything is made of it, and the placeholders that menuinst of
//! rattler does not know.

use std::path::Path;

use serde_json::Value;

/// A document of the current schema.
#[derive(Debug)]
pub(super) struct Document(Value);

impl Document {
    /// Nothing for the schema of menuinst 1, which says neither `$schema` nor `$id`.
    ///
    /// # Errors
    /// What is wrong, with the key.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, String> {
        let mut value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if has_control(&value) {
            return Err(
                "a text has a control character, which would end a line of a desktop entry".into(),
            );
        }
        let schema = [value.get("$schema"), value.get("$id")];
        let Some(schema) = schema.into_iter().flatten().next().cloned() else {
            return Ok(None);
        };
        value["$schema"] = schema;
        text_of(&value, "menu_name").ok_or("`menu_name` is missing")?;
        let items = value.get("menu_items").and_then(Value::as_array);
        for (index, item) in items.ok_or("`menu_items` is missing")?.iter().enumerate() {
            let missing = |key: &str| format!("`{key}` is missing in item {}", index + 1);
            let has_name = text_of(item, "name").is_some() || item["name"].is_object();
            if !has_name {
                return Err(missing("name"));
            }
            item["description"]
                .as_str()
                .ok_or_else(|| missing("description"))?;
            let command = item["command"].as_array();
            if command.is_none_or(Vec::is_empty) {
                return Err(missing("command"));
            }
            if !item["platforms"].is_object() {
                return Err(missing("platforms"));
            }
        }
        Ok(Some(Self(value)))
    }

    /// The text with what depends on the environment's Python, and the base's name, filled in.
    pub(super) fn rendered(mut self, prefix: &Path, base: &Path) -> String {
        let mut values = vec![(
            "DISTRIBUTION_NAME",
            base.file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default(),
        )];
        if let Some((version, site_packages)) = python(prefix) {
            values.push(("PY_VER", version));
            values.push(("SP_DIR", prefix.join(site_packages).display().to_string()));
        }
        replace(&mut self.0, &values);
        self.0.to_string()
    }
}

fn text_of<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value
        .get(key)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

/// Whether a text or a key could end its line in a desktop entry or in `mimeapps.list`, and begin another.
fn has_control(value: &Value) -> bool {
    let is_control = |text: &str| text.chars().any(char::is_control);
    match value {
        Value::String(text) => is_control(text),
        Value::Array(items) => items.iter().any(has_control),
        Value::Object(items) => items
            .iter()
            .any(|(key, item)| is_control(key) || has_control(item)),
        _ => false,
    }
}

/// In every text; CEP 11 writes `{{ NAME }}`.
fn replace(value: &mut Value, values: &[(&str, String)]) {
    match value {
        Value::String(text) => {
            for (name, meant) in values {
                *text = text.replace(&format!("{{{{ {name} }}}}"), meant);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, values)),
        Value::Object(items) => items.values_mut().for_each(|item| replace(item, values)),
        _ => {}
    }
}

/// The minor version of the environment's Python, and where its packages are.
fn python(prefix: &Path) -> Option<(String, String)> {
    let records = std::fs::read_dir(prefix.join("conda-meta")).ok()?;
    let names = records
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned());
    let version = names
        .filter_map(|name| Some(name.strip_prefix("python-")?.to_owned()))
        .find(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))?;
    let minor: Vec<&str> = version.split('-').next()?.split('.').take(2).collect();
    let minor = minor.join(".");
    let site_packages = match cfg!(windows) {
        true => "Lib/site-packages".to_owned(),
        false => format!("lib/python{minor}/site-packages"),
    };
    Some((minor, site_packages))
}
