//! A lock in another format, with an account of what that format cannot say.
//!
//! Nothing is lost silently: each [`Loss`] is a fact of the lock that is not in the text. Never
//! writes a file, a clock or the name of a user or machine; equal locks give equal texts.

mod loss;

use std::{collections::BTreeSet, fmt, str::FromStr};

use rattler_conda_types::Subdir;

use crate::{
    Closure, ClosureError, Completeness, LockFile, LockFormat, PipPackage, Selection, explicit,
    pixi, write::specifier,
};
pub use loss::Loss;

/// How a lock is exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportOptions {
    /// The categories that are written to formats without categories; all of them by default. A
    /// conda-lock.yml always has all.
    pub selection: Selection,
    /// The hash on the lines of an `@EXPLICIT` list.
    pub hash: ExplicitHash,
}

impl Default for ExportOptions {
    fn default() -> Self {
        Self {
            selection: Selection::all(),
            hash: ExplicitHash::default(),
        }
    }
}

/// The hash on the lines of an `@EXPLICIT` list. A package that lacks it gets the other one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExplicitHash {
    /// `#<md5>`: what every conda, mamba and micromamba reads.
    #[default]
    Md5,
    /// `#sha256:<sha256>`: conda since 24.9 and micromamba.
    Sha256,
}

impl fmt::Display for ExplicitHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Md5 => "md5",
            Self::Sha256 => "sha256",
        })
    }
}

impl FromStr for ExplicitHash {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "md5" => Ok(Self::Md5),
            "sha256" => Ok(Self::Sha256),
            _ => Err(format!("`{text}` is no hash: expected md5 or sha256")),
        }
    }
}

/// A lock in another format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// One for the lock, or one for each of its platforms, sorted.
    pub texts: Vec<ExportedText>,
    /// What is not in the texts, each once.
    pub losses: Vec<Loss>,
}

/// A file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedText {
    /// The platform that the text is for; `None` if it is for all.
    pub platform: Option<Subdir>,
    /// What the file is to contain.
    pub text: String,
}

/// A lock that a format cannot hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// Two selected categories contradict one another.
    #[error("the lock of {platform} cannot be written as {format}, which has no categories")]
    Closure {
        /// The platform.
        platform: Subdir,
        /// The format.
        format: LockFormat,
        /// What contradicts what.
        #[source]
        source: ClosureError,
    },
    /// A package of an `@EXPLICIT` list, for a format that has to say what it depends on.
    #[error(
        "what {package} depends on is not known (it comes from an @EXPLICIT list), and a {format} lock \
         has to say it: lock the environment.yml instead"
    )]
    DependenciesUnknown {
        /// `name-version-build`.
        package: String,
        /// The format.
        format: LockFormat,
    },
    /// A lock for a platform that the format does not admit.
    #[error("a {format} lock cannot be for the platform {platform} (CEP 37)")]
    Platform {
        /// The platform.
        platform: Subdir,
        /// The format.
        format: LockFormat,
    },
    /// A package without a checksum, for a format that demands one.
    #[error("{package} has neither sha256 nor md5, and a {format} lock must have one")]
    NoHash {
        /// `name-version-build`.
        package: String,
        /// The format.
        format: LockFormat,
    },
    /// A pip package that the format cannot hold.
    #[error("the pip package {package} cannot be written as {format}: {message}")]
    Pip {
        /// Its name.
        package: String,
        /// The format.
        format: LockFormat,
        /// Why.
        message: String,
    },
    /// The library that writes the format refuses.
    #[error("the lock cannot be written as {format}: {message}")]
    Write {
        /// The format.
        format: LockFormat,
        /// Why.
        message: String,
    },
}

impl LockFile {
    /// The lock in the given format: one text, or for `@EXPLICIT` one for each platform.
    ///
    /// # Errors
    /// [`ExportError`] if the format cannot hold the lock at all.
    pub fn export(
        &self,
        format: LockFormat,
        options: &ExportOptions,
    ) -> Result<Exported, ExportError> {
        match format {
            LockFormat::CondaLock => self.export_conda_lock(),
            LockFormat::Pixi => pixi::write(self, options),
            LockFormat::Explicit => self.export_explicit(options),
        }
    }

