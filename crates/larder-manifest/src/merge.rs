//! Several manifests to one: `-f a.yml -f b.yml`, and specs of the command line on top.
//!
//! Lists are joined in order; of single values the later one wins. Never drops a difference
//! silently: a conflict is a warning.

use std::sync::Arc;

use crate::error::{ManifestError, ManifestErrorKind};
use crate::manifest::{Dependency, Manifest, ManifestWarning, WarningCode};
use crate::position::{Mark, Position, Source};

impl Manifest {
    /// Joins manifests. Dependencies, channels, `pip` lines and platforms are united in order
    /// (repeated lines once); name, prefix and variables are those of the last manifest that has
    /// them; each dependency keeps the category of its own file.
    ///
    /// # Errors
    /// [`ManifestError`] of kind [`Empty`](ManifestErrorKind::Empty) for no manifest at all.
    pub fn merge(manifests: Vec<Self>) -> Result<Self, ManifestError> {
        let merged = manifests.into_iter().reduce(|mut merged, next| {
            merged.absorb(next);
            merged
        });
        merged.ok_or_else(|| {
            let source = Source {
                file: Arc::from("<no file>"),
                text: String::new(),
            };
            ManifestError::new(ManifestErrorKind::Empty, &source, Mark::START, 1)
        })
    }

    /// The manifest with specs of the command line, which count in addition to its own lines: a package that both
    /// name has to meet both.
    ///
    /// # Errors
    /// [`ManifestError`] for the first spec that cannot be read.
    pub fn with_specs(mut self, specs: &[String]) -> Result<Self, ManifestError> {
        let added = Self::from_specs(specs)?;
        self.files.extend(added.files);
        for dependency in added.dependencies {
            let is_same =
                |other: &Dependency| other.text == dependency.text && other.selector.is_none();
            if !self.dependencies.iter().any(is_same) {
                self.dependencies.push(dependency);
            }
        }
        Ok(self)
    }

    fn absorb(&mut self, next: Self) {
        let position = Position {
            file: next.files.first().map_or_else(|| Arc::from(""), Arc::clone),
            line: 1,
            column: 1,
        };
        let mut conflicts = Vec::new();
        replace("name", &mut self.name, next.name, &mut conflicts);
        replace("prefix", &mut self.prefix, next.prefix, &mut conflicts);
        for (key, value) in next.variables {
            let what = format!("variables.{key}");
            let mut slot = self.variables.swap_remove(&key);
            replace(&what, &mut slot, Some(value), &mut conflicts);
            if let Some(value) = slot {
                self.variables.insert(key, value);
            }
        }
        self.files.extend(next.files);
        self.categories.extend(next.categories);
        self.nodefaults |= next.nodefaults;
        unite(&mut self.channels, next.channels, |a, b| {
            a.text == b.text && a.selector == b.selector
        });
        unite(&mut self.platforms, next.platforms, |a, b| a == b);
        for dependency in next.dependencies {
            let known = self.dependencies.iter().any(|other| {
                other.text == dependency.text && other.selector == dependency.selector
            });
            if !known {
                self.dependencies.push(dependency);
            }
        }
        if let Some(pip) = next.pip {
            self.pip.get_or_insert_default().lines.extend(pip.lines);
        }
        self.warnings.extend(next.warnings);
        self.warnings
            .extend(conflicts.into_iter().map(|text| ManifestWarning {
                code: WarningCode::Conflict,
                text,
                position: position.clone(),
            }));
    }
}

/// Lets the later value win; notes it if the earlier one was another.
fn replace(
    what: &str,
    slot: &mut Option<String>,
    next: Option<String>,
    conflicts: &mut Vec<String>,
) {
    let Some(next) = next else {
        return;
    };
    if let Some(old) = slot.as_ref().filter(|old| **old != next) {
        conflicts.push(format!(
            "`{what}` is `{next}` here and `{old}` in an earlier file; this one counts"
        ));
    }
    *slot = Some(next);
}

fn unite<T>(list: &mut Option<Vec<T>>, next: Option<Vec<T>>, same: fn(&T, &T) -> bool) {
    let Some(next) = next else {
        return;
    };
    let list = list.get_or_insert_default();
    for item in next {
        if !list.iter().any(|other| same(other, &item)) {
            list.push(item);
        }
    }
}
