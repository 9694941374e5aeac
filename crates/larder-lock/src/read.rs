//! The text of a `conda-lock.yml` to a [`LockFile`]: what is wrong is refused with its line, what is
//! merely unusual is understood and noted.
//!
//! Never trusts a name, a version or an address before it has been checked, and never decides
//! anything by `content_hash`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use larder_manifest::yaml::{self, YamlLimits};
use rattler_conda_types::Subdir;
use serde_saphyr::Spanned;

use crate::{
    LockError, LockFile, LockKind, Note, Problem, detect,
    file::{Content, LockEntry},
    kind::top_level,
    pip::request_problem,
    raw::{RawLock, RawPackage},
    read_package,
    seal::{SEAL_KEY, Sealed, Signs},
    write::{CUT_OFFS_KEY, OUR_KEYS, content_hash},
};

impl LockFile {
    /// Reads a `conda-lock.yml` (CEP 37). `file_name` only serves the messages.
    ///
    /// # Errors
    /// [`LockError`] with the line, for everything that the CEP forbids or that larder could not
    /// install exactly.
    pub fn parse(file_name: &str, text: &str) -> Result<Self, LockError> {
        check_kind(file_name, text)?;
        check_limits(file_name, text)?;
        let options = serde_saphyr::options! {
            emit_comments: false,
            budget: serde_saphyr::budget! { max_events: 10_000_000, max_nodes: 5_000_000 },
        };
        let raw: RawLock = serde_saphyr::from_str_with_options(text, options)
            .map_err(|error| yaml_error(file_name, &error))?;
        Reader::new(file_name).read(raw)
    }
}

/// Refuses a text that takes gigabytes when its aliases are expanded, before a reader expands them.
pub(crate) fn check_limits(file: &str, text: &str) -> Result<(), LockError> {
    yaml::check_limits(text, &YamlLimits::LOCK).map_err(|(problem, mark)| LockError::Yaml {
        file: file.to_owned(),
        line: mark.line.into(),
        column: mark.column.into(),
        message: format!("the lock is too large: {problem}"),
    })
}

fn check_kind(file: &str, text: &str) -> Result<(), LockError> {
    check_conflict(file, text)?;
    match detect(text) {
        Some(LockKind::CondaLock) => check_version(file, text),
        Some(other) => Err(LockError::NotALock {
            file: file.to_owned(),
            found: format!("it is a {other}, and a conda-lock.yml is wanted"),
        }),
        None => Err(not_a_lock(file, text)),
    }
}

/// What to say of a text that is no lock of any format.
pub(crate) fn not_a_lock(file: &str, text: &str) -> LockError {
    let found = if top_level(text).any(|(_, key, _)| key == "dependencies") {
        "it looks like an environment file: run `larder lock` on it, or use it as a manifest"
    } else if text.trim_start().starts_with('{') {
        "it is JSON, as some versions of mamba write it: expected a conda-lock.yml, a pixi.lock or a \
         list with the line @EXPLICIT"
    } else {
        "expected the top-level keys `version`, `metadata` and `package` (conda-lock.yml), \
         `version`, `environments` and `packages` (pixi.lock), or the line @EXPLICIT"
    };
    LockError::NotALock {
        file: file.to_owned(),
        found: found.to_owned(),
    }
}

/// The markers that git leaves, in whatever format.
pub(crate) fn check_conflict(file: &str, text: &str) -> Result<(), LockError> {
    let marker = |line: &str| {
        let starts = |mark: &str| line.starts_with(mark);
        starts("<<<<<<< ") || starts("||||||| ") || starts(">>>>>>> ") || line == "======="
    };
    match (1..).zip(text.lines()).find(|(_, line)| marker(line)) {
        Some((line, _)) => Err(LockError::MergeConflict {
            file: file.to_owned(),
            line,
        }),
        None => Ok(()),
    }
}

/// Before the rest is read, as other versions have other types.
fn check_version(file: &str, text: &str) -> Result<(), LockError> {
    let Some((line, _, value)) = top_level(text).find(|(_, key, _)| *key == "version") else {
        return Ok(());
    };
    let value = value.split(" #").next().unwrap_or_default().trim();
    match value.trim_matches(['"', '\'']) {
        "1" => Ok(()),
        found => Err(LockError::Version {
            file: file.to_owned(),
            line,
            found: found.to_owned(),
        }),
    }
}

