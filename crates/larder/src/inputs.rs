//! What the user gave: manifests, a lock, or specs. Read and told apart by content.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use indexmap::IndexMap;
use larder_event::Reporter;
use larder_fs::{PathContext as _, PathError};
use larder_lock::{LockError, LockFile, LockFormat, ParseContext};
use larder_manifest::{
    Dependency, Lookup as _, Manifest, ManifestError, SpecError, is_environment_file,
    looks_like_manifest,
};
use rattler_conda_types::Subdir;

use crate::{
    Explain, Kind, Settings,
    streams::{INPUT_BYTES, is_stream, shown_name},
};

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

/// A manifest and where it is.
#[derive(Debug)]
pub(crate) struct ManifestInput {
    /// What it says.
    pub(crate) manifest: Manifest,
    /// The files, absolute; empty for specs of the command line.
    pub(crate) files: Vec<PathBuf>,
    /// Whether the first file is a file, so that a lock can be beside it.
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
    /// standard input or a pipe.
    pub(crate) fn directory<'d>(&'d self, settings: &'d Settings) -> &'d Path {
        let file = self.files.first().filter(|_| self.has_place);
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

/// Where the lock of the manifest `file` belongs.
pub(crate) fn lock_path_of(file: &Path) -> Option<PathBuf> {
    let stem = file.file_stem()?.to_string_lossy();
    let is_default = Path::new(DEFAULT_MANIFEST).file_stem() == file.file_stem();
    let name = if is_default {
        DEFAULT_LOCK.to_owned()
    } else {
        format!("{stem}.{DEFAULT_LOCK}")
    };
    Some(file.with_file_name(name))
}

/// Why the user's input could not be read.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] PathError),
    /// A file that was named is not there.
    #[error("there is no file `{}`", path.display())]
    NoFile {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// No file was named and the default one is not there.
    #[error("there is neither environment.yml nor environment.yaml in `{}`", directory.display())]
    NoDefault {
        /// The working directory.
        directory: PathBuf,
    },
    /// A manifest has an error.
    #[error(transparent)]
    Manifest(Box<ManifestError>),
    /// A lock has an error.
    #[error(transparent)]
    Lock(Box<LockError>),
    /// Nothing was given: not even a list that says it is empty.
    #[error("`{}` is empty: it has neither a manifest nor a spec", path.display())]
    EmptyFile {
        /// The file.
        path: PathBuf,
    },
    /// A link to a file that is something else. A repository may carry `environment.yml -> ~/.npmrc`.
    #[error(
        "`{}` is a symbolic link to a file in another directory, which is neither a manifest nor a lock: its text is not shown",
        path.display()
    )]
    LinkedFile {
        /// The link.
        path: PathBuf,
    },
    /// A line of a file of specs.
    #[error("{}:{line}: {source}", path.display())]
    SpecLine {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        source: Box<SpecError>,
    },
    /// A lock where only a manifest has an answer.
    #[error("`{}` is a lock, not a manifest", path.display())]
    NotAManifest {
        /// The lock.
        path: PathBuf,
    },
    /// A lock among several files.
    #[error("`{}` is a lock file: it can only be given alone", path.display())]
    LockAmongOthers {
        /// The lock.
        path: PathBuf,
    },
}

impl Explain for InputError {
    fn kind(&self) -> Kind {
        match self {
            Self::Read(error)
                if !matches!(
                    error.kind(),
                    ErrorKind::IsADirectory | ErrorKind::PermissionDenied | ErrorKind::FileTooLarge
                ) =>
            {
                Kind::World
            }
            _ => Kind::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Read(_) | Self::NoFile { .. } => "input::unreadable",
            Self::NoDefault { .. } => "input::no-manifest",
            Self::EmptyFile { .. } => "input::empty",
            Self::LinkedFile { .. } => "input::linked-file",
            Self::Manifest(error) => error.code(),
            Self::Lock(_) => "lock::invalid",
            Self::SpecLine { .. } => "input::spec",
            Self::NotAManifest { .. } => "input::not-a-manifest",
            Self::LockAmongOthers { .. } => "input::lock-among-others",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoDefault { .. } => Some(
                "name a file with `-f FILE`, or give specs: `larder create -p ./env python=3.12`"
                    .into(),
            ),
            Self::EmptyFile { .. } => Some(
                "an environment of no packages is `dependencies: []`; a pipe is empty when the command \
                 before it failed"
                    .into(),
            ),
            _ => None,
        }
    }
}

