//! `larder env export`: what an environment holds, in a form that makes it again, whoever made it.
//!
//! Reads records, history, variables and what pip left. Never solves, and never changes the environment.

use std::path::{Path, PathBuf};

use larder_event::Reporter;
use larder_fs::{Durability, write_atomic};
use larder_lock::{Closure, Completeness, LockChannel, LockFile, LockHead, LockedPackage};
use rattler_conda_types::{PrefixRecord, Subdir};
use serde::Serialize;

use crate::{
    ExplicitHash, LockFormat, Settings, channel_name,
    history::{asked_for, blocks},
    list::{explicit_list, pip_name, records},
    platforms,
};

mod error;
mod file;
mod format;

pub use error::EnvExportError;
use file::EnvironmentFile;
pub use format::EnvFormat;

/// What to export, and how.
#[derive(Debug, Clone)]
pub struct EnvExportOptions {
    /// The environment.
    pub prefix: PathBuf,
    /// How it is written; none means as the name of `output` says, else `environment-yaml`.
    pub format: Option<EnvFormat>,
    /// Leave build strings out.
    pub no_builds: bool,
    /// Only what somebody asked for, in their words.
    pub from_history: bool,
    /// Do not name the channels that packages came from.
    pub ignore_channels: bool,
    /// Channels to name besides.
    pub channels: Vec<String>,
    /// Where to write; none means to give the text back.
    pub output: Option<PathBuf>,
}

/// What was exported, with the keys of conda's JSON.
#[derive(Debug, Clone, Serialize)]
pub struct EnvExportReport {
    /// Always true: a failure has no report.
    pub success: bool,
    /// Where it was written.
    pub file: Option<PathBuf>,
    /// How it was written.
    pub format: EnvFormat,
    /// What the text does not say.
    pub warnings: Vec<String>,
    /// The text, where no output was named.
    #[serde(skip)]
    pub text: String,
}

/// Writes an environment down, or gives the text back.
///
/// # Errors
/// See [`EnvExportError`].
pub fn env_export(
    options: &EnvExportOptions,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<EnvExportReport, EnvExportError> {
    let format = format(options)?;
    let source = Source::read(options, settings)?;
    let mut warnings = Vec::new();
    let text = source.text(format, &mut warnings)?;
    for warning in &warnings {
        reporter.warn("export::loss", warning.clone());
    }
    let file = options.output.as_ref().map(|path| settings.absolute(path));
    if let Some(path) = &file {
        write_atomic(path, text.as_bytes(), Durability::Flush)?;
    }
    Ok(EnvExportReport {
        success: true,
        file,
        format,
        warnings,
        text,
    })
}

fn format(options: &EnvExportOptions) -> Result<EnvFormat, EnvExportError> {
    match (options.format, &options.output) {
        (Some(format), _) => Ok(format),
        (None, None) => Ok(EnvFormat::Yaml),
        (None, Some(path)) => EnvFormat::of_file(path)
            .ok_or_else(|| EnvExportError::UnknownFile { path: path.clone() }),
    }
}

/// Everything that an export is made from.
struct Source<'a> {
    options: &'a EnvExportOptions,
    settings: &'a Settings,
    /// Sorted by name.
    records: Vec<PrefixRecord>,
    /// `name==version`.
    pip: Vec<String>,
    subdir: Subdir,
}

impl<'a> Source<'a> {
    fn read(options: &'a EnvExportOptions, settings: &'a Settings) -> Result<Self, EnvExportError> {
        let mut records = records(&options.prefix)?;
        let name = |record: &PrefixRecord| record.name().as_normalized().to_owned();
        records.sort_by_key(name);
        let pip = larder_link::pip_packages(&options.prefix, &records)?;
        let pip = pip.iter();
        Ok(Self {
            subdir: subdir_of(&options.prefix, &records, settings)?,
            options,
            settings,
            records,
            pip: sorted(pip.map(|package| {
                let name = pip_name(&package.name);
                format!("{name}=={}", package.version)
            })),
        })
    }

