//! What the user gave: manifests, a lock, or specs. Read and told apart by content.

use std::{
    collections::BTreeSet,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use indexmap::IndexMap;
use larder_digest::Hasher;
use larder_event::Reporter;
use larder_fs::PathContext as _;
use larder_lock::LockFile;
use larder_manifest::{Dependency, Manifest, is_environment_file, looks_like_manifest};
use rattler_conda_types::Subdir;

use crate::{
    Settings,
    streams::{fetched_from, is_stream, shown_name},
};

mod archives;
mod error;
mod locks;

pub use archives::ARGUMENT_BYTES;
pub(crate) use archives::COMMAND_LINE;
use archives::{is_archive, read_archives};
pub use error::InputError;
use locks::as_lock;
pub(crate) use locks::{environments, parse_lock, read_lock};

/// The manifest that is taken when none is named.
pub const DEFAULT_MANIFEST: &str = "environment.yml";
/// Taken where the default one is not there.
const OTHER_DEFAULT_MANIFEST: &str = "environment.yaml";
/// The lock that belongs to a manifest in the same directory.
pub const DEFAULT_LOCK: &str = "conda-lock.yml";

/// What the user gave, read.
#[derive(Debug)]
pub(crate) enum Input {
    /// One manifest, or several merged, or specs.
    Manifest(ManifestInput),
    /// A lock file, alone.
    Lock {
        /// Its path, absolute.
        path: PathBuf,
        /// Its content.
        lock: Box<LockFile>,
        /// Environment variables that came with it: a pack has some, a lock file never.
        variables: IndexMap<String, String>,
    },
}

impl Input {
    /// The manifest, if it is one.
    pub(crate) fn manifest(&self) -> Option<&Manifest> {
        match self {
            Self::Manifest(input) => Some(&input.manifest),
            Self::Lock { .. } => None,
        }
    }
}

/// A manifest and where it is.
#[derive(Debug, Clone)]
pub(crate) struct ManifestInput {
    /// What it says.
    pub(crate) manifest: Manifest,
    /// The files, absolute; empty for specs of the command line alone.
    pub(crate) files: Vec<PathBuf>,
    /// Whether the first file is a file of the user's, so that a lock can be beside it.
    pub(crate) has_place: bool,
}

impl ManifestInput {
    /// The lock of this manifest, if there is one.
    pub(crate) fn find_lock(
        &self,
        settings: &Settings,
    ) -> Result<Option<(PathBuf, LockFile)>, InputError> {
        let Some(path) = self.find_lock_path(settings) else {
            return Ok(None);
        };
        Ok(read_lock(&path, settings)?.map(|lock| (path, lock)))
    }

    /// Where the lock of this manifest is: that of its own name, else the directory's conda-lock.yml if
    /// that says that it was made from this manifest.
    pub(crate) fn find_lock_path(&self, settings: &Settings) -> Option<PathBuf> {
        let own = self.lock_path()?;
        if own.is_file() {
            return Some(own);
        }
        let common = own.with_file_name(DEFAULT_LOCK);
        let lock = read_lock(&common, settings).ok()??;
        self.is_source_of(&lock).then_some(common)
    }

    /// Where the lock of this manifest belongs: `conda-lock.yml` beside environment.yml,
    /// `NAME.conda-lock.yml` beside NAME.yml. `None` for specs of the command line and for standard input.
    pub(crate) fn lock_path(&self) -> Option<PathBuf> {
        let file = self.files.first().filter(|_| self.has_place)?;
        lock_path_of(file)
    }

    /// What paths in the manifest are relative to: the working directory for specs and for what came by
    /// standard input or a pipe. A manifest from a URL names no files of this machine.
    pub(crate) fn directory<'d>(&'d self, settings: &'d Settings) -> &'d Path {
        let has_directory = |file: &&PathBuf| self.has_place || fetched_from(file).is_some();
        let file = self.files.first().filter(has_directory);
        file.and_then(|file| file.parent())
            .unwrap_or(&settings.working_directory)
    }

    fn is_source_of(&self, lock: &LockFile) -> bool {
        let name = self.files.first().and_then(|file| file.file_name());
        lock.sources()
            .iter()
            .any(|source| Path::new(source).file_name() == name)
    }
}

/// The longest name that file systems take.
const NAME_MAX: usize = 255;
/// Digits of the digest that stands for the rest of a longer name.
const DIGEST_LENGTH: usize = 16;

/// Where the lock of the manifest `file` belongs. A name that would be longer than file systems take is cut,
/// and a digest of the whole stands for the rest.
pub(crate) fn lock_path_of(file: &Path) -> Option<PathBuf> {
    let stem = file.file_stem()?.to_string_lossy();
    let room = NAME_MAX - DEFAULT_LOCK.len() - 1;
    let stem = if stem.len() > room {
        let mut hasher = Hasher::sha256();
        hasher.update(stem.as_bytes());
        let digest = hasher.finish().sha256.to_hex();
        let kept = stem.floor_char_boundary(room - DIGEST_LENGTH - 1);
        format!("{}~{}", &stem[..kept], &digest[..DIGEST_LENGTH]).into()
    } else {
        stem
    };
    let is_default = Path::new(DEFAULT_MANIFEST).file_stem() == file.file_stem();
    let name = if is_default {
        DEFAULT_LOCK.to_owned()
    } else {
        format!("{stem}.{DEFAULT_LOCK}")
    };
    Some(file.with_file_name(name))
}

/// What the command line names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InputRequest<'a> {
    /// Manifests or one lock; none means the default manifest, unless there are specs.
    pub(crate) files: &'a [PathBuf],
    /// Specs: in addition to manifests, or alone where no file is named.
    pub(crate) specs: &'a [String],
    /// The wanted categories; none means `main` of a lock, and all of manifests.
    pub(crate) categories: &'a [String],
    /// The platform of an `@EXPLICIT` list that does not say its own.
    pub(crate) subdir: Option<Subdir>,
}

