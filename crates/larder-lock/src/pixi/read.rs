//! One environment of a pixi.lock, all its platforms, to a [`LockFile`].
//!
//! Never installs from source: an environment with a package that has to be built is refused.

use std::collections::{BTreeMap, HashMap};

use rattler_conda_types::{RepoDataRecord, Subdir};
use rattler_lock::{CondaBinaryData, CondaPackageData, Environment, ParseCondaLockError};

use super::{
    check::{Lines, check_credentials},
    pip, platform,
};
use crate::{
    Completeness, DEFAULT_CATEGORY, LockChannel, LockError, LockFile, LockWriter, LockedPackage,
    Problem,
    address::{self, PackageUrl},
    archive::ArchiveName,
    file::{Content, LockEntry},
    read::{check_limits, shortened},
    requirement_bounds::check_requirements_of,
};

/// The names of all environments, sorted.
pub(crate) fn environment_names(file: &str, text: &str) -> Result<Vec<String>, LockError> {
    let lock = parse_bounded(file, text)?;
    Ok(names(&lock))
}

/// Calls rattler's reader, which expands aliases without bound.
fn parse_bounded(file: &str, text: &str) -> Result<rattler_lock::LockFile, LockError> {
    check_limits(file, text)?;
    check_requirements_of(text).map_err(|(line, problem)| LockError::Pixi {
        file: file.to_owned(),
        line: Some(line),
        message: format!("a requirement is not read: {problem}"),
    })?;
    rattler_lock::LockFile::from_str_with_base_directory(text, None)
        .map_err(|error| unreadable(file, &error))
}

fn names(lock: &rattler_lock::LockFile) -> Vec<String> {
    let mut names: Vec<String> = lock
        .environments()
        .map(|(name, _)| name.to_owned())
        .collect();
    names.sort();
    names
}

/// Reads the named environment, `default`, or the only one.
pub(crate) fn read(
    file: &str,
    text: &str,
    environment: Option<&str>,
) -> Result<LockFile, LockError> {
    check_credentials(file, text)?;
    let lock = parse_bounded(file, text)?;
    let environment = choose(file, &lock, environment)?;
    let mut notes = Vec::new();
    let platforms = platform::platforms(file, &environment, &mut notes)?;
    let lines = Lines::of(text);
    let reader = Reader { file, lines };
    let mut packages = Vec::new();
    let mut virtual_packages = BTreeMap::new();
    for platform in &platforms {
        packages.extend(reader.packages(&environment, *platform)?);
        let found = platform::virtual_packages(platform);
        if !found.is_empty() {
            virtual_packages.insert(platform.subdir(), found);
        }
    }
    let order = crate::write::order;
    packages.sort_by(|a, b| order(a).cmp(&order(b)));
    Ok(LockFile {
        platforms: platforms.iter().map(|platform| platform.subdir()).collect(),
        channels: environment.channels().iter().map(channel).collect(),
        sources: Vec::new(),
        inputs: BTreeMap::new(),
        virtual_packages,
        custom_metadata: BTreeMap::new(),
        cut_offs: None,
        packages,
        notes,
        writer: LockWriter::Other,
    })
}

fn unreadable(file: &str, error: &ParseCondaLockError) -> LockError {
    let line = match error {
        ParseCondaLockError::ParseError(error) => {
            let location = error.location();
            location.and_then(|location| u64::try_from(location.line()).ok())
        }
        _ => None,
    };
    LockError::Pixi {
        file: file.to_owned(),
        line,
        message: shortened(error.to_string()),
    }
}

fn choose<'lock>(
    file: &str,
    lock: &'lock rattler_lock::LockFile,
    wanted: Option<&str>,
) -> Result<Environment<'lock>, LockError> {
    let found = match wanted {
        Some(name) => lock.environment(name),
        None => lock.default_environment().or_else(|| {
            let mut all = lock.environments();
            let (_, first) = all.next()?;
            all.next().is_none().then_some(first)
        }),
    };
    found.ok_or_else(|| LockError::NoEnvironment {
        file: file.to_owned(),
        wanted: wanted.map(ToOwned::to_owned),
        available: names(lock),
    })
}

fn channel(channel: &rattler_lock::Channel) -> LockChannel {
    let mut clean = LockChannel::of(&channel.url);
    let listed = channel.used_env_vars.iter().cloned();
    clean.used_env_vars.extend(listed);
    clean.used_env_vars.sort();
    clean.used_env_vars.dedup();
    clean
}

struct Reader<'a> {
    file: &'a str,
    lines: Lines<'a>,
}

