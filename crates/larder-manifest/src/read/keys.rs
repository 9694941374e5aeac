//! The top-level keys but `dependencies`: name, prefix, channels, variables, platforms, category.
//!
//! Unknown keys only warn (CEP 24).

use rattler_conda_types::Subdir;

use super::Reader;
use crate::channel_variables::expand_channel;
use crate::edit::nearest;
use crate::error::{ManifestError, ManifestErrorKind};
use crate::manifest::{ChannelEntry, WarningCode};
use crate::names::{parse_subdir, similar_subdir, validate_environment_variable};
use crate::prefix::validate_environment_name;
use crate::yaml::{Node, Value};

/// The keys of CEP 24.
const KEYS: [&str; 7] = [
    "name",
    "prefix",
    "channels",
    "dependencies",
    "variables",
    "platforms",
    "category",
];

impl Reader<'_> {
    pub(super) fn keys(&mut self, entries: &[(Node, Node)]) -> Result<(), ManifestError> {
        // The category is part of each dependency, wherever it stands.
        for (key, value) in entries {
            if key.text() == Some("category") {
                self.category(value)?;
            }
        }
        let mut dependencies = false;
        for (key, value) in entries {
            match key.text() {
                Some("name") => self.name(value)?,
                Some("prefix") => self.prefix(value)?,
                Some("channels") => self.channels(key, value)?,
                Some("dependencies") => {
                    dependencies = true;
                    self.dependencies(key, value)?;
                }
                Some("variables") => self.variables(value)?,
                Some("platforms") => self.platforms(value)?,
                Some("category") => {}
                other => self.unknown_key(other.unwrap_or("?"), key),
            }
        }
        if !dependencies {
            return Err(self.missing_dependencies(entries));
        }
        Ok(())
    }

    fn missing_dependencies(&self, entries: &[(Node, Node)]) -> ManifestError {
        let meant = |text: &str| {
            nearest(text, &["dependencies"]).is_some()
                || matches!(
                    text,
                    "requirements" | "packages" | "deps" | "depends" | "specs"
                )
        };
        let similar = entries
            .iter()
            .find(|(key, _)| key.text().is_some_and(meant));
        let mark = similar
            .or(entries.first())
            .map_or(crate::position::Mark::START, |(key, _)| key.start);
        let similar = similar.and_then(|(key, _)| key.text()).map(str::to_owned);
        let width = similar.as_deref().map_or(1, str::len);
        self.error(
            ManifestErrorKind::MissingDependencies { similar },
            mark,
            width,
        )
    }

    fn unknown_key(&mut self, name: &str, key: &Node) {
        let hint = match name {
            "pip" => "; `- pip:` belongs into the list of `dependencies`".to_owned(),
            "environment" => "; environment variables stand under `variables`".to_owned(),
            _ => match nearest(name, &KEYS) {
                Some(known) => format!("; did you mean `{known}`?"),
                None => String::new(),
            },
        };
        let text = format!("the key `{name}` is unknown and is ignored{hint}");
        self.warn(WarningCode::UnknownKey, text, key.start);
    }

    fn name(&mut self, value: &Node) -> Result<(), ManifestError> {
        if value.is_null() {
            return Ok(());
        }
        let name = self.text("`name`", value, "a name like `science`")?;
        if let Err(error) = validate_environment_name(&name) {
            let text = format!("{error}; give another with `--name` or `--prefix`");
            self.warn(WarningCode::UnusableName, text, value.start);
        }
        self.manifest.name = Some(name);
        Ok(())
    }

    fn prefix(&mut self, value: &Node) -> Result<(), ManifestError> {
        if !value.is_null() {
            let prefix = self.text("`prefix`", value, "a path like `~/envs/science`")?;
            self.manifest.prefix = Some(prefix);
        }
        Ok(())
    }

    fn category(&mut self, value: &Node) -> Result<(), ManifestError> {
        if !value.is_null() {
            self.manifest.category = self.text("`category`", value, "a word like `dev`")?;
            self.manifest.categories = [self.manifest.category.clone()].into();
        }
        Ok(())
    }

    fn channels(&mut self, key: &Node, value: &Node) -> Result<(), ManifestError> {
        if value.is_null() {
            let text = "`channels` is empty and counts as missing; write `channels: [nodefaults]` for none".to_owned();
            self.warn(WarningCode::EmptyValue, text, key.start);
            return Ok(());
        }
        let Value::Sequence { items, .. } = &value.value else {
            let expected = "a list: `channels: [conda-forge]`";
            return Err(self.wrong_type("`channels`", value, expected));
        };
        let mut channels = Vec::new();
        for item in items {
            self.channel(item, &mut channels)?;
        }
        self.manifest.channels = Some(channels);
        Ok(())
    }

    fn channel(
        &mut self,
        item: &Node,
        channels: &mut Vec<ChannelEntry>,
    ) -> Result<(), ManifestError> {
        let selector = self.comment_selector(item.end_line)?;
        if item.is_null() {
            let text = "an empty item of `channels` is skipped".to_owned();
            self.warn(WarningCode::EmptyValue, text, self.item_mark(item));
            return Ok(());
        }
        let written = self.text(
            "a channel",
            item,
            "a name like `conda-forge`, a URL or a path",
        )?;
        let written = written.trim().to_owned();
        if written.is_empty() {
            return Err(self.error(ManifestErrorKind::EmptyChannel, item.start, 2));
        }
        if written == "nodefaults" {
            self.manifest.nodefaults = true;
            return Ok(());
        }
        channels.push(ChannelEntry {
            text: expand_channel(&written, self.lookup),
            written,
            position: self.source.position(item.start),
            selector,
        });
        Ok(())
    }

    fn variables(&mut self, value: &Node) -> Result<(), ManifestError> {
        if value.is_null() {
            return Ok(());
        }
        let Value::Mapping(entries) = &value.value else {
            let expected = "lines like `NAME: value`";
            return Err(self.wrong_type("`variables`", value, expected));
        };
        for (key, value) in entries {
            let name = key.text().unwrap_or_default().to_owned();
            if validate_environment_variable(&name).is_err() {
                let width = name.chars().count();
                let kind = ManifestErrorKind::VariableName { name };
                return Err(self.error(kind, key.start, width));
            }
            let text = if value.is_null() {
                let text =
                    format!("the variable `{name}` has no value and is set to an empty text");
                self.warn(WarningCode::EmptyValue, text, key.start);
                String::new()
            } else {
                self.text(&format!("the variable `{name}`"), value, "a text")?
            };
            self.manifest.variables.insert(name, text);
        }
        Ok(())
    }

    fn platforms(&mut self, value: &Node) -> Result<(), ManifestError> {
        if value.is_null() {
            return Ok(());
        }
        let Value::Sequence { items, .. } = &value.value else {
            let expected = "a list: `platforms: [linux-64]`";
            return Err(self.wrong_type("`platforms`", value, expected));
        };
        let mut platforms: Vec<Subdir> = Vec::new();
        for item in items {
            let text = self.text("a platform", item, "a subdir like `linux-64`")?;
            match parse_subdir(text.trim()) {
                Ok(subdir) if subdir != Subdir::NoArch => {
                    if !platforms.contains(&subdir) {
                        platforms.push(subdir);
                    }
                }
                _ => {
                    let similar = similar_subdir(&text).map(str::to_owned);
                    let kind = ManifestErrorKind::Platform { text, similar };
                    return Err(self.error(kind, item.start, item.width()));
                }
            }
        }
        self.manifest.platforms = Some(platforms);
        Ok(())
    }
}