impl<'a> InputRequest<'a> {
    /// Files alone.
    pub(crate) fn files(files: &'a [PathBuf]) -> Self {
        Self {
            files,
            specs: &[],
            categories: &[],
            subdir: None,
        }
    }
}

/// Reads what `request` names. Warnings go to the reporter.
///
/// # Errors
/// See [`InputError`]; nothing has changed.
pub(crate) fn read(
    request: &InputRequest<'_>,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<Input, InputError> {
    let InputRequest {
        files,
        specs,
        categories,
        subdir,
    } = *request;
    let (archives, others): (Vec<String>, Vec<String>) =
        specs.iter().cloned().partition(|spec| is_archive(spec));
    if let Some(archive) = archives.first() {
        let other = others.first().cloned();
        let file = files.first().map(|file| file.display().to_string());
        if let Some(other) = other.or(file) {
            return Err(InputError::ArchiveAmongOthers {
                archive: archive.clone(),
                other,
            });
        }
        let lock = read_archives(&archives, subdir, settings)?;
        let known = lock.categories().into_iter().map(str::to_owned).collect();
        refuse_unknown_category(categories, &known, &[])?;
        return Ok(Input::Lock {
            path: COMMAND_LINE.into(),
            lock: Box::new(lock),
            variables: IndexMap::new(),
        });
    }
    if files.is_empty() && !specs.is_empty() {
        let manifest =
            Manifest::from_specs(specs).map_err(|error| InputError::Manifest(Box::new(error)))?;
        refuse_unknown_category(categories, &manifest.categories, &[])?;
        return Ok(Input::Manifest(ManifestInput {
            manifest,
            files: Vec::new(),
            has_place: false,
        }));
    }
    let files = named_or_default(files, settings)?;
    let mut manifests = Vec::new();
    for path in &files {
        match read_file(path, subdir, settings)? {
            FileContent::Manifest(manifest) => manifests.push(*manifest),
            FileContent::Lock(_) if files.len() > 1 => {
                let path = shown_name(path).into();
                return Err(InputError::LockAmongOthers { path });
            }
            FileContent::Lock(lock) if !specs.is_empty() => {
                return Err(InputError::SpecsWithLock {
                    path: shown_name(path).into(),
                    specs: specs.to_vec(),
                    sources: lock.sources().to_vec(),
                });
            }
            FileContent::Lock(lock) => {
                let known = lock.categories().into_iter().map(str::to_owned).collect();
                refuse_unknown_category(categories, &known, &files)?;
                for note in lock.notes() {
                    reporter.warn("lock::note", note.to_string());
                }
                let path = settings.absolute(path);
                return Ok(Input::Lock {
                    path: fetched_from(&path).map_or(path, PathBuf::from),
                    lock,
                    variables: IndexMap::new(),
                });
            }
        }
    }
    let manifests = select_categories(manifests, categories, &files)?;
    let mut manifest =
        Manifest::merge(manifests).map_err(|error| InputError::Manifest(Box::new(error)))?;
    for warning in &manifest.warnings {
        reporter.warn(
            warning.code.as_str(),
            format!("{}: {}", warning.position, warning.text),
        );
    }
    add_pip(&mut manifest, reporter);
    let manifest = manifest
        .with_specs(specs)
        .map_err(|error| InputError::Manifest(Box::new(error)))?;
    let has_place = files.first().is_some_and(|path| {
        !is_stream(path, &settings.working_directory) && fetched_from(path).is_none()
    });
    let files: Vec<PathBuf> = files.iter().map(|path| settings.absolute(path)).collect();
    Ok(Input::Manifest(ManifestInput {
        manifest,
        files,
        has_place,
    }))
}