impl Reader<'_> {
    fn refuse(&self, location: &str, package: &str, problem: Problem) -> LockError {
        LockError::Package {
            file: self.file.to_owned(),
            line: self.lines.get(location, package),
            package: package.to_owned(),
            problem: Box::new(problem),
        }
    }

    fn packages<'lock>(
        &self,
        environment: &Environment<'lock>,
        platform: rattler_lock::Platform<'lock>,
    ) -> Result<Vec<LockEntry>, LockError> {
        let subdir = platform.subdir();
        let mut entries: Vec<LockEntry> = Vec::new();
        let mut lines: HashMap<(String, &'static str), u64> = HashMap::new();
        for package in environment.packages(platform).into_iter().flatten() {
            let location = package.location().as_str();
            let content = match package {
                rattler_lock::LockedPackage::Conda(conda) => self.conda(conda),
                rattler_lock::LockedPackage::Pypi(pypi) => {
                    let read = pip::read(pypi).map(|pip| Content::Pip(Box::new(pip)));
                    read.map_err(|problem| self.refuse(location, package.name(), problem))
                }
            }?;
            let entry = LockEntry {
                platform: subdir,
                category: DEFAULT_CATEGORY.to_owned(),
                optional: false,
                content,
            };
            let key = (entry.name().to_owned(), entry.manager());
            let line = self.lines.get(location, entry.name());
            if let Some(first_line) = lines.insert(key, line) {
                let problem = Problem::Duplicate {
                    manager: entry.manager(),
                    platform: subdir,
                    category: DEFAULT_CATEGORY.to_owned(),
                    first_line,
                };
                return Err(self.refuse(location, entry.name(), problem));
            }
            entries.push(entry);
        }
        self.check_python(&entries, subdir)?;
        Ok(entries)
    }

    fn conda(&self, package: &CondaPackageData) -> Result<Content, LockError> {
        let name = package.name().as_source();
        let location = package.location().as_str();
        let read = match package {
            CondaPackageData::Binary(binary) => record(binary),
            CondaPackageData::Source(_) => Err(Problem::Source {
                location: format!("`{location}`"),
            }),
        };
        let record = read.map_err(|problem| self.refuse(location, name, problem))?;
        Ok(Content::Conda(Box::new(LockedPackage {
            record,
            completeness: Completeness::Full,
            requested_specs: Vec::new(),
        })))
    }

    fn check_python(&self, entries: &[LockEntry], platform: Subdir) -> Result<(), LockError> {
        let pip = entries.iter().find_map(|entry| match &entry.content {
            Content::Pip(package) => Some(package),
            Content::Conda(_) => None,
        });
        let is_python = |entry: &LockEntry| entry.manager() == "conda" && entry.name() == "python";
        match pip {
            Some(pip) if !entries.iter().any(is_python) => {
                Err(self.refuse(&pip.url, &pip.name, Problem::PipWithoutPython { platform }))
            }
            _ => Ok(()),
        }
    }
}

/// The record, if it is what the name of its archive says.
fn record(binary: &CondaBinaryData) -> Result<RepoDataRecord, Problem> {
    let location = binary.location.as_str();
    let mut record = RepoDataRecord::try_from(binary).map_err(|_| Problem::Value {
        key: "conda",
        found: location.to_owned(),
        expected: "a URL or an absolute path".to_owned(),
    })?;
    let clean = address::clean(record.url.as_str()).url;
    if let Ok(url) = clean.parse() {
        record.url = url;
    }
    let place = PackageUrl::of(&record.url);
    record.channel = match record.channel {
        Some(channel) => Some(address::clean(&channel).url),
        None => place.channel,
    };
    // Old versions of pixi wrote the platform of the environment for noarch packages.
    if let Some(subdir) = place.subdir {
        record.package_record.subdir = subdir;
    }
    let archive = ArchiveName::of(&record.url, "conda")?;
    let package = &record.package_record;
    for (key, found, in_url) in [
        ("name", package.name.as_normalized(), &archive.name),
        ("version", &*package.version.as_str(), &archive.version),
        ("build", package.build.as_str(), &archive.build),
    ] {
        if found != in_url {
            return Err(Problem::ContradictsUrl {
                key,
                found: found.to_owned(),
                in_url: in_url.clone(),
            });
        }
    }
    if package.subdir.parse::<Subdir>().is_err() {
        return Err(Problem::Value {
            key: "subdir",
            found: package.subdir.clone(),
            expected: "a subdir such as linux-64 or noarch".to_owned(),
        });
    }
    Ok(record)
}