    fn text(
        &self,
        format: EnvFormat,
        warnings: &mut Vec<String>,
    ) -> Result<String, EnvExportError> {
        if !matches!(format, EnvFormat::Yaml | EnvFormat::Json) && !self.pip.is_empty() {
            if format == EnvFormat::Explicit {
                return Err(EnvExportError::Pip {
                    packages: self.pip.clone(),
                });
            }
            let packages = self.pip.join(", ");
            warnings.push(format!(
                "{format} is written without what pip installed: {packages}"
            ));
        }
        if self.options.from_history && !self.records.is_empty() && self.asked_for()?.is_empty() {
            warnings.push("neither history nor records say what was asked for".into());
        }
        match format {
            EnvFormat::Yaml => Ok(self.file()?.to_yaml()),
            EnvFormat::Json => Ok(self.file()?.to_json()),
            EnvFormat::Requirements => Ok(self.requirements()?),
            EnvFormat::Explicit => {
                let md5 = Some(ExplicitHash::Md5);
                Ok(explicit_list(&self.options.prefix, self.subdir, md5)?)
            }
            EnvFormat::CondaLock => self.lock(LockFormat::CondaLock, warnings),
            EnvFormat::Pixi => self.lock(LockFormat::Pixi, warnings),
        }
    }

    fn file(&self) -> Result<EnvironmentFile, EnvExportError> {
        let options = self.options;
        let dependencies = match options.from_history {
            true => self.asked_for()?,
            false => self
                .records
                .iter()
                .map(|record| self.pinned(record, "="))
                .collect(),
        };
        Ok(EnvironmentFile {
            name: crate::environments::name(&options.prefix, self.settings),
            channels: self.channels(),
            dependencies,
            pip: match options.from_history {
                true => Vec::new(),
                false => self.pip.clone(),
            },
            variables: crate::config_vars(&options.prefix)?,
            prefix: options.prefix.clone(),
        })
    }

    /// `name=version=build`, with `equals` after the name.
    fn pinned(&self, record: &PrefixRecord, equals: &str) -> String {
        let package = &record.repodata_record.package_record;
        let name = package.name.as_normalized();
        let build = match self.options.no_builds {
            true => String::new(),
            false => format!("={}", package.build),
        };
        format!("{name}{equals}{}{build}", package.version)
    }

    /// The history's words, else those of the records, for what is still there. A channel before a spec is
    /// taken off, as conda does: they have a list of their own.
    fn asked_for(&self) -> Result<Vec<String>, EnvExportError> {
        let mut asked = asked_for(&blocks(&self.options.prefix)?);
        if asked.is_empty() {
            let records = self.records.iter();
            asked = records
                .filter_map(|record| {
                    let spec = record.requested_specs.first()?;
                    Some((record.name().as_normalized().to_owned(), spec.clone()))
                })
                .collect();
        }
        let is_installed = |name: &str| {
            let mut records = self.records.iter();
            records.any(|record| record.name().as_normalized() == name)
        };
        asked.retain(|name, _| is_installed(name));
        let specs = asked.into_values();
        let plain = |spec: String| match spec.split_once("::") {
            Some((_, spec)) => spec.to_owned(),
            None => spec,
        };
        Ok(specs.map(plain).collect())
    }

    /// Where packages came from, then those of the command line and the configuration; each once.
    fn channels(&self) -> Vec<String> {
        let options = self.options;
        let of_packages: Vec<String> = self.records.iter().map(|r| self.channel(r)).collect();
        let configured = self.settings.default_channels.iter();
        let configured =
            configured.map(|channel| larder_manifest::without_credentials(&channel.text));
        let mut channels: Vec<String> = match options.from_history || options.ignore_channels {
            true => Vec::new(),
            false => of_packages.clone(),
        };
        channels.extend(options.channels.iter().cloned());
        channels.extend(configured);
        // Specs without any channel could not be solved.
        if channels.is_empty() && !options.ignore_channels {
            channels = of_packages;
        }
        let mut once = Vec::new();
        for channel in channels {
            if !channel.is_empty() && !once.contains(&channel) {
                once.push(channel);
            }
        }
        once
    }

