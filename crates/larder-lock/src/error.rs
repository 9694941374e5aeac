//! What can be wrong with a lock's text, each with the line it is on, and with asking a lock for a
//! closure. Never holds a credential: the texts say where one was found, not what it is.

use rattler_conda_types::Subdir;

use crate::DuplicatePackage;

/// A lock file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Not YAML, or a value of another type than CEP 37 has.
    #[error("{file}:{line}:{column}: {message}")]
    Yaml {
        /// The lock's name as the caller gave it.
        file: String,
        /// Counted from 1.
        line: u64,
        /// Counted from 1.
        column: u64,
        /// What was found and what is expected.
        message: String,
    },
    /// Something else than a lock.
    #[error("{file} is not a lock that can be read: {found}")]
    NotALock {
        /// The lock's name as the caller gave it.
        file: String,
        /// What it looks like, and what to do then.
        found: String,
    },
    /// The markers that git leaves where it could not merge.
    #[error(
        "{file}:{line}: merge-conflict markers: take either side (`git checkout --ours {file}` or \
         `--theirs`) and run `larder lock`, which brings it up to date with the manifest"
    )]
    MergeConflict {
        /// The lock's name as the caller gave it.
        file: String,
        /// The line of the first marker.
        line: u64,
    },
    /// A version of the format that is not 1.
    #[error(
        "{file}:{line}: version {found} of the lock format, but conda-lock.yml has only version 1 \
         (pixi.lock of versions 2 and 3 looks like this and is not read): run `larder lock`"
    )]
    Version {
        /// The lock's name as the caller gave it.
        file: String,
        /// Counted from 1.
        line: u64,
        /// The version in the file.
        found: String,
    },
    /// A rule of CEP 37 or CEP 26 that `metadata` breaks.
    #[error("{file}:{line}: {problem}")]
    Metadata {
        /// The lock's name as the caller gave it.
        file: String,
        /// Counted from 1.
        line: u64,
        /// Which rule, and by what; part of this error's text.
        problem: Box<Problem>,
    },
    /// A rule of CEP 37 or CEP 26 that an item of `package` breaks.
    #[error("{file}:{line}: {package}: {problem}")]
    Package {
        /// The lock's name as the caller gave it.
        file: String,
        /// Counted from 1.
        line: u64,
        /// The item's name, or `a package without name`.
        package: String,
        /// Which rule, and by what; part of this error's text.
        problem: Box<Problem>,
    },
    /// A `pixi.lock` that rattler's reader refuses.
    #[error("{file}{}: {message}", at(*line))]
    Pixi {
        /// The lock's name as the caller gave it.
        file: String,
        /// Counted from 1, if it is known.
        line: Option<u64>,
        /// What was found and what is expected.
        message: String,
    },
    /// An environment that the lock does not have, or none named where there are several.
    #[error("{file} {}", environments(wanted.as_deref(), available))]
    NoEnvironment {
        /// The lock's name as the caller gave it.
        file: String,
        /// The environment that was asked for.
        wanted: Option<String>,
        /// Those that the lock has, sorted; none if the format has no environments.
        available: Vec<String>,
    },
    /// A line that is no comment and no package, in an `@EXPLICIT` list, or an address with
    /// credentials, in any lock.
    #[error("{file}:{line}: {problem}")]
    Line {
        /// The lock's name as the caller gave it.
        file: String,
        /// Counted from 1.
        line: u64,
        /// Which rule, and by what; part of this error's text.
        problem: Box<Problem>,
    },
}

fn at(line: Option<u64>) -> String {
    line.map_or_else(String::new, |line| format!(":{line}"))
}

fn environments(wanted: Option<&str>, available: &[String]) -> String {
    let available = available.join(", ");
    match (wanted, available.is_empty()) {
        (Some(wanted), true) => {
            format!("is for one environment: `{wanted}` cannot be chosen from it")
        }
        (None, true) => "has no environment".to_owned(),
        (Some(wanted), false) => format!("has no environment `{wanted}`, only {available}"),
        (None, false) => {
            format!("has several environments and no `default`: name one of {available}")
        }
    }
}

