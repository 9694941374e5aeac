//! The model of an `environment.yml` (CEP 24): what the user asked for, with places.
//!
//! Never solves and never resolves channels; after the solve nothing looks at it any more.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use rattler_conda_types::{MatchSpec, Subdir};

use crate::channel_variables::expand_harmless_path;
use crate::decode::decode;
use crate::error::{ManifestError, ManifestErrorKind};
use crate::expand::Lookup;
use crate::position::{Mark, Position, Source};
use crate::read;
use crate::selector::Selector;

/// The category of dependencies that name none (CEP 24, CEP 37).
pub const DEFAULT_CATEGORY: &str = "main";

/// What positions call the command line, in place of a file.
const COMMAND_LINE: &str = "<command line>";

/// One or several environment files, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The files in the order given, as the caller named them.
    pub files: Vec<Arc<str>>,
    /// The preferred name, unchecked: the command line may override it.
    pub name: Option<String>,
    /// The preferred prefix as written; see [`Self::expanded_prefix`]. A name wins over it.
    pub prefix: Option<String>,
    /// The channels without `nodefaults`; None if there is no such key.
    pub channels: Option<Vec<ChannelEntry>>,
    /// If `nodefaults` stands among the channels.
    pub nodefaults: bool,
    /// What conda is to install.
    pub dependencies: Vec<Dependency>,
    /// The `pip` sections, joined; None if there is none with a line.
    pub pip: Option<PipSection>,
    /// Environment variables to set on activation.
    pub variables: IndexMap<String, String>,
    /// The subdirs to lock for; None if there is no such key.
    pub platforms: Option<Vec<Subdir>>,
    /// The label of the file's dependencies; after a merge that of the first file.
    pub category: String,
    /// The labels of all files whose dependencies count.
    pub categories: BTreeSet<String>,
    /// What the user should know.
    pub warnings: Vec<ManifestWarning>,
}

/// A package spec of the manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct Dependency {
    /// The spec.
    pub spec: MatchSpec,
    /// The spec as written.
    pub text: String,
    /// Where it stands.
    pub position: Position,
    /// On which subdirs it counts; None for all.
    pub selector: Option<Selector>,
    /// The category of the file that it comes from.
    pub category: Arc<str>,
}

impl Dependency {
    /// Whether it is a spec of the command line, not a line of a file.
    pub fn is_of_command_line(&self) -> bool {
        &*self.position.file == COMMAND_LINE
    }
}

/// An entry of `channels`.
#[derive(Clone, PartialEq, Eq)]
pub struct ChannelEntry {
    /// Name, URL or path with `~` and variables expanded. May hold credentials: never print it.
    pub text: String,
    /// As written, for messages; may hold credentials too, if the user wrote them there.
    pub written: String,
    /// Where it stands.
    pub position: Position,
    /// On which subdirs it counts; None for all.
    pub selector: Option<Selector>,
}

impl fmt::Debug for ChannelEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelEntry")
            .field("text", &crate::channel::without_credentials(&self.written))
            .field("position", &self.position)
            .field("selector", &self.selector)
            .finish_non_exhaustive()
    }
}

/// The `pip` section.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PipSection {
    /// PyPI requirements and options of pip, as written.
    pub lines: Vec<PipLine>,
}

/// A line of the `pip` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipLine {
    /// As written.
    pub text: String,
    /// Where it stands.
    pub position: Position,
    /// On which subdirs it counts; None for all.
    pub selector: Option<Selector>,
    /// The category of the file that it comes from.
    pub category: Arc<str>,
}

/// Something that is not wrong enough to refuse the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestWarning {
    /// What kind.
    pub code: WarningCode,
    /// One line for the user, without the position.
    pub text: String,
    /// Where.
    pub position: Position,
}

impl fmt::Display for ManifestWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.position, self.text)
    }
}

/// The kinds of warnings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WarningCode {
    /// A top-level key that CEP 24 does not have.
    UnknownKey,
    /// A name or prefix that cannot be used as it is.
    UnusableName,
    /// A key or list item without a value, taken as absent.
    EmptyValue,
    /// A text where a list was expected, taken as a list of one.
    SingleLine,
    /// Brackets in a comment that are no selector; the line is kept.
    ProseSelector,
    /// A selector on a line that selectors do not apply to; the line is kept.
    IgnoredSelector,
    /// Comment and dictionary selectors in one file.
    MixedSelectors,
    /// Two files that say different things; the later one wins.
    Conflict,
}

impl WarningCode {
    /// A stable code, listed in the documentation.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownKey => "manifest::unknown-key",
            Self::UnusableName => "manifest::unusable-name",
            Self::EmptyValue => "manifest::empty-value",
            Self::SingleLine => "manifest::single-line",
            Self::ProseSelector => "manifest::prose-selector",
            Self::IgnoredSelector => "manifest::ignored-selector",
            Self::MixedSelectors => "manifest::mixed-selectors",
            Self::Conflict => "manifest::conflicting-files",
        }
    }
}

