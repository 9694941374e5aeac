//! `dependencies`: specs, `sel(...)` entries, the `pip` section.
//!
//! Items that conda's own readers refuse are refused (an empty item, a number); empty lines of
//! `pip`, which they take, are skipped with a warning.

use std::sync::Arc;

use super::{Reader, dependency_spec};
use crate::error::{ManifestError, ManifestErrorKind};
use crate::manifest::{Dependency, PipLine, WarningCode};
use crate::selector::Selector;
use crate::spec::template_tag;
use crate::yaml::{Node, Value};

const SPEC: &str = "a package spec like `numpy >=1.26`";

impl Reader<'_> {
    pub(super) fn dependencies(&mut self, key: &Node, value: &Node) -> Result<(), ManifestError> {
        let Value::Sequence { items, .. } = &value.value else {
            let expected = "a list with a line `  - numpy` for each package, or `dependencies: []`";
            let at = if value.is_null() { key } else { value };
            let mut error = self.wrong_type("`dependencies`", value, expected);
            if value.is_null() {
                error = self.error(error.kind().clone(), at.start, at.width());
            }
            return Err(error);
        };
        let category: Arc<str> = Arc::from(self.manifest.category.as_str());
        for item in items {
            self.item(item, &category)?;
        }
        Ok(())
    }

    fn item(&mut self, item: &Node, category: &Arc<str>) -> Result<(), ManifestError> {
        match &item.value {
            Value::Mapping(entries) => {
                for (key, value) in entries {
                    self.section(key, value, category)?;
                }
                Ok(())
            }
            Value::Scalar { .. } if item.type_name() == "a text" => {
                let selector = self.comment_selector(item.end_line)?;
                self.spec(item, selector, category)
            }
            Value::Sequence { .. } => {
                let expected = format!("{SPEC}; is there a `-` too many?");
                Err(self.wrong_type("an item of `dependencies`", item, &expected))
            }
            Value::Scalar { .. } => Err(self.wrong_type("an item of `dependencies`", item, SPEC)),
        }
    }

    fn spec(
        &mut self,
        item: &Node,
        selector: Option<Selector>,
        category: &Arc<str>,
    ) -> Result<(), ManifestError> {
        let text = item.text().unwrap_or_default();
        let spec = dependency_spec(text, self.source, item.start, Some(item.end_line))?;
        self.manifest.dependencies.push(Dependency {
            spec,
            text: text.trim().to_owned(),
            position: self.source.position(item.start),
            selector,
            category: Arc::clone(category),
        });
        Ok(())
    }

    /// A `key: value` in the list.
    fn section(
        &mut self,
        key: &Node,
        value: &Node,
        category: &Arc<str>,
    ) -> Result<(), ManifestError> {
        let name = key.text().unwrap_or_default();
        if name == "pip" {
            return self.pip(key, value);
        }
        if let Some(expression) = name
            .strip_prefix("sel(")
            .and_then(|rest| rest.strip_suffix(')'))
        {
            return self.dictionary_selector(key, expression, value, category);
        }
        if name.is_empty()
            && let Some((mark, tag)) = self.template_around(key)
        {
            return Err(self.error(
                ManifestErrorKind::Template { tag: tag.clone() },
                mark,
                tag.len(),
            ));
        }
        let kind = ManifestErrorKind::UnknownSection {
            name: name.to_owned(),
            hint: section_hint(name, value),
        };
        Err(self.error(kind, key.start, key.width()))
    }

    /// An unquoted `{{ x }}` is a mapping with a mapping for a key.
    fn template_around(&self, key: &Node) -> Option<(crate::position::Mark, String)> {
        let line = self.source.line(key.start.line)?;
        let tag = template_tag(line)?;
        let column = line.get(..line.find(tag)?)?.chars().count() + 1;
        let mark = crate::position::Mark::new(1, column);
        let line = key.start.line;
        Some((crate::position::Mark { line, ..mark }, tag.to_owned()))
    }

    fn dictionary_selector(
        &mut self,
        key: &Node,
        expression: &str,
        value: &Node,
        category: &Arc<str>,
    ) -> Result<(), ManifestError> {
        let selector = Selector::parse_dictionary(expression).map_err(|source| {
            let expression = expression.to_owned();
            let kind = ManifestErrorKind::Selector { expression, source };
            self.error(kind, key.start, key.width())
        })?;
        if value.type_name() != "a text" {
            let what = format!("the value of `sel({expression})`");
            return Err(self.wrong_type(&what, value, SPEC));
        }
        self.dictionary_selector.get_or_insert(key.start.line);
        let comment = self.comment_selector(value.end_line)?;
        self.spec(value, Selector::and(Some(&selector), comment), category)
    }

    fn pip(&mut self, key: &Node, value: &Node) -> Result<(), ManifestError> {
        // With the list on the same line a comment there belongs to the item.
        let outer = match &value.value {
            Value::Sequence { .. } => self.comment_selector(key.end_line)?,
            _ => None,
        };
        match &value.value {
            _ if value.is_null() => {
                let text = "the section `pip` is empty".to_owned();
                self.warn(WarningCode::EmptyValue, text, key.start);
                Ok(())
            }
            Value::Scalar { .. } => {
                let text = "`pip` holds a text, read as a list with this one line".to_owned();
                self.warn(WarningCode::SingleLine, text, value.start);
                self.pip_line(value, None)
            }
            Value::Sequence { items, .. } => {
                for item in items {
                    self.pip_line(item, outer.as_ref())?;
                }
                Ok(())
            }
            Value::Mapping(_) => {
                let expected = "a list with a line `- name` for each requirement";
                Err(self.wrong_type("`pip`", value, expected))
            }
        }
    }

    fn pip_line(&mut self, item: &Node, outer: Option<&Selector>) -> Result<(), ManifestError> {
        if item.is_null() {
            let text = "an empty line of `pip` is skipped".to_owned();
            self.warn(WarningCode::EmptyValue, text, self.item_mark(item));
            return Ok(());
        }
        let Some(text) = item.text().filter(|_| item.type_name() == "a text") else {
            let expected = match &item.value {
                Value::Mapping(_) => {
                    "a requirement or an option; put the line in quotes if it holds a `: `"
                }
                _ => "a requirement like `requests>=2`, or an option of pip",
            };
            return Err(self.wrong_type("a line of `pip`", item, expected));
        };
        let inner = self.comment_selector(item.end_line)?;
        let line = PipLine {
            text: text.trim().to_owned(),
            position: self.source.position(item.start),
            selector: Selector::and(outer, inner),
            category: Arc::from(self.manifest.category.as_str()),
        };
        self.manifest.pip.get_or_insert_default().lines.push(line);
        Ok(())
    }
}

fn section_hint(name: &str, value: &Node) -> Option<String> {
    if name.eq_ignore_ascii_case("pip") {
        return Some("write `pip:` in lower case".to_owned());
    }
    if name == "conda" {
        return Some("conda packages stand in the list itself: write `- name`".to_owned());
    }
    let version = value.text()?;
    (!value.is_null()).then(|| {
        let operator = if version.starts_with(['=', '<', '>', '!', '~']) {
            ""
        } else {
            "="
        };
        format!(
            "if `{name}` is a package, write `{name} {operator}{version}`; else expected `pip:`"
        )
    })
}