    /// The name by which everybody finds the channel of a package, else its URL.
    fn channel(&self, record: &PrefixRecord) -> String {
        let url = base_url(record);
        let alias = self.settings.channel_alias.trim_end_matches('/');
        let below = |host: &str| Some(url.strip_prefix(host)?.strip_prefix('/')?.to_owned());
        match below("https://repo.anaconda.com/pkgs") {
            Some(_) => "defaults".into(),
            None => below(alias).unwrap_or(url),
        }
    }

    /// Specs that conda's `create --file` reads.
    fn requirements(&self) -> Result<String, EnvExportError> {
        let mut text = format!(
            "# This file may be used to create an environment using:\n\
             # $ conda create --name <env> --file <this file>\n\
             # platform: {}\n\
             # created-by: larder {}\n\
             # Note: This is a conda requirements file (MatchSpec format)\n\
             # Contains conda package specifications, not pip requirements\n\n",
            self.subdir,
            env!("CARGO_PKG_VERSION")
        );
        let specs = match self.options.from_history {
            true => self.asked_for()?,
            false => {
                let records = self.records.iter();
                let spec = |record: &PrefixRecord| match self.options.ignore_channels {
                    true => self.pinned(record, "=="),
                    false => format!("{}::{}", self.channel(record), self.pinned(record, "==")),
                };
                records.map(spec).collect()
            }
        };
        text.extend(specs.into_iter().map(|spec| spec + "\n"));
        Ok(text)
    }

    fn lock(
        &self,
        format: LockFormat,
        warnings: &mut Vec<String>,
    ) -> Result<String, EnvExportError> {
        let packages = self.records.iter().map(locked).collect();
        let closure = Closure::new(self.subdir, packages)?;
        let mut head = LockHead::default();
        for url in self.records.iter().map(base_url) {
            let channel = LockChannel::of(&url);
            if !head.channels.contains(&channel) {
                head.channels.push(channel);
            }
        }
        let exported = LockFile::new(&[closure], &head).export(format, &Default::default())?;
        warnings.extend(exported.losses.iter().map(ToString::to_string));
        let texts = exported.texts.into_iter().map(|text| text.text);
        Ok(texts.collect())
    }
}

fn sorted(items: impl Iterator<Item = String>) -> Vec<String> {
    let mut items: Vec<String> = items.collect();
    items.sort();
    items
}

/// Other tools may have left credentials in a record.
fn base_url(record: &PrefixRecord) -> String {
    let repodata = &record.repodata_record;
    let channel = repodata.channel.as_deref().unwrap_or_default();
    let url = channel_name::base_url(channel, &repodata.package_record.subdir);
    larder_manifest::without_credentials(&url)
}

fn locked(record: &PrefixRecord) -> LockedPackage {
    let mut repodata = record.repodata_record.clone();
    repodata.url = larder_fetch::clean(&repodata.url);
    repodata.channel = Some(base_url(record));
    LockedPackage {
        record: repodata,
        completeness: Completeness::Full,
        requested_specs: record.requested_specs.clone(),
    }
}

/// The subdir of the packages that are for one, else the one that the environment records.
fn subdir_of(
    prefix: &Path,
    records: &[PrefixRecord],
    settings: &Settings,
) -> Result<Subdir, EnvExportError> {
    let subdirs = records.iter();
    let subdirs = subdirs.map(|record| &*record.repodata_record.package_record.subdir);
    let known = subdirs
        .filter(|subdir| *subdir != "noarch")
        .find_map(|subdir| subdir.parse().ok());
    match known {
        Some(subdir) => Ok(subdir),
        None => Ok(platforms::environment_subdir(prefix, settings)?),
    }
}
