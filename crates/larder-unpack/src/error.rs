//! What can be wrong with an archive. Each error names the package, and the entry where there is one.

use std::io;

use larder_digest::Sha256;
use larder_fs::PathError;

use crate::{IdentityProblem, LimitKind, RelPathProblem};

/// Why an archive was not read or unpacked. `package` is the `name-version-build` that the caller
/// gave; entry names are escaped, as they come from the archive.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// The container (`.conda`) is not what CEP 35 says.
    #[error("the archive of {package} is not a valid `.conda`")]
    Container {
        /// `name-version-build`
        package: String,
        /// What is wrong.
        #[source]
        source: ContainerProblem,
    },
    /// An entry is refused.
    #[error("the archive of {package} has an entry that is refused: `{entry}`")]
    Entry {
        /// `name-version-build`
        package: String,
        /// The entry's name, escaped.
        entry: String,
        /// Why.
        #[source]
        source: EntryProblem,
    },
    /// The archive asks for more than [`crate::Limits`] grant.
    #[error(
        "the archive of {package} is refused at `{entry}`: more than {limit} {kind} (raise this limit if you trust the package)"
    )]
    Limit {
        /// `name-version-build`
        package: String,
        /// The entry being read, escaped.
        entry: String,
        /// Which bound.
        kind: LimitKind,
        /// The bound.
        limit: u64,
    },
    /// The bytes cannot be read or decompressed, or end too early.
    #[error("the archive of {package} cannot be read at `{entry}`")]
    Read {
        /// `name-version-build`
        package: String,
        /// The entry being read, escaped.
        entry: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file below `info/` is missing or wrong.
    #[error("the archive of {package} has no valid `{file}`")]
    Metadata {
        /// `name-version-build`
        package: String,
        /// The file, such as `info/paths.json`.
        file: &'static str,
        /// What is wrong.
        #[source]
        source: MetadataProblem,
    },
    /// The archive is not of the package that was asked for.
    #[error("the archive given for {package} is of another package")]
    Identity {
        /// `name-version-build`
        package: String,
        /// What differs.
        #[source]
        source: IdentityProblem,
    },
    /// Contents and `info/paths.json` disagree.
    #[error("the archive of {package} does not hold what it lists: `{entry}`")]
    Content {
        /// `name-version-build`
        package: String,
        /// The path.
        entry: String,
        /// What differs.
        #[source]
        source: Box<ContentProblem>,
    },
    /// An entry cannot be written.
    #[error("cannot unpack `{entry}` of {package}")]
    Write {
        /// `name-version-build`
        package: String,
        /// The path.
        entry: String,
        /// Why.
        #[source]
        source: PathError,
    },
}

