//! What a format cannot say, as facts that a user can judge.

use std::fmt;

use rattler_conda_types::Subdir;

use crate::ExplicitHash;

/// Something that a lock says and its text in another format does not.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Loss {
    /// The specs that asked for packages.
    RequestedSpecs {
        /// How many packages have some.
        packages: usize,
    },
    /// The manifests that the lock was made from, and their digests.
    Sources,
    /// What other tools keep in `custom_metadata`.
    CustomMetadata {
        /// The keys, sorted.
        keys: Vec<String>,
    },
    /// Categories other than `main`.
    Categories {
        /// The categories, sorted.
        names: Vec<String>,
        /// Whether their packages are in the text, as if they were of `main`.
        kept: bool,
    },
    /// The virtual packages that the solve took for granted.
    VirtualPackages,
    /// Pip packages.
    PipPackages {
        /// The platform.
        platform: Subdir,
        /// Their names, sorted.
        names: Vec<String>,
    },
    /// Extras, conditions and URLs in the dependencies of pip packages.
    PipConditions {
        /// How many packages have some.
        packages: usize,
    },
    /// The wanted hash of a package.
    Hash {
        /// `name-version-build`.
        package: String,
        /// The platform.
        platform: Subdir,
        /// The hash that was asked for.
        wanted: ExplicitHash,
        /// Whether the other hash is written instead.
        other: bool,
    },
    /// Everything about the packages but addresses and hashes.
    Records,
    /// That only a part of the packages' records is known.
    PartialRecords {
        /// How many packages.
        packages: usize,
    },
    /// That dependencies come first in an `@EXPLICIT` list.
    Order {
        /// Of how many packages the dependencies are not known.
        packages: usize,
    },
    /// That the dependencies of packages are not known, which reads as if they had none.
    DependenciesUnknown {
        /// How many packages.
        packages: usize,
    },
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RequestedSpecs { packages } => write!(
                f,
                "which specs asked for {packages} of the packages is not written"
            ),
            Self::Sources => {
                f.write_str("the manifests that the lock was made from are not written")
            }
            Self::CustomMetadata { keys } => {
                write!(f, "custom_metadata is not written: {}", keys.join(", "))
            }
            Self::Categories { names, kept: true } => write!(
                f,
                "packages of the category {} are written as if they were of `main`",
                names.join(", ")
            ),
            Self::Categories { names, .. } => write!(
                f,
                "packages of the category {} are left out",
                names.join(", ")
            ),
            Self::VirtualPackages => {
                f.write_str("the virtual packages that the solution relies on are not written")
            }
            Self::PipPackages { platform, names } => write!(
                f,
                "pip packages of {platform} are not written: {}",
                names.join(", ")
            ),
            Self::PipConditions { packages } => write!(
                f,
                "extras, conditions and URLs in the dependencies of {packages} pip packages are not \
                 written"
            ),
            Self::Hash {
                package,
                platform,
                wanted,
                other,
            } => {
                let instead = if *other {
                    "the other hash is written"
                } else {
                    "it is written without a hash and will not be checked"
                };
                write!(f, "{package} of {platform} has no {wanted}: {instead}")
            }
            _ => self.fmt_records(f),
        }
    }
}

impl Loss {
    fn fmt_records(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Records => f.write_str(
                "only addresses and hashes are written: channels, dependencies and all else about the \
                 packages are not",
            ),
            Self::PartialRecords { packages } => write!(
                f,
                "the lock knows only a part of {packages} records (CEP 37), and the format takes them \
                 for whole: constrains, license, size and the like are missing, noarch is guessed"
            ),
            Self::Order { packages } => write!(
                f,
                "what {packages} packages depend on is not known (they come from an @EXPLICIT list): the \
                 lines are in the order of the names, not dependencies first"
            ),
            Self::DependenciesUnknown { packages } => write!(
                f,
                "what {packages} packages depend on is not known (they come from an @EXPLICIT list): to \
                 other tools they depend on nothing"
            ),
            _ => Ok(()),
        }
    }
}
