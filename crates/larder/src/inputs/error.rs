//! Why what the user named cannot be read.

use std::{io::ErrorKind, path::PathBuf};

use larder_fs::PathError;
use larder_lock::LockError;
use larder_manifest::{ManifestError, SpecError, without_credentials};
use larder_unpack::UnpackError;
use rattler_conda_types::Subdir;

use crate::{Explain, Kind};

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
    /// Specs in addition to a lock, which says exactly what is installed.
    #[error(
        "`{}` is a lock, which says every package exactly: `{}` cannot be added to it",
        path.display(),
        specs.join("`, `")
    )]
    SpecsWithLock {
        /// The lock.
        path: PathBuf,
        /// The specs.
        specs: Vec<String>,
        /// The manifests that it was made from, relative to it.
        sources: Vec<String>,
    },
    /// A package file or URL among specs or files: it is an explicit list, which is installed without a solve.
    #[error(
        "`{}` is a package to be installed as it is, and `{}` is not: they cannot be combined",
        without_credentials(archive),
        without_credentials(other)
    )]
    ArchiveAmongOthers {
        /// The argument.
        archive: String,
        /// A spec or a file.
        other: String,
    },
    /// An argument that would be several lines of a list.
    #[error("`{}` is not the name of one package file", argument.escape_debug())]
    NoArchiveName {
        /// The argument.
        argument: String,
    },
    /// A file that cannot be an archive of a package.
    #[error("`{}` is not a package: {problem}", path.display())]
    NotAnArchive {
        /// The file.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// An archive that is not what its name says, or not a valid one.
    #[error("`{}` cannot be installed", path.display())]
    DamagedArchive {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: Box<UnpackError>,
    },
    /// A package for another platform.
    #[error("{package} is a package for {found}, and the environment is for {wanted}")]
    OtherPlatform {
        /// `name-version-build`.
        package: String,
        /// Its subdir.
        found: String,
        /// The environment's.
        wanted: Subdir,
    },
    /// A category that nothing which was named has.
    #[error("{} no category `{category}`, only {}", subject(files), listed(known))]
    UnknownCategory {
        /// The category.
        category: String,
        /// Those that there are.
        known: Vec<String>,
        /// Where it was looked for; empty for specs of the command line.
        files: Vec<PathBuf>,
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
            Self::DamagedArchive { .. } => Kind::Damage,
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
            Self::SpecsWithLock { .. } => "input::specs-with-lock",
            Self::UnknownCategory { .. } => "input::category",
            Self::ArchiveAmongOthers { .. } => "input::archive-among-others",
            Self::NoArchiveName { .. } | Self::NotAnArchive { .. } => "input::not-an-archive",
            Self::DamagedArchive { .. } => "input::damaged-archive",
            Self::OtherPlatform { .. } => "input::other-platform",
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
            Self::SpecsWithLock { sources, .. } => {
                let file = match sources.as_slice() {
                    [source] => source,
                    _ => "environment.yml",
                };
                Some(format!(
                    "name the manifest in its place (`-f {file}`): specs are added to a manifest, and the pins of \
                     the lock beside it are kept where they can be"
                ))
            }
            Self::ArchiveAmongOthers { .. } => Some(
                "files and URLs of packages are installed without a solve; a channel that has them (`-c`) \
                 can be combined with specs"
                    .into(),
            ),
            Self::OtherPlatform { found, .. } => Some(format!(
                "`--platform {found}` makes an environment for it"
            )),
            Self::EmptyFile { .. } => Some(
                "an environment of no packages is `dependencies: []`; a pipe is empty when the command \
                 before it failed"
                    .into(),
            ),
            _ => None,
        }
    }
}

/// The beginning of a sentence that says what files have.
fn subject(files: &[PathBuf]) -> String {
    let names: Vec<String> = files
        .iter()
        .map(|file| format!("`{}`", file.display()))
        .collect();
    match names.as_slice() {
        [] => "specs of the command line have".to_owned(),
        [one] => format!("{one} has"),
        several => format!("{} have", several.join(", ")),
    }
}

fn listed(categories: &[String]) -> String {
    match categories {
        [] => "none at all".to_owned(),
        known => format!("`{}`", known.join("`, `")),
    }
}