fn yaml_error(file: &str, error: &serde_saphyr::Error) -> LockError {
    let location = error.location().unwrap_or(serde_saphyr::Location::UNKNOWN);
    let mut message = error.without_snippet().to_string();
    if let Some(position) = message.rfind(" at line ") {
        message.truncate(position);
    }
    LockError::Yaml {
        file: file.to_owned(),
        line: location.line(),
        column: location.column(),
        message: shortened(message),
    }
}

/// The beginning of a message: parsers quote what they found, which may be megabytes.
pub(crate) fn shortened(mut message: String) -> String {
    const LONGEST: usize = 1000;
    if message.len() > LONGEST {
        message.truncate(message.floor_char_boundary(LONGEST));
        message.push_str("...");
    }
    message
}

/// So many unknown keys are named, the others counted.
const NAMED_KEYS: usize = 5;

/// What reading needs to know of what it has read.
pub(crate) struct Reader<'a> {
    pub(crate) file: &'a str,
    pub(crate) platforms: Vec<Subdir>,
    pub(crate) custom_metadata: BTreeMap<String, String>,
    /// Keys of records that a newer larder wrote.
    pub(crate) unknown_keys: BTreeSet<String>,
    notes: Vec<Note>,
    extended: bool,
}

impl<'a> Reader<'a> {
    fn new(file: &'a str) -> Self {
        Self {
            file,
            platforms: Vec::new(),
            custom_metadata: BTreeMap::new(),
            unknown_keys: BTreeSet::new(),
            notes: Vec::new(),
            extended: false,
        }
    }

    pub(crate) fn note(&mut self, line: u64, text: impl Into<String>) {
        self.notes.push(Note {
            file: self.file.to_owned(),
            line,
            text: text.into(),
        });
    }

    fn note_unknown_keys(&mut self, line: u64) {
        if self.unknown_keys.is_empty() {
            return;
        }
        let keys: Vec<String> = std::mem::take(&mut self.unknown_keys).into_iter().collect();
        let named = keys
            .iter()
            .take(NAMED_KEYS)
            .map(|key| shortened(key.clone()));
        let named = named.collect::<Vec<_>>().join(", ");
        let more = keys.len().checked_sub(NAMED_KEYS).filter(|more| *more > 0);
        let more = more.map_or_else(String::new, |more| format!(" and {more} more"));
        let text = format!(
            "`custom_metadata` describes packages by what this version of larder does not know ({named}{more}): it is left out \
             when the lock is written again, so update larder before that"
        );
        self.note(line, text);
    }

    fn read(mut self, raw: RawLock) -> Result<LockFile, LockError> {
        let metadata = self.require(raw.metadata, 1, "metadata", "the lock's metadata")?;
        let package = self.require(raw.package, 1, "package", "a list of packages")?;
        let line = metadata.referenced.line();
        let metadata = metadata.value;
        self.read_platforms(&metadata, line)?;
        self.check_content_hash(&metadata, line)?;
        let content_hashes = metadata.content_hash.map(|hashes| hashes.value);
        let content_hashes = content_hashes.unwrap_or_default();
        let channels = self.read_channels(metadata.channels, line)?;
        let sources = self.read_sources(metadata.sources, line)?;
        let inputs = self.read_inputs(metadata.inputs_metadata)?;
        let mut custom_metadata = metadata.custom_metadata.unwrap_or_default();
        let seal = custom_metadata.remove(SEAL_KEY);
        self.custom_metadata = custom_metadata.clone();
        self.check_pip_requests(line)?;
        let virtual_packages = self.take_virtual_packages();
        if package.is_none() {
            self.note(line, "`package` is empty: read as a lock of no packages");
        }
        let packages = self.read_packages(package.unwrap_or_default())?;
        self.note_unknown_keys(line);
        let sealed = Sealed {
            platforms: &self.platforms,
            channels: &channels,
            sources: &sources,
            custom_metadata: &custom_metadata,
        };
        let items: Vec<String> = packages.iter().map(crate::write::item).collect();
        let has_our_hash = seal.is_none()
            && !packages.is_empty()
            && self.platforms.iter().all(|platform| {
                let entries = packages.iter().zip(&items);
                let own = entries.filter(|(entry, _)| entry.platform == *platform);
                let hash = content_hash(own.map(|(_, item)| item.as_str()));
                content_hashes.get(platform.as_str()) == Some(&Some(hash))
            });
        let signs = Signs {
            seal: seal.as_deref(),
            has_our_hash,
        };
        let writer = sealed.writer(&signs, items.iter().map(String::as_str));
        let cut_offs = self.custom_metadata.remove(CUT_OFFS_KEY);
        self.custom_metadata
            .retain(|key, _| !key.starts_with(OUR_KEYS));
        Ok(LockFile {
            platforms: self.platforms,
            channels,
            sources,
            inputs,
            virtual_packages,
            custom_metadata: self.custom_metadata,
            cut_offs,
            packages,
            notes: self.notes,
            writer,
        })
    }

