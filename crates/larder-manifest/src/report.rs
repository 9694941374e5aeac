//! What was read, as JSON: the answer of `larder manifest --json`.
//!
//! Never holds credentials: channels appear as written, with credentials masked.

use indexmap::IndexMap;
use serde::Serialize;

use crate::channel::without_credentials;
use crate::manifest::Manifest;
use crate::position::Position;
use crate::selector::Selector;
use crate::spec::canonical_text;

/// A manifest in the form of `larder manifest --json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ManifestReport {
    files: Vec<String>,
    name: Option<String>,
    prefix: Option<String>,
    channels: Option<Vec<Line>>,
    nodefaults: bool,
    specs: Vec<SpecLine>,
    pip: Vec<Line>,
    variables: IndexMap<String, String>,
    platforms: Option<Vec<&'static str>>,
    category: String,
    warnings: Vec<WarningLine>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Line {
    text: String,
    #[serde(flatten)]
    place: Place,
    selector: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct SpecLine {
    text: String,
    /// Canonical form (CEP 29, appendix A).
    spec: String,
    #[serde(flatten)]
    place: Place,
    selector: Option<String>,
    category: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct WarningLine {
    code: &'static str,
    text: String,
    #[serde(flatten)]
    place: Place,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Place {
    file: String,
    line: u32,
    column: u32,
}

impl From<&Position> for Place {
    fn from(position: &Position) -> Self {
        Self {
            file: position.file.to_string(),
            line: position.line,
            column: position.column,
        }
    }
}

impl From<&Manifest> for ManifestReport {
    fn from(manifest: &Manifest) -> Self {
        let selector = |selector: &Option<Selector>| {
            selector.as_ref().map(|selector| selector.text().to_owned())
        };
        let channels = manifest.channels.as_ref().map(|channels| {
            let line = |channel: &crate::ChannelEntry| Line {
                text: without_credentials(&channel.written),
                place: Place::from(&channel.position),
                selector: selector(&channel.selector),
            };
            channels.iter().map(line).collect()
        });
        let specs = manifest.dependencies.iter().map(|dependency| SpecLine {
            text: without_credentials(&dependency.text),
            spec: canonical_text(&dependency.spec),
            place: Place::from(&dependency.position),
            selector: selector(&dependency.selector),
            category: dependency.category.to_string(),
        });
        let pip = manifest.pip.iter().flat_map(|pip| &pip.lines);
        let pip = pip.map(|line| Line {
            text: without_credentials(&line.text),
            place: Place::from(&line.position),
            selector: selector(&line.selector),
        });
        let warnings = manifest.warnings.iter().map(|warning| WarningLine {
            code: warning.code.as_str(),
            text: warning.text.clone(),
            place: Place::from(&warning.position),
        });
        let platforms = manifest.platforms.as_ref();
        Self {
            files: manifest.files.iter().map(ToString::to_string).collect(),
            name: manifest.name.clone(),
            prefix: manifest.prefix.clone(),
            channels,
            nodefaults: manifest.nodefaults,
            specs: specs.collect(),
            pip: pip.collect(),
            variables: manifest.variables.clone(),
            platforms: platforms.map(|subdirs| subdirs.iter().map(|s| s.as_str()).collect()),
            category: manifest.category.clone(),
            warnings: warnings.collect(),
        }
    }
}