/// The manifests without the contents of those whose category is not wanted.
fn select_categories(
    manifests: Vec<Manifest>,
    wanted: &[String],
    files: &[PathBuf],
) -> Result<Vec<Manifest>, InputError> {
    if wanted.is_empty() {
        return Ok(manifests);
    }
    let known = manifests
        .iter()
        .flat_map(|manifest| manifest.categories.iter().cloned());
    refuse_unknown_category(wanted, &known.collect(), files)?;
    let select = |manifest: Manifest| match wanted.contains(&manifest.category) {
        true => manifest,
        false => manifest.without_contents(),
    };
    Ok(manifests.into_iter().map(select).collect())
}

/// A mistyped category would install less, without a word.
pub(crate) fn refuse_unknown_category(
    wanted: &[String],
    known: &BTreeSet<String>,
    files: &[PathBuf],
) -> Result<(), InputError> {
    match wanted.iter().find(|category| !known.contains(*category)) {
        None => Ok(()),
        Some(category) => Err(InputError::UnknownCategory {
            category: category.clone(),
            known: known.iter().cloned().collect(),
            files: files.to_vec(),
        }),
    }
}

/// Whether a word among file names is meant as a spec: there is no such file, its name is that of no environment file
/// or lock, and it can be read as a spec.
pub fn is_spec_among_files(word: &Path, directory: &Path) -> bool {
    const ENDINGS: [&str; 6] = ["yml", "yaml", "json", "txt", "lock", "toml"];
    let Some(text) = word.to_str() else {
        return false;
    };
    let ending = word.extension().and_then(|ending| ending.to_str());
    let is_of_file = ending.is_some_and(|ending| ENDINGS.contains(&ending));
    // A channel in front of a spec may be a URL or a path.
    let is_path = text.contains(['/', '\\']) && !text.contains("::");
    !is_of_file
        && !is_path
        && !directory.join(word).exists()
        && larder_manifest::parse_spec(text).is_ok()
}

/// What a file turned out to be.
enum FileContent {
    Manifest(Box<Manifest>),
    Lock(Box<LockFile>),
}

