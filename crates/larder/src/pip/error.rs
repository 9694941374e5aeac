//! Why a `pip:` section was not locked or installed.

use larder_fs::PathError;
use larder_pypi::{SectionError, TargetError, ToolError};
use larder_store::ReadError;
use rattler_conda_types::Subdir;

use crate::{Explain, GatherError, Kind};

/// Why a `pip:` section was not locked or installed.
#[derive(Debug, thiserror::Error)]
pub enum PipError {
    /// A file that it names.
    #[error(transparent)]
    Section(#[from] SectionError),
    /// There is no Python to install it for.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// uv or pip failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// uv or pip could not resolve it.
    #[error("{place}: the `pip:` section cannot be resolved")]
    Unresolved {
        /// Where the section is, or its first line that the tool speaks of.
        place: String,
        /// The lines that it speaks of, with their places.
        lines: Vec<String>,
        /// What conda brings of what it speaks of, with the version.
        of_conda: Vec<String>,
        /// The tool's failure.
        #[source]
        source: ToolError,
    },
    /// There is neither uv nor a Python with pip to resolve it.
    #[error(
        "the `pip:` section cannot be resolved: there is no uv, and no Python with pip could be made"
    )]
    NoTool {
        /// Why not.
        #[source]
        source: Box<crate::CreateError>,
    },
    /// Nothing may be asked, and nothing is remembered.
    #[error(
        "the `pip:` section cannot be resolved offline: it is not locked, and was not resolved before for these conda packages"
    )]
    Offline,
    /// Programs of another platform do not run here.
    #[error("the `pip:` section can be locked, but not installed for {subdir} on this machine")]
    Foreign {
        /// The platform.
        subdir: Subdir,
    },
    /// A lock that names a file without a digest.
    #[error("{package} is locked without a sha256, so nothing says which bytes it is")]
    NoDigest {
        /// `name-version`.
        package: String,
    },
    /// A lock that names a file by something else than an address.
    #[error("{package} is locked at `{url}`, which is no address of a wheel or source")]
    Address {
        /// `name-version`.
        package: String,
        /// As locked.
        url: String,
    },
    /// Its files are not in the store.
    #[error(transparent)]
    Gather(#[from] GatherError),
    /// A file in the store is damaged or cannot be read.
    #[error("cannot use the file of {package} in the store")]
    Object {
        /// `name-version`.
        package: String,
        /// What is wrong with it.
        #[source]
        source: ReadError,
    },
    /// An index cannot be asked.
    #[error("cannot ask the index {url}: {problem}")]
    Index {
        /// Its address, without credentials.
        url: String,
        /// Why.
        problem: String,
    },
    /// A file or directory.
    #[error("cannot prepare the `pip:` section")]
    Place(#[from] PathError),
}

impl Explain for PipError {
    fn kind(&self) -> Kind {
        match self {
            Self::Gather(error) => error.kind(),
            Self::Object {
                source: ReadError::Damaged { .. },
                ..
            } => Kind::Damage,
            Self::Place(_)
            | Self::Index { .. }
            | Self::Object { .. }
            | Self::Tool(ToolError::Start { .. } | ToolError::File { .. }) => Kind::World,
            _ => Kind::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Section(SectionError::Line { .. }) => "pip::line",
            Self::Section(_) => "pip::file",
            Self::Target(_) => "pip::target",
            Self::Tool(_) | Self::Unresolved { .. } => "pip::failed",
            Self::NoTool { .. } => "pip::no-tool",
            Self::Offline => "pip::offline",
            Self::Foreign { .. } => "pip::foreign",
            Self::NoDigest { .. } => "pip::no-digest",
            Self::Address { .. } => "pip::address",
            Self::Gather(error) => error.code(),
            Self::Object { source, .. } => source.code(),
            Self::Index { .. } => "pip::index",
            Self::Place(_) => "pip::write",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoTool { .. } => {
                Some("install uv (https://docs.astral.sh/uv), or name it in LARDER_UV".into())
            }
            Self::Offline => {
                Some("`larder lock` while there is a network makes that unnecessary".into())
            }
            Self::Gather(error) => error.hint(),
            Self::Object { .. } => {
                Some("run the command again: what is damaged or gone is fetched anew".into())
            }
            Self::Section(SectionError::Line { hint, .. }) => hint.clone(),
            Self::Unresolved {
                lines,
                of_conda,
                source,
                ..
            } => hint(lines, of_conda, source),
            _ => None,
        }
    }

    fn output(&self) -> Option<&str> {
        match self {
            Self::Tool(ToolError::Failed { output, .. })
            | Self::Unresolved {
                source: ToolError::Failed { output, .. },
                ..
            } => Some(output),
            _ => None,
        }
    }
}

/// How many lines a hint names.
const NAMED_LINES: usize = 5;

fn hint(lines: &[String], of_conda: &[String], source: &ToolError) -> Option<String> {
    let mut hints = Vec::new();
    if !lines.is_empty() {
        let shown = lines.iter().take(NAMED_LINES).cloned().collect::<Vec<_>>();
        let more = match lines.len().saturating_sub(NAMED_LINES) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        hints.push(format!("it is about {}{more}", shown.join(", ")));
    }
    if !of_conda.is_empty() {
        hints.push(format!(
            "conda packages count as installed ({}): where both want another version of one package, change one of them",
            of_conda.join(", ")
        ));
    }
    // It is the stricter reader of what others made.
    let is_uv = matches!(source, ToolError::Failed { tool, output, .. }
        if tool.starts_with("uv ") && !output.contains("No solution found"));
    if is_uv {
        hints.push("with LARDER_UV set to nothing pip does it, which reads more".to_owned());
    }
    (!hints.is_empty()).then(|| hints.join("; "))
}