    /// A record of a `pip:` section that cannot be read must not count as none: a lock of another tool,
    /// which has none, is asked for less.
    fn check_pip_requests(&self, line: u64) -> Result<(), LockError> {
        for (key, text) in &self.custom_metadata {
            if let Some(problem) = request_problem(key, text) {
                return Err(LockError::Metadata {
                    file: self.file.to_owned(),
                    line,
                    problem: Box::new(Problem::Value {
                        key: "custom_metadata",
                        found: key.clone(),
                        expected: problem,
                    }),
                });
            }
        }
        Ok(())
    }

    fn read_packages(
        &mut self,
        raw: Vec<Spanned<RawPackage>>,
    ) -> Result<Vec<LockEntry>, LockError> {
        let mut packages: Vec<LockEntry> = Vec::with_capacity(raw.len());
        let mut lines: HashMap<(String, &'static str, Subdir, String), u64> = HashMap::new();
        let mut pip: Vec<(Subdir, String, u64)> = Vec::new();
        for package in raw {
            let line = package.referenced.line();
            self.note_extension(&package.value, line);
            let entry = read_package::read(self, package.value, line)?;
            let name = entry.name().to_owned();
            let (manager, platform) = (entry.manager(), entry.platform);
            let key = (name.clone(), manager, platform, entry.category.clone());
            if let Some(first_line) = lines.insert(key, line) {
                return Err(LockError::Package {
                    file: self.file.to_owned(),
                    line,
                    package: name,
                    problem: Box::new(Problem::Duplicate {
                        manager,
                        platform,
                        category: entry.category,
                        first_line,
                    }),
                });
            }
            if matches!(entry.content, Content::Pip(_)) {
                pip.push((platform, name, line));
            }
            packages.push(entry);
        }
        self.check_pip(&packages, pip)?;
        packages.sort_by(|a, b| crate::write::order(a).cmp(&crate::write::order(b)));
        Ok(packages)
    }

    /// Once for the file.
    fn note_extension(&mut self, package: &RawPackage, line: u64) {
        if !self.extended && (package.build_number.is_some() || package.constrains.is_some()) {
            self.extended = true;
            self.note(
                line,
                "`build_number`, `constrains` and other keys of pixi and micromamba are no keys of \
                 CEP 37: these two are understood, the others are not needed",
            );
        }
    }

    fn check_pip(
        &self,
        packages: &[LockEntry],
        pip: Vec<(Subdir, String, u64)>,
    ) -> Result<(), LockError> {
        for (platform, package, line) in pip {
            let python = packages.iter().any(|entry| {
                entry.platform == platform && entry.manager() == "conda" && entry.name() == "python"
            });
            if !python {
                return Err(LockError::Package {
                    file: self.file.to_owned(),
                    line,
                    package,
                    problem: Box::new(Problem::PipWithoutPython { platform }),
                });
            }
        }
        Ok(())
    }
}

/// Lower-case, as CEP 37 wants it.
pub(crate) fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