/// What is wrong with a `.conda` container (CEP 35).
#[derive(Debug, thiserror::Error)]
pub enum ContainerProblem {
    /// Not a ZIP file, or a broken one.
    #[error("it cannot be read as a ZIP file")]
    Zip(#[source] zip::result::ZipError),
    /// One of the three members is not there.
    #[error("the member `{0}` is missing")]
    MissingMember(&'static str),
    /// Two members for one purpose.
    #[error("there is more than one member `{0}`")]
    DuplicateMember(&'static str),
    /// A member is compressed or encrypted, which CEP 35 forbids.
    #[error("the member `{0}` is compressed or encrypted, where CEP 35 wants it stored")]
    NotStored(String),
    /// Two members share bytes, or local and central headers disagree.
    #[error("the member `{0}` reaches past the end of the file or lies about its size")]
    BadExtent(String),
    /// More members than any `.conda` has.
    #[error("it has {0} members, where a `.conda` has 3")]
    TooManyMembers(usize),
    /// `metadata.json` is not a JSON object with an integer `conda_pkg_format_version`.
    #[error("its `metadata.json` is not valid")]
    Metadata(#[source] serde_json::Error),
    /// A version of the format that is not known.
    #[error("its `conda_pkg_format_version` is {0}, expected 2")]
    FormatVersion(i64),
    /// The inner tarballs are named for different packages.
    #[error("its tarballs are named for different packages, `{info}` and `{pkg}`")]
    InnerNames {
        /// Name of the info tarball.
        info: String,
        /// Name of the pkg tarball.
        pkg: String,
    },
}

/// Why an entry is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryProblem {
    /// Its name is no path of a package.
    #[error("its name is refused: {0}")]
    Name(#[source] RelPathProblem),
    /// Not a file, directory or link.
    #[error("it is a {0}; only files, directories and links are unpacked")]
    Type(&'static str),
    /// The path occurred before.
    #[error("the archive has this path twice")]
    Duplicate,
    /// A component of its path is a file or a link of this archive.
    #[error("`{0}`, above it, is not a directory in this archive")]
    ParentNotDirectory(String),
    /// A hard link to something that is no earlier file.
    #[error("it is a hard link to `{0}`, which is no earlier file of this archive")]
    HardLinkTarget(String),
    /// A symbolic link that leads out.
    #[error("it is a symbolic link to `{0}`, which leads out of the package")]
    LinkLeadsOut(String),
    /// A symbolic link whose text no system takes.
    #[error("it is a symbolic link to nothing or to a text with control characters")]
    LinkText,
    /// Below `conda-meta/`.
    #[error("`conda-meta/` belongs to environments, no package may have it (CEP 34)")]
    CondaMeta,
    /// Below `info/` in the pkg tarball.
    #[error("`info/` has no place in the pkg tarball (CEP 35)")]
    InfoInPackage,
    /// Not below `info/` in the info tarball.
    #[error("the info tarball may hold only `info/` (CEP 35)")]
    NotInfo,
    /// Its header contradicts itself or is not understood.
    #[error("its header is not valid: {0}")]
    Header(&'static str),
}

/// What is wrong with a file below `info/`.
#[derive(Debug, thiserror::Error)]
pub enum MetadataProblem {
    /// It is not there.
    #[error("it is missing")]
    Missing,
    /// It is not valid JSON of its schema.
    #[error("it cannot be parsed")]
    Json(#[source] serde_json::Error),
    /// It is not UTF-8.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// Its version is not known.
    #[error("its `{key}` is {found}, expected 1")]
    Version {
        /// The key that holds the version.
        key: &'static str,
        /// What it holds.
        found: i64,
    },
    /// A path that is refused.
    #[error("it lists the path `{path}`, which is refused: {problem}")]
    Path {
        /// The path, escaped.
        path: String,
        /// Why.
        problem: EntryProblem,
    },
    /// A placeholder that occurs everywhere.
    #[error(
        "its placeholder `{text}` is too short to stand for a prefix: at least {least} bytes are expected"
    )]
    Placeholder {
        /// As given, escaped.
        text: String,
        /// How many bytes it has at least.
        least: usize,
    },
    /// A path that it lists twice.
    #[error("it lists `{0}` twice")]
    DuplicatePath(String),
    /// A line that is not understood.
    #[error("line {line} is not valid: `{text}`")]
    Line {
        /// Counted from 1.
        line: usize,
        /// The line, escaped.
        text: String,
    },
    /// An entry point that is not `name = module:function`.
    #[error("its entry point `{text}` is not valid")]
    EntryPoint {
        /// As given, escaped.
        text: String,
        /// Why.
        #[source]
        source: rattler_conda_types::package::ParseEntryPointError,
    },
}

/// How contents differ from what `info/` lists.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContentProblem {
    /// Listed, but not in the archive.
    #[error("the archive lacks it")]
    Missing,
    /// Another kind of thing than listed.
    #[error("listed as a {listed}, found a {found}")]
    Kind {
        /// What `info/paths.json` says.
        listed: &'static str,
        /// What the archive has.
        found: &'static str,
    },
    /// Another size than listed.
    #[error("expected {expected} bytes, found {found}")]
    Size {
        /// What `info/paths.json` says.
        expected: u64,
        /// What the archive has.
        found: u64,
    },
    /// Another digest than listed.
    #[error("expected sha256:{expected}, found sha256:{found}")]
    Sha256 {
        /// What `info/paths.json` says.
        expected: Sha256,
        /// What the archive has.
        found: Sha256,
    },
}
