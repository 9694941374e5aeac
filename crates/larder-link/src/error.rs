//! Why a plan cannot be made or applied. Each error names the package, the path, or both.

use std::path::PathBuf;

use larder_fs::PathError;
use larder_unpack::Damage;

use crate::{AdditionFailed, clobber::Clobber, scripts::ScriptError};

/// Why there is no plan. Nothing was touched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The prefix cannot be written into files.
    #[error("cannot make an environment at `{}`: {problem}", prefix.display())]
    Prefix {
        /// As given.
        prefix: PathBuf,
        /// What is wrong with it, and what is needed.
        problem: &'static str,
    },
    /// A package needs to know where Python is, and there is none.
    #[error("{package} is a `noarch: python` package, and the environment has no python")]
    NoPython {
        /// `name-version-build`.
        package: String,
    },
    /// Python's version has no minor part.
    #[error("{package}: its version has no minor part, so that site-packages cannot be found")]
    PythonVersion {
        /// `name-version-build`.
        package: String,
    },
    /// CEP 17: a site-packages directory outside the environment.
    #[error(
        "{package}: `python_site_packages_path` is `{path}`, which is not a path inside the environment"
    )]
    SitePackagesPath {
        /// `name-version-build`.
        package: String,
        /// As the record has it.
        path: String,
    },
    /// The prefix does not fit into a binary file.
    #[error(
        "{package}: the prefix does not fit into `{path}`: the prefix has {prefix_length} bytes, \
         the file has room for {limit}; choose a shorter path for the environment"
    )]
    PrefixTooLong {
        /// `name-version-build`.
        package: String,
        /// In the environment.
        path: String,
        /// Bytes of the prefix.
        prefix_length: usize,
        /// Bytes of the placeholder.
        limit: usize,
    },
    /// A package writes where only package managers write.
    #[error("{package}: `{path}` is below `conda-meta`, which no package may write to")]
    Protected {
        /// `name-version-build`.
        package: String,
        /// In the environment.
        path: String,
    },
    /// The package's record cannot have a file of its own.
    #[error("{package}: name, version and build do not make a file name")]
    FileName {
        /// `name-version-build`.
        package: String,
    },
    /// One path is a file or link of one package and a directory of another.
    #[error("`{path}` is a directory of {directory_of} and a file or link of {file_of}")]
    Conflict {
        /// In the environment.
        path: String,
        /// `name-version-build`.
        directory_of: String,
        /// `name-version-build`.
        file_of: String,
    },
    /// A link of one package leads out of the environment, through links of others.
    #[error(
        "{package}: the link `{path}` to `{target}` leads out of the environment, by way of links of other \
         packages"
    )]
    LinkLeadsOut {
        /// `name-version-build`.
        package: String,
        /// In the environment.
        path: String,
        /// What the link says.
        target: String,
    },
    /// Packages ship the same path, and that was to be an error.
    #[error("{}", crate::clobber::describe(clobbers))]
    Clobbered {
        /// All such paths.
        clobbers: Vec<Clobber>,
    },
}

/// Why an environment was not made. What was there before is there again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// What was to come besides packages could not be made; whoever was to bring it knows why.
    #[error(transparent)]
    Addition(AdditionFailed),
    /// Something is there, and it was not to be replaced.
    #[error("`{}` already exists", prefix.display())]
    AlreadyExists {
        /// Where the environment was to go.
        prefix: PathBuf,
    },
    /// Something is there that is no environment; it is never replaced.
    #[error(
        "`{}` is not empty and not a conda environment (no `conda-meta/history`); \
         remove it or choose another place",
        prefix.display()
    )]
    NotAnEnvironment {
        /// Where the environment was to go.
        prefix: PathBuf,
    },
    /// A link is there; putting an environment in its place would part it from what it leads to.
    #[error(
        "`{}` is a symbolic link to `{}`, which an environment cannot replace; \
         name the directory itself, or remove the link",
        prefix.display(),
        target.display()
    )]
    SymbolicLink {
        /// Where the environment was to go.
        prefix: PathBuf,
        /// What the link says.
        target: PathBuf,
    },
    /// CEP 22: the environment that is there must not be changed.
    #[error("the environment `{}` is frozen: {message}", prefix.display())]
    Frozen {
        /// Where the environment was to go.
        prefix: PathBuf,
        /// What its marker says.
        message: String,
    },
    /// Another run makes an environment there, or did until it was killed; without locks nobody can
    /// tell until a day has passed.
    #[error(
        "`{}` holds an environment that is not finished, and there are no locks on this file system \
         to tell whether somebody is at work on it; wait, or remove it if nobody is",
        prefix.display()
    )]
    Unfinished {
        /// Where the environment was to go.
        prefix: PathBuf,
    },
    /// What an earlier run left could not be cleared away.
    #[error("cannot clear away what an unfinished run left of `{}`", prefix.display())]
    Recover {
        /// Where the environment was to go.
        prefix: PathBuf,
        /// Why.
        #[source]
        source: PathError,
    },
    /// The place where the environment is built, or the step into its final place.
    #[error("cannot make the environment `{}`", prefix.display())]
    Place {
        /// Where the environment was to go.
        prefix: PathBuf,
        /// Why.
        #[source]
        source: PathError,
    },
    /// A file of a package.
    #[error("cannot link {package}")]
    File {
        /// `name-version-build`.
        package: String,
        /// Which file, and why.
        #[source]
        source: PathError,
    },
    /// A file of a tree is not what was extracted; it was not linked. Making the tree again helps.
    #[error("the tree of {package} is damaged")]
    Tree {
        /// `name-version-build`.
        package: String,
        /// Which file, and how.
        #[source]
        source: Damage,
    },
    /// A text that would become much larger with the prefix in it.
    #[error(
        "{package}: `{path}` would have {size} bytes with the prefix in it, and at most {limit} are written: \
         its placeholder stands for more than a prefix"
    )]
    GrowsTooMuch {
        /// `name-version-build`.
        package: String,
        /// In the environment.
        path: String,
        /// Bytes that it would have.
        size: usize,
        /// Bytes that it may have.
        limit: usize,
    },
    /// A binary file holds the placeholder in an encoding in which the prefix is longer.
    #[error(
        "{package}: the prefix does not fit into `{path}`: it has {prefix_length} bytes there, \
         the file has room for {limit}; choose a shorter path for the environment"
    )]
    PrefixTooLong {
        /// `name-version-build`.
        package: String,
        /// In the environment.
        path: String,
        /// Bytes of the prefix.
        prefix_length: usize,
        /// Bytes of the placeholder.
        limit: usize,
    },
    /// A link script.
    #[error(transparent)]
    Script(ScriptError),
    /// What `conda-meta` holds about a package.
    #[error("cannot write the record of {package}")]
    Record {
        /// `name-version-build`.
        package: String,
        /// Why.
        #[source]
        source: RecordError,
    },
}

/// Why a record was not written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The package's `info/index.json` is not a JSON object.
    #[error("its `info/index.json` cannot be read")]
    Index(#[source] serde_json::Error),
    /// The record cannot be expressed as JSON.
    #[error("it cannot be written as JSON")]
    Json(#[source] serde_json::Error),
    /// The file.
    #[error(transparent)]
    Write(PathError),
}