fn read_file(
    path: &Path,
    subdir: Option<Subdir>,
    settings: &Settings,
) -> Result<FileContent, InputError> {
    let absolute = settings.absolute(path);
    let bytes = match settings.read_input(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // Without `./`, which nobody wants to read.
            let path = absolute.components().collect();
            return Err(InputError::NoFile { path });
        }
        bytes => bytes.at("read", path)?,
    };
    // The text of a file that a link leads to is not shown: excerpts and warnings would print secrets of the user.
    let is_linked = leads_elsewhere(&absolute);
    let hide = |error: InputError| match is_linked {
        true => InputError::LinkedFile {
            path: path.to_owned(),
        },
        false => error,
    };
    if let Some(lock) = as_lock(path, &bytes, subdir, settings).map_err(hide)? {
        return Ok(FileContent::Lock(Box::new(lock)));
    }
    // The extension alone says little of `env.txt`, `environment.yml.in` or a pipe.
    let parsed = if is_environment_file(path) || looks_like_manifest(&bytes) {
        parse(path, &bytes, settings)
    } else {
        parse_specs(path, &bytes)
    };
    let mut manifest = parsed.map_err(hide)?;
    if is_linked {
        manifest.warnings.clear();
    }
    Ok(FileContent::Manifest(Box::new(manifest)))
}

/// A `pip:` section needs pip, as for conda.
fn add_pip(manifest: &mut Manifest, reporter: &dyn Reporter) {
    let lines = manifest.pip.as_ref().and_then(|pip| pip.lines.first());
    let Some(first) = lines else {
        return;
    };
    let is_pip = |dependency: &Dependency| {
        let name = dependency.spec.name.as_exact();
        name.is_some_and(|name| name.as_normalized() == "pip")
    };
    let Ok(spec) = larder_manifest::parse_spec("pip") else {
        return;
    };
    if manifest.dependencies.iter().any(is_pip) {
        return;
    }
    let text = format!(
        "{}: there is a `pip:` section, but no `pip` among the dependencies: it is added",
        first.position
    );
    reporter.warn("manifest::pip-added", text);
    manifest.dependencies.push(Dependency {
        spec,
        text: "pip".to_owned(),
        position: first.position.clone(),
        selector: None,
        category: manifest.category.as_str().into(),
    });
}

/// The files that were named, else the default manifest that is there.
pub(crate) fn named_or_default(
    files: &[PathBuf],
    settings: &Settings,
) -> Result<Vec<PathBuf>, InputError> {
    if !files.is_empty() {
        return Ok(files.to_vec());
    }
    let default = [DEFAULT_MANIFEST, OTHER_DEFAULT_MANIFEST]
        .into_iter()
        .find(|name| settings.absolute(name).is_file());
    default
        .map(|name| vec![PathBuf::from(name)])
        .ok_or_else(|| InputError::NoDefault {
            directory: settings.working_directory.clone(),
        })
}

fn parse(path: &Path, bytes: &[u8], settings: &Settings) -> Result<Manifest, InputError> {
    let name = shown_name(path);
    Manifest::parse(&name, bytes, settings).map_err(|error| InputError::Manifest(Box::new(error)))
}

/// Whether a path is a link that leads out of its directory.
fn leads_elsewhere(path: &Path) -> bool {
    let real = path.canonicalize();
    let directory = path.parent().map(Path::canonicalize);
    match (real, directory) {
        (Ok(real), Some(Ok(directory))) => path.is_symlink() && !real.starts_with(directory),
        _ => false,
    }
}

/// CEP 23: a file that is neither an environment.yml nor a lock has a spec on each line.
fn parse_specs(path: &Path, bytes: &[u8]) -> Result<Manifest, InputError> {
    let text = String::from_utf8_lossy(bytes);
    if text.trim().is_empty() {
        return Err(InputError::EmptyFile {
            path: shown_name(path).into(),
        });
    }
    let mut specs = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        larder_manifest::parse_spec(line).map_err(|source| InputError::SpecLine {
            path: shown_name(path).into(),
            line: number + 1,
            source: Box::new(source),
        })?;
        specs.push(line.to_owned());
    }
    Manifest::from_specs(&specs).map_err(|error| InputError::Manifest(Box::new(error)))
}

/// `~` and variables in a path of a manifest.
pub(crate) fn expand(text: &str, settings: &Settings) -> PathBuf {
    settings.absolute(larder_manifest::expand_harmless_path(text, settings))
}