impl Manifest {
    /// Reads one file. `file_name` is what messages call it; `lookup` expands `~` and variables in
    /// channels.
    ///
    /// # Errors
    /// [`ManifestError`] at the first place that cannot be read.
    pub fn parse(
        file_name: &str,
        bytes: &[u8],
        lookup: &dyn Lookup,
    ) -> Result<Self, ManifestError> {
        let mut source = Source {
            file: Arc::from(file_name),
            text: String::new(),
        };
        match decode(bytes) {
            Ok(text) => source.text = text,
            Err((found, mark)) => {
                let kind = ManifestErrorKind::NotText { found };
                return Err(ManifestError::new(kind, &source, mark, 1));
            }
        }
        read::read(&source, lookup)
    }

    /// The specs of the command line as a manifest: file `<command line>`, one line per spec.
    ///
    /// # Errors
    /// [`ManifestError`] for the first spec that cannot be read.
    pub fn from_specs(specs: &[String]) -> Result<Self, ManifestError> {
        let source = Source {
            file: Arc::from(COMMAND_LINE),
            text: specs.join("\n"),
        };
        let category = Arc::from(DEFAULT_CATEGORY);
        let mut manifest = Self::empty(Arc::clone(&source.file));
        for (index, text) in specs.iter().enumerate() {
            let mark = Mark::new(index + 1, 1);
            let spec = read::dependency_spec(text, &source, mark, None)?;
            manifest.dependencies.push(Dependency {
                spec,
                text: text.trim().to_owned(),
                position: source.position(mark),
                selector: None,
                category: Arc::clone(&category),
            });
        }
        Ok(manifest)
    }

    pub(crate) fn empty(file: Arc<str>) -> Self {
        Self {
            files: vec![file],
            name: None,
            prefix: None,
            channels: None,
            nodefaults: false,
            dependencies: Vec::new(),
            pip: None,
            variables: IndexMap::new(),
            platforms: None,
            category: DEFAULT_CATEGORY.to_owned(),
            categories: BTreeSet::from([DEFAULT_CATEGORY.to_owned()]),
            warnings: Vec::new(),
        }
    }

    /// Leaves out what is to be installed and set, because the file's category is not wanted. Channels, platforms and
    /// the name stay: several files are one environment.
    #[must_use]
    pub fn without_contents(self) -> Self {
        Self {
            dependencies: Vec::new(),
            pip: None,
            variables: IndexMap::new(),
            categories: BTreeSet::new(),
            ..self
        }
    }

    /// The dependencies that count for an environment on `subdir`, in order.
    pub fn specs_for(&self, subdir: Subdir) -> Vec<&Dependency> {
        self.dependencies
            .iter()
            .filter(|dependency| counts(dependency.selector.as_ref(), subdir))
            .collect()
    }

    /// The channels that count for an environment on `subdir`, in order; None if there is no
    /// `channels` key.
    pub fn channels_for(&self, subdir: Subdir) -> Option<Vec<&ChannelEntry>> {
        let channels = self.channels.as_ref()?.iter();
        Some(
            channels
                .filter(|channel| counts(channel.selector.as_ref(), subdir))
                .collect(),
        )
    }

    /// The `pip` lines that count for an environment on `subdir`, in order.
    pub fn pip_lines_for(&self, subdir: Subdir) -> Vec<&PipLine> {
        self.pip
            .iter()
            .flat_map(|section| &section.lines)
            .filter(|line| counts(line.selector.as_ref(), subdir))
            .collect()
    }

    /// [`Self::prefix`] with `~` and variables expanded.
    pub fn expanded_prefix(&self, lookup: &dyn Lookup) -> Option<String> {
        self.prefix
            .as_deref()
            .map(|prefix| expand_harmless_path(prefix, lookup))
    }
}

fn counts(selector: Option<&Selector>, subdir: Subdir) -> bool {
    selector.is_none_or(|selector| selector.matches(subdir))
}

/// Whether a text is meant to be an environment.yml, whatever its file is called: it is a mapping with one of
/// that format's keys. A list of specs (CEP 23) has none: `name: x` is no spec.
pub fn looks_like_manifest(bytes: &[u8]) -> bool {
    const KEYS: [&str; 8] = [
        "dependencies",
        "channels",
        "name",
        "prefix",
        "variables",
        "platforms",
        "category",
        "nodefaults",
    ];
    let Ok(text) = decode(bytes) else {
        return false;
    };
    let is_key = |line: &str| {
        let (key, rest) = line.split_once(':').unwrap_or(("", line));
        let key = key.trim_end().trim_matches(['"', '\'']);
        KEYS.contains(&key) && (rest.is_empty() || rest.starts_with([' ', '\t', '\r']))
    };
    // A manifest may be written as JSON, which is YAML.
    text.trim_start().starts_with('{') || text.lines().any(is_key)
}
