//! What an environment is asked to be, and the reasons why a lock is not it.

use std::fmt;

use rattler_conda_types::{GenericVirtualPackage, MatchSpec, Subdir};

use crate::Selection;

/// What the manifest, the command line and this machine ask for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The platform of the environment.
    pub subdir: Subdir,
    /// Clean base URLs of the user's channels, in order.
    pub channels: &'a [String],
    /// What the user wants installed.
    pub specs: &'a [WantedSpec],
    /// What must match if it is present, without being wanted itself.
    pub constraints: &'a [WantedSpec],
    /// What this machine (or the overrides) has.
    pub virtual_packages: &'a [GenericVirtualPackage],
    /// The categories of the lock to check.
    pub selection: &'a Selection,
}

/// A line of a manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct WantedSpec {
    /// As parsed.
    pub spec: MatchSpec,
    /// As written.
    pub text: String,
    /// Where, `environment.yml:3:5` for example.
    pub location: String,
    /// Whether it follows from another package without being written down: a lock without it is complete.
    pub is_implied: bool,
}

/// Why a lock is stale.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The lock is for other platforms.
    PlatformNotLocked {
        /// The platform that is wanted.
        subdir: Subdir,
        /// Those that the lock has.
        locked: Vec<Subdir>,
    },
    /// The lock cannot give a closure at all.
    Unusable {
        /// Why.
        text: String,
    },
    /// Other channels, or in another order.
    Channels {
        /// Those of the lock.
        locked: Vec<String>,
        /// Those that are wanted.
        wanted: Vec<String>,
    },
    /// A spec for a package that the lock does not have.
    NotLocked {
        /// Where the spec stands.
        location: String,
        /// The spec as written.
        spec: String,
    },
    /// A spec (or a constraint) that the locked package does not meet.
    NotMet {
        /// Where the spec stands.
        location: String,
        /// The spec as written.
        spec: String,
        /// `name-version-build` of the locked package, with its channel where that is the matter.
        locked: String,
    },
    /// A spec that cannot be evaluated.
    BadSpec {
        /// `name-version-build` of the package that has it.
        package: String,
        /// The spec.
        spec: String,
        /// What the parser says.
        text: String,
    },
    /// A dependency of a locked package that the lock does not meet.
    Dependency {
        /// `name-version-build` of the locked package.
        package: String,
        /// The MatchSpec.
        dependency: String,
        /// `name-version-build` of what is locked instead, if anything is.
        locked: Option<String>,
    },
    /// A virtual package that this machine does not have, or not in that version.
    VirtualPackage {
        /// What needs it: `name-version-build` or a location.
        needed_by: String,
        /// The MatchSpec.
        dependency: String,
        /// `name=version=build` of what the machine has, if anything.
        found: Option<String>,
        /// The environment variable that would set it, if one can.
        override_variable: Option<String>,
    },
    /// A locked package that another locked package forbids.
    Constrained {
        /// `name-version-build` of the package that forbids.
        package: String,
        /// The MatchSpec that must hold.
        constraint: String,
        /// `name-version-build` of the forbidden package.
        locked: String,
    },
    /// A package without any checksum.
    NoDigest {
        /// `name-version-build`.
        package: String,
    },
    /// A package that neither a spec nor another package asks for any more.
    NotNeeded {
        /// `name-version-build`.
        package: String,
        /// The specs that once asked for it.
        requested_specs: Vec<String>,
    },
    /// The lock was changed after larder wrote it.
    Edited,
    /// A later version of larder wrote the lock.
    NewerLarder,
    /// A package whose metadata larder wrote and that is not there, or is about another archive.
    NoMetadata {
        /// `name-version-build`.
        package: String,
    },
    /// A package in a directory of another platform than the environment's.
    OtherPlatform {
        /// `name-version-build`.
        package: String,
        /// The directory of its URL.
        found: String,
        /// The platform of the environment.
        subdir: Subdir,
    },
    /// A package that is at none of the channels: only an index can tell whether a channel has it there
    /// (a related channel of CEP 42, or a `base_url` of CEP 15).
    Elsewhere {
        /// `name-version-build`.
        package: String,
        /// Its URL.
        url: String,
    },
    /// A package without dependencies, from a list of URLs: nothing can be checked against a manifest.
    OnlyUrls {
        /// `name-version-build`.
        package: String,
    },
    /// What a channel's or Python index says of a package now.
    Index {
        /// What is different.
        text: String,
    },
    /// A wheel that is not where the index that named it has its files, as far as can be told offline.
    WheelElsewhere {
        /// `name-version`.
        package: String,
        /// Its URL.
        url: String,
        /// The addresses that are expected.
        expected: Vec<String>,
    },
    /// A wheel that is locked by name and version alone: only its index can tell that it has no sha256.
    Unhashed {
        /// `name==version`.
        package: String,
    },
    /// The `pip:` section and its packages do not go together.
    Pip {
        /// What does not.
        text: String,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PlatformNotLocked { subdir, locked } => {
                let locked: Vec<&str> = locked.iter().map(|subdir| subdir.as_str()).collect();
                write!(f, "{subdir} is not locked, only {}", joined(&locked))
            }
            Self::Unusable { text } | Self::Pip { text } | Self::Index { text } => {
                f.write_str(text)
            }
            Self::Channels { locked, wanted } => write!(
                f,
                "the channels are {}, but the lock was made from {}",
                joined(wanted),
                joined(locked)
            ),
            Self::NotLocked { location, spec } => {
                write!(
                    f,
                    "{location}: `{spec}` asks for a package that is not locked"
                )
            }
            Self::NotMet {
                location,
                spec,
                locked,
            } => write!(f, "{location}: `{spec}` is not met by the locked {locked}"),
            Self::BadSpec {
                package,
                spec,
                text,
            } => write!(
                f,
                "{package} has a spec `{spec}` that cannot be read: {text}"
            ),
            Self::NoDigest { package } => write!(f, "{package} is locked without sha256 and md5"),
            Self::Dependency { .. }
            | Self::VirtualPackage { .. }
            | Self::Constrained { .. }
            | Self::NotNeeded { .. } => self.fmt_between_packages(f),
            _ => self.fmt_of_lock(f),
        }
    }
}