    fn export_conda_lock(&self) -> Result<Exported, ExportError> {
        let format = LockFormat::CondaLock;
        if self.platforms.contains(&Subdir::NoArch) {
            let platform = Subdir::NoArch;
            return Err(ExportError::Platform { platform, format });
        }
        for package in self.conda_packages() {
            if package.checksum().is_none() {
                let package = package.dist();
                return Err(ExportError::NoHash { package, format });
            }
        }
        let conditions = self.all_pip_packages().filter(|package| has_more(package));
        let conditions = conditions.count();
        let bare = self.bare_packages();
        let mut losses = Vec::new();
        if bare > 0 {
            losses.push(Loss::DependenciesUnknown { packages: bare });
        }
        if conditions > 0 {
            losses.push(Loss::PipConditions {
                packages: conditions,
            });
        }
        Ok(Exported {
            texts: vec![ExportedText {
                platform: None,
                text: self.to_yaml(),
            }],
            losses,
        })
    }

    fn export_explicit(&self, options: &ExportOptions) -> Result<Exported, ExportError> {
        let mut losses = self.head_losses(options);
        let mut texts = Vec::new();
        for (platform, closure) in self.closures(LockFormat::Explicit, options)? {
            let pip = self.pip_packages(platform, &options.selection);
            if !pip.is_empty() {
                losses.push(Loss::PipPackages {
                    platform,
                    names: pip.iter().map(|package| package.name.clone()).collect(),
                });
            }
            let (text, of_hashes) = explicit::write(&closure, options.hash);
            losses.extend(of_hashes);
            texts.push(ExportedText {
                platform: Some(platform),
                text,
            });
        }
        let virtual_packages = self.virtual_packages.values();
        if virtual_packages.flatten().next().is_some() {
            losses.push(Loss::VirtualPackages);
        }
        let bare = self.bare_packages();
        if bare > 0 {
            losses.push(Loss::Order { packages: bare });
        }
        if bare < self.conda_packages().count() {
            losses.push(Loss::Records);
        }
        Ok(Exported { texts, losses })
    }

    /// What neither a pixi.lock nor an `@EXPLICIT` list has a place for.
    pub(crate) fn head_losses(&self, options: &ExportOptions) -> Vec<Loss> {
        let mut losses = Vec::new();
        let requested = self
            .conda_packages()
            .filter(|package| !package.requested_specs.is_empty())
            .count();
        if requested > 0 {
            losses.push(Loss::RequestedSpecs {
                packages: requested,
            });
        }
        if !self.sources.is_empty() {
            losses.push(Loss::Sources);
        }
        if !self.custom_metadata.is_empty() {
            losses.push(Loss::CustomMetadata {
                keys: self.custom_metadata.keys().cloned().collect(),
            });
        }
        let (merged, left_out): (BTreeSet<&str>, BTreeSet<&str>) = self
            .categories()
            .into_iter()
            .filter(|category| *category != crate::DEFAULT_CATEGORY)
            .partition(|category| options.selection.contains(category));
        for (categories, kept) in [(merged, true), (left_out, false)] {
            if !categories.is_empty() {
                let names = categories.into_iter().map(ToOwned::to_owned).collect();
                losses.push(Loss::Categories { names, kept });
            }
        }
        losses
    }

    /// The selected packages of every platform, sorted.
    pub(crate) fn closures(
        &self,
        format: LockFormat,
        options: &ExportOptions,
    ) -> Result<Vec<(Subdir, Closure)>, ExportError> {
        let mut platforms = self.platforms.clone();
        platforms.sort();
        platforms
            .into_iter()
            .map(|platform| {
                let closure = self.closure(platform, &options.selection);
                let closure = closure.map_err(|source| ExportError::Closure {
                    platform,
                    format,
                    source,
                })?;
                Ok((platform, closure))
            })
            .collect()
    }

    fn bare_packages(&self) -> usize {
        self.conda_packages()
            .filter(|package| package.completeness == Completeness::Bare)
            .count()
    }

    fn all_pip_packages(&self) -> impl Iterator<Item = &PipPackage> {
        self.packages
            .iter()
            .filter_map(|entry| match &entry.content {
                crate::file::Content::Pip(package) => Some(&**package),
                crate::file::Content::Conda(_) => None,
            })
    }
}

/// Whether a dependency says more than CEP 37 has room for.
fn has_more(package: &PipPackage) -> bool {
    let mut dependencies = package.dependencies.iter();
    dependencies.any(|(_, rest)| specifier(rest) != rest.trim())
}

#[cfg(test)]
mod tests;