/// A rule that a lock breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A required key is not there.
    #[error("`{key}` is missing: expected {expected}")]
    Missing {
        /// The key.
        key: &'static str,
        /// What its value should be.
        expected: &'static str,
    },
    /// A value that is none of those allowed.
    #[error("`{key}: {found}`: expected {expected}")]
    Value {
        /// The key.
        key: &'static str,
        /// The value.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// A user name, password, token or query string in an address.
    #[error(
        "`{key}` holds credentials: remove them from the lock (and consider them known to others), \
         and give them by netrc or the authentication file"
    )]
    Credentials {
        /// The key.
        key: &'static str,
    },
    /// Two items of one name, manager, platform and category.
    #[error(
        "listed twice for {manager}, {platform}, category `{category}` (first on line {first_line}): \
         keep one, or run `larder lock`"
    )]
    Duplicate {
        /// `conda` or `pip`.
        manager: &'static str,
        /// The subdir.
        platform: Subdir,
        /// The category.
        category: String,
        /// The line of the other one.
        first_line: u64,
    },
    /// A line of an `@EXPLICIT` list that is no URL or path of an archive (CEP 23).
    #[error(
        "`{found}` is no package: after @EXPLICIT each line is the URL or path of a .conda or .tar.bz2 \
         file (`<name>-<version>-<build>.conda`), and nothing is solved"
    )]
    NotAnArtifact {
        /// The line, without the hash.
        found: String,
    },
    /// What stands after the `#` of a line is no hash (CEP 23).
    #[error(
        "`#{found}`: expected nothing or a hash in lower case: `#<32 digits>` (md5), `#<64 digits>` or \
         `#sha256:<64 digits>`"
    )]
    Anchor {
        /// What was found.
        found: String,
    },
    /// A path that no URL can be made of.
    #[error("the path `{found}` cannot be resolved: the working directory must be absolute")]
    Path {
        /// The path.
        found: String,
    },
    /// A package that would have to be built.
    #[error(
        "it is to be built from {location}, and larder installs built packages only: build it into a \
         channel, or lock without it"
    )]
    Source {
        /// Where its source is.
        location: String,
    },
    /// Several platforms of a `pixi.lock` that are one to larder.
    #[error(
        "the platforms {names} are all {subdir}: larder can tell them apart only by the subdir"
    )]
    SeveralPlatforms {
        /// Their names.
        names: String,
        /// The subdir.
        subdir: Subdir,
    },
    /// The file name in the URL says something else than the item.
    #[error("`{key}: {found}` contradicts the url, whose file name says `{in_url}`")]
    ContradictsUrl {
        /// `name`, `version` or `build`.
        key: &'static str,
        /// The item's value.
        found: String,
        /// What the URL has.
        in_url: String,
    },
    /// pip packages without a Python among the conda packages.
    #[error(
        "pip packages are locked for {platform}, but no conda package `python` to install them"
    )]
    PipWithoutPython {
        /// The subdir.
        platform: Subdir,
    },
}

/// A closure that a lock cannot give.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClosureError {
    /// The lock is for other platforms.
    #[error(
        "the lock has no packages for {subdir}, only for {}: `larder lock{}` adds it",
        list(available),
        options(available, *subdir)
    )]
    NotLocked {
        /// The subdir that was asked for.
        subdir: Subdir,
        /// Those that the lock has.
        available: Vec<Subdir>,
    },
    /// Two selected categories lock one package differently.
    #[error("the selected categories contradict one another")]
    Contradiction {
        /// The two.
        #[source]
        source: DuplicatePackage,
    },
}

/// `larder lock` keeps the platforms that it is given, and no others.
fn options(available: &[Subdir], subdir: Subdir) -> String {
    let all = available.iter().chain([&subdir]);
    all.map(|subdir| format!(" --platform {subdir}")).collect()
}

fn list(subdirs: &[Subdir]) -> String {
    let names: Vec<&str> = subdirs.iter().map(|subdir| subdir.as_str()).collect();
    if names.is_empty() {
        "no platform at all".to_owned()
    } else {
        names.join(", ")
    }
}