impl Reason {
    /// Whether the reason counts only where a manifest says what the lock is for: a lock that is used
    /// alone is its own authority.
    pub fn needs_manifest(&self) -> bool {
        matches!(
            self,
            Self::NotNeeded { .. }
                | Self::Edited
                | Self::NewerLarder
                | Self::NoMetadata { .. }
                | Self::Elsewhere { .. }
                | Self::OnlyUrls { .. }
        )
    }

    /// Whether an index can show that the lock is right after all.
    pub fn is_settled_by_index(&self) -> bool {
        matches!(
            self,
            Self::Elsewhere { .. } | Self::WheelElsewhere { .. } | Self::Unhashed { .. }
        )
    }

    fn fmt_of_lock(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edited => f.write_str("the lock was edited after larder wrote it"),
            Self::NewerLarder => f.write_str("a newer version of larder wrote the lock"),
            Self::NoMetadata { package } => write!(
                f,
                "{package} has no metadata in `custom_metadata`, or that of another archive"
            ),
            Self::OtherPlatform {
                package,
                found,
                subdir,
            } => write!(
                f,
                "{package} is in the directory {found} of its channel, and {subdir} is locked"
            ),
            Self::Elsewhere { package, url } => write!(
                f,
                "{package} is at none of the channels ({url}): `larder lock --check --online` asks \
                 their indexes"
            ),
            Self::Unhashed { package } => write!(
                f,
                "{package} is locked for pip without a digest: `larder lock --check --online` asks its \
                 index whether there is none"
            ),
            Self::OnlyUrls { package } => write!(
                f,
                "nothing says what {package} needs: a list of URLs cannot be checked against a manifest"
            ),
            Self::WheelElsewhere {
                package,
                url,
                expected,
            } => write!(
                f,
                "{package} is at {url}, and files of its index are below {}: `larder lock --check \
                 --online` asks the index",
                joined(expected)
            ),
            _ => Ok(()),
        }
    }

    fn fmt_between_packages(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dependency {
                package,
                dependency,
                locked: Some(locked),
            } => write!(f, "{package} needs `{dependency}`, but {locked} is locked"),
            Self::Dependency {
                package,
                dependency,
                ..
            } => write!(f, "{package} needs `{dependency}`, which is not locked"),
            Self::VirtualPackage {
                needed_by,
                dependency,
                found,
                override_variable,
            } => {
                let found = found.as_deref().unwrap_or("none");
                write!(
                    f,
                    "{needed_by} needs `{dependency}` of this machine, which has {found}"
                )?;
                match override_variable {
                    Some(variable) => write!(f, " ({variable} sets it)"),
                    None => Ok(()),
                }
            }
            Self::Constrained {
                package,
                constraint,
                locked,
            } => write!(
                f,
                "{package} allows only `{constraint}`, but {locked} is locked"
            ),
            Self::NotNeeded {
                package,
                requested_specs,
            } => {
                write!(f, "{package} is locked, but nothing asks for it any more")?;
                if requested_specs.is_empty() {
                    return Ok(());
                }
                write!(f, " (`{}` once did)", requested_specs.join("`, `"))
            }
            _ => Ok(()),
        }
    }
}

fn joined<S: AsRef<str>>(items: &[S]) -> String {
    if items.is_empty() {
        return "none".to_owned();
    }
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    items.join(", ")
}
