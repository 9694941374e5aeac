//! What a tool chose, in one form for both, and what a lock holds of it.

use std::{
    collections::BTreeSet,
    path::{Component, Path, PathBuf},
};

use larder_digest::Sha256;
use larder_lock::{PipLock, PipPackage, PipRequest, passed_on_problem};
use url::Url;

use crate::{Section, Target, ToolError, WheelName, edges::Edges, normalize, place::names_place};

/// One distribution that was chosen.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    pub(crate) index: Option<String>,
    pub(crate) wheels: Vec<Artifact>,
    /// The source, or whatever a URL gave.
    pub(crate) other: Option<Artifact>,
    /// A line for what is no file of an index, with its path as the tool wrote it.
    pub(crate) passed_on: Option<PassedOn>,
    /// `Requires-Dist` of its metadata, where the tool says it.
    pub(crate) requires: Vec<String>,
    /// Extras that it was asked for with, as far as the tool says it.
    pub(crate) extras: Vec<String>,
}

/// A file of an index, or at an address.
#[derive(Debug)]
pub(crate) struct Artifact {
    pub(crate) url: String,
    pub(crate) file_name: String,
    pub(crate) sha256: Option<Sha256>,
}

#[derive(Debug)]
pub(crate) enum PassedOn {
    /// A repository at a commit.
    Repository(String),
    /// A directory or a file of this machine.
    Local { path: PathBuf, is_editable: bool },
}

/// What is needed to write a lock of it.
pub(crate) struct Locking<'l> {
    pub(crate) section: &'l Section,
    pub(crate) target: &'l Target,
    /// Where stand-ins are: what is from there is conda's.
    pub(crate) stubs: &'l Path,
    /// Distributions that conda has, in versions that cannot be said.
    pub(crate) unversioned: &'l [String],
    /// What needs what.
    pub(crate) edges: &'l Edges,
}

impl Locking<'_> {
    pub(crate) fn lock(&self, chosen: Vec<Chosen>) -> Result<PipLock, ToolError> {
        let mut packages = Vec::new();
        let mut passed_on = Vec::new();
        let mut needed_by_passed_on = BTreeSet::new();
        for chosen in chosen {
            let name = normalize(&chosen.name);
            if self.unversioned.contains(&name) || self.is_stub(&chosen) {
                continue;
            }
            let line = match &chosen.passed_on {
                Some(line) => self.checked_line(&name, self.line(&name, line))?,
                None => match self.package(&name, &chosen)? {
                    Some(package) => {
                        packages.push(package);
                        continue;
                    }
                    None => format!("{name}=={}", version(&name, &chosen)?),
                },
            };
            passed_on.push(line);
            let needed = self.edges.of(&name).into_iter();
            needed_by_passed_on.extend(needed.map(|(name, _)| name));
        }
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        passed_on.sort();
        let is_locked = |name: &String| packages.iter().any(|package| package.name == *name);
        let requirements = self.section.requirements().to_vec();
        let python = self.target.python.clone();
        let mut request = PipRequest::new(requirements, passed_on, python);
        request.needed_by_passed_on = needed_by_passed_on.into_iter().filter(is_locked).collect();
        Ok(PipLock::new(packages, Some(request)))
    }

    /// A line that a check of the lock would accept: nothing is passed on that the section does not name.
    fn checked_line(&self, name: &str, line: String) -> Result<String, ToolError> {
        let unlockable = |problem: String| ToolError::Unlockable {
            package: name.to_owned(),
            problem,
        };
        if let Some(problem) = passed_on_problem(&line) {
            return Err(unlockable(format!("`{line}` {problem}")));
        }
        match names_place(self.section, &line) {
            true => Ok(line),
            false => Err(unlockable(format!(
                "it comes from `{line}`, which no line of the `pip:` section names: add it there"
            ))),
        }
    }

    fn is_stub(&self, chosen: &Chosen) -> bool {
        match &chosen.passed_on {
            Some(PassedOn::Local { path, .. }) => normal(path).starts_with(self.stubs),
            _ => false,
        }
    }

    fn line(&self, name: &str, passed_on: &PassedOn) -> String {
        match passed_on {
            PassedOn::Repository(url) => format!("{name} @ {url}"),
            PassedOn::Local { path, is_editable } => {
                let path = normal(path);
                let place = match path.strip_prefix(&self.section.directory) {
                    Ok(below) if below.as_os_str().is_empty() => ".".to_owned(),
                    Ok(below) => format!("./{}", below.display()),
                    Err(_) => path.display().to_string(),
                };
                let editable = if *is_editable { "-e " } else { "" };
                format!("{editable}{place}")
            }
        }
    }

    /// The file that the target installs: the wheel that fits best, else the source. Nothing if no digest
    /// of it is known.
    fn package(&self, name: &str, chosen: &Chosen) -> Result<Option<PipPackage>, ToolError> {
        let ranked = chosen.wheels.iter().filter_map(|wheel| {
            let rank = WheelName::parse(&wheel.file_name)?.rank(self.target)?;
            Some((rank, wheel))
        });
        let best = ranked.max_by_key(|(rank, _)| *rank);
        let file = best.map(|(_, wheel)| wheel).or(chosen.other.as_ref());
        let Some(file) = file else {
            return Err(ToolError::Unlockable {
                package: name.to_owned(),
                problem: format!(
                    "none of its wheels is for {}, and there is no source",
                    self.target.subdir
                ),
            });
        };
        let Some(sha256) = file.sha256 else {
            return Ok(None);
        };
        let url = match Url::parse(&file.url) {
            Ok(url) => larder_redact::clean(&url).to_string(),
            Err(_) => file.url.clone(),
        };
        Ok(Some(PipPackage {
            name: name.to_owned(),
            version: version(name, chosen)?,
            url,
            index: chosen.index.clone(),
            sha256: Some(sha256),
            md5: None,
            dependencies: self.edges.of(name),
        }))
    }
}

fn version(name: &str, chosen: &Chosen) -> Result<String, ToolError> {
    let of_file = || {
        let file = chosen.other.as_ref()?;
        let stem = file
            .file_name
            .strip_suffix(".tar.gz")
            .or_else(|| file.file_name.strip_suffix(".zip"))?;
        let (_, version) = stem.rsplit_once('-')?;
        version
            .starts_with(|first: char| first.is_ascii_digit())
            .then(|| version.to_owned())
    };
    let version = chosen.version.clone().or_else(of_file);
    version.ok_or_else(|| ToolError::Unlockable {
        package: name.to_owned(),
        problem: "nothing says its version".into(),
    })
}

/// Without `.` and `..`, as far as a text tells.
pub(crate) fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(normal.pop()),
            other => normal.push(other),
        }
    }
    normal
}

/// The last part of an address, decoded as far as names of files need it.
pub(crate) fn file_name(url: &str) -> String {
    let path = url.split(['#', '?']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    name.replace("%2B", "+")
        .replace("%2b", "+")
        .replace("%21", "!")
}