/// Reads `files`, the default manifest if there are none, or takes `specs`. Warnings go to the reporter.
///
/// # Errors
/// See [`InputError`]; nothing has changed.
pub(crate) fn read(
    files: &[PathBuf],
    specs: &[String],
    subdir: Option<Subdir>,
    (settings, reporter): (&Settings, &dyn Reporter),
) -> Result<Input, InputError> {
    if !specs.is_empty() {
        let manifest =
            Manifest::from_specs(specs).map_err(|error| InputError::Manifest(Box::new(error)))?;
        return Ok(Input::Manifest(ManifestInput {
            manifest,
            files: Vec::new(),
            has_place: false,
        }));
    }
    let files = named_or_default(files, settings)?;
    let mut manifests = Vec::new();
    for path in &files {
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
            true => InputError::LinkedFile { path: path.clone() },
            false => error,
        };
        if let Some(lock) = as_lock(path, &bytes, subdir, settings).map_err(hide)? {
            if files.len() > 1 {
                return Err(InputError::LockAmongOthers { path: path.clone() });
            }
            for note in lock.notes() {
                reporter.warn("lock::note", note.to_string());
            }
            return Ok(Input::Lock {
                path: absolute,
                lock: Box::new(lock),
                variables: IndexMap::new(),
            });
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
        manifests.push(manifest);
    }
    let mut manifest =
        Manifest::merge(manifests).map_err(|error| InputError::Manifest(Box::new(error)))?;
    for warning in &manifest.warnings {
        reporter.warn(
            warning.code.as_str(),
            format!("{}: {}", warning.position, warning.text),
        );
    }
    add_pip(&mut manifest, reporter);
    let has_place = files
        .first()
        .is_some_and(|path| !is_stream(path, &settings.working_directory));
    let files: Vec<PathBuf> = files.iter().map(|path| settings.absolute(path)).collect();
    Ok(Input::Manifest(ManifestInput {
        manifest,
        files,
        has_place,
    }))
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

/// Reads the lock at `path`, of any format, or `None` if there is none.
///
/// # Errors
/// If it is there and cannot be read or understood.
pub(crate) fn read_lock(path: &Path, settings: &Settings) -> Result<Option<LockFile>, InputError> {
    match larder_fs::read_user_file(path, INPUT_BYTES) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        bytes => parse_lock(path, &bytes.at("read", path)?, None, settings).map(Some),
    }
}

/// Reads the text of a lock of any format. `subdir` is for an `@EXPLICIT` list that does not say its own.
pub(crate) fn parse_lock(
    path: &Path,
    bytes: &[u8],
    subdir: Option<Subdir>,
    settings: &Settings,
) -> Result<LockFile, InputError> {
    parse_one(path, bytes, (subdir, None), settings)
}

/// Reads one of the environments of a lock that has several.
fn parse_environment(
    path: &Path,
    bytes: &[u8],
    environment: &str,
    settings: &Settings,
) -> Result<LockFile, InputError> {
    parse_one(path, bytes, (None, Some(environment)), settings)
}

/// Reads all environments of a lock of any format.
pub(crate) fn environments(
    path: &Path,
    bytes: &[u8],
    settings: &Settings,
) -> Result<Vec<LockFile>, InputError> {
    let text = String::from_utf8_lossy(bytes);
    let names = LockFile::environment_names(&path.to_string_lossy(), &text);
    let names = names.map_err(|error| InputError::Lock(Box::new(error)))?;
    if names.is_empty() {
        return Ok(vec![parse_lock(path, bytes, None, settings)?]);
    }
    let parse = |name: &String| parse_environment(path, bytes, name, settings);
    names.iter().map(parse).collect()
}

fn parse_one(
    path: &Path,
    bytes: &[u8],
    (subdir, environment): (Option<Subdir>, Option<&str>),
    settings: &Settings,
) -> Result<LockFile, InputError> {
    let text = String::from_utf8_lossy(bytes);
    let lookup = |name: &str| {
        if name == "~" {
            settings.home()
        } else {
            // What stands in an address is asked for and shown; credentials are not used here at all.
            let value = settings.variable(name);
            value.filter(|value| larder_manifest::is_harmless_variable(name, value))
        }
    };
    let context = ParseContext {
        subdir: subdir.or_else(Subdir::current).unwrap_or(Subdir::Linux64),
        working_directory: &settings.working_directory,
        lookup: &lookup,
        environment,
    };
    LockFile::parse_any(&shown_name(path), &text, &context)
        .map_err(|error| InputError::Lock(Box::new(error)))
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

fn as_lock(
    path: &Path,
    bytes: &[u8],
    subdir: Option<Subdir>,
    settings: &Settings,
) -> Result<Option<LockFile>, InputError> {
    match std::str::from_utf8(bytes).ok().and_then(LockFormat::detect) {
        None => Ok(None),
        Some(_) => parse_lock(path, bytes, subdir, settings).map(Some),
    }
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
