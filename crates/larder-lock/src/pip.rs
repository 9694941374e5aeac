//! What a lock knows of a manifest's `pip:` section beside its wheels: what was asked for, what could not
//! be locked to bytes, and which index a wheel is from.
//!
//! CEP 37 has no key for it, so it stands as JSON text under `custom_metadata`, `larder-pip:<platform>`.
//! Holds no credentials. Resolves nothing.

use std::collections::{BTreeMap, BTreeSet};

use rattler_conda_types::Subdir;
use serde::{Deserialize, Serialize};

use crate::{
    DEFAULT_CATEGORY, LockFile, PackageCategories, PipPackage, Selection, address,
    file::{Content, LockEntry},
    write::{categories_or, order},
};

const KEY: &str = "larder-pip:";

/// What a `pip:` section asked for when its lock was made.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PipRequest {
    /// Requirements and options, those of files that were named with `-r` and `-c` included, sorted.
    pub requirements: Vec<String>,
    /// Lines for pip that no digest can stand for: editable ones, repositories, local directories. Paths
    /// are relative to the manifest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed_on: Vec<String>,
    /// Major and minor version of the Python that this was resolved for.
    pub python: String,
    /// Names of distributions that the lines in `passed_on` depend on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needed_by_passed_on: Vec<String>,
    /// The categories of the lines in `passed_on`, where the manifests have several.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub categories_of_passed_on: BTreeMap<String, BTreeSet<String>>,
    /// The index of each wheel that names one, by package name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    indexes: BTreeMap<String, String>,
}

/// The `pip:` section of one environment on one platform, locked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PipLock {
    /// Wheels and sources, by name.
    pub packages: Vec<PipPackage>,
    /// What was asked for; nothing in locks that other tools made.
    pub request: Option<PipRequest>,
    /// Lines for pip that no digest can stand for: those of the request, and the repositories and addresses without
    /// a digest that other tools list among their packages.
    passed_on: Vec<String>,
}

impl PipRequest {
    /// What was asked of a Python of this `major.minor` version.
    pub fn new(requirements: Vec<String>, passed_on: Vec<String>, python: String) -> Self {
        Self {
            requirements,
            passed_on,
            python,
            needed_by_passed_on: Vec::new(),
            categories_of_passed_on: BTreeMap::new(),
            indexes: BTreeMap::new(),
        }
    }
}

impl PipRequest {
    /// The request without the lines to pass on that are of other categories.
    fn of_selection(mut self, selection: &Selection) -> Self {
        let categories = &self.categories_of_passed_on;
        self.passed_on.retain(|line| {
            let own = categories.get(line);
            own.is_none_or(|own| own.iter().any(|category| selection.contains(category)))
        });
        self
    }
}

impl PipLock {
    /// These packages, asked for by `request`, with its lines that are passed on.
    pub fn new(packages: Vec<PipPackage>, request: Option<PipRequest>) -> Self {
        let passed_on = request.iter().flat_map(|request| &request.passed_on);
        Self {
            packages,
            passed_on: passed_on.cloned().collect(),
            request,
        }
    }

    /// The same with other packages.
    #[must_use]
    pub fn with_packages(&self, packages: Vec<PipPackage>) -> Self {
        Self {
            packages,
            ..self.clone()
        }
    }

    /// Whether there is nothing to install.
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty() && self.passed_on().is_empty()
    }

    /// The lines that no digest can stand for.
    pub fn passed_on(&self) -> &[String] {
        &self.passed_on
    }
}

impl LockFile {
    /// The lock with the pip packages of one platform; credentials in their addresses are left out.
    #[must_use]
    pub fn with_pip(self, subdir: Subdir, pip: &PipLock, category: &str) -> Self {
        self.with_pip_of_categories(subdir, pip, category, &PackageCategories::new())
    }

    /// The same, with the categories of packages that are not of `category`.
    #[must_use]
    pub fn with_pip_of_categories(
        mut self,
        subdir: Subdir,
        pip: &PipLock,
        category: &str,
        categories: &PackageCategories,
    ) -> Self {
        for package in &pip.packages {
            for category in categories_or(categories.get(&package.name), category) {
                self.packages.push(LockEntry {
                    platform: subdir,
                    category: category.to_owned(),
                    optional: category != DEFAULT_CATEGORY,
                    content: Content::Pip(Box::new(PipPackage {
                        url: address::clean(&package.url).url,
                        ..package.clone()
                    })),
                });
            }
        }
        self.packages.sort_by(|a, b| order(a).cmp(&order(b)));
        if let Some(request) = &pip.request {
            let indexes = pip.packages.iter();
            let indexes = indexes.filter_map(|package| {
                let index = address::clean(package.index.as_ref()?).url;
                Some((package.name.clone(), index))
            });
            let request = PipRequest {
                indexes: indexes.collect(),
                ..request.clone()
            };
            // Texts and maps of texts.
            let text = serde_json::to_string(&request).unwrap_or_default();
            self.custom_metadata.insert(format!("{KEY}{subdir}"), text);
        }
        self
    }

    /// The selected pip packages of one platform, and what they were asked for with.
    pub fn pip(&self, subdir: Subdir, selection: &Selection) -> PipLock {
        let text = self.custom_metadata.get(&format!("{KEY}{subdir}"));
        let request: Option<PipRequest> = text.and_then(|text| serde_json::from_str(text).ok());
        let request = request.map(|request| request.of_selection(selection));
        let indexes = request.as_ref().map(|request| &request.indexes);
        let mut seen = BTreeSet::new();
        // A package of several categories has an entry for each.
        let packages = self.pip_packages(subdir, selection).into_iter();
        let packages = packages.filter(|package| seen.insert((&package.name, &package.url)));
        let (repositories, packages): (Vec<PipPackage>, Vec<PipPackage>) = packages
            .map(|package| PipPackage {
                index: package
                    .index
                    .clone()
                    .or_else(|| indexes?.get(&package.name).cloned()),
                ..package.clone()
            })
            .partition(has_no_digest);
        let mut lock = PipLock::new(packages, request);
        let lines = repositories
            .iter()
            .map(|package| format!("{} @ {}", package.name, package.url));
        lock.passed_on.extend(lines);
        lock
    }
}

/// Whether nothing in the lock stands for the bytes of a package: a repository, or an address without a digest.
fn has_no_digest(package: &PipPackage) -> bool {
    is_repository(&package.url) || package.sha256.is_none() && package.md5.is_none()
}

/// Whether `url` is the address of a repository, as pip writes it.
pub(crate) fn is_repository(url: &str) -> bool {
    REPOSITORIES.iter().any(|tool| url.starts_with(tool))
}

const REPOSITORIES: [&str; 4] = ["git+", "hg+", "svn+", "bzr+"];
const TRANSPORTS: [&str; 5] = ["https", "http", "ssh", "git", "file"];
/// Longer lines are refused unread.
const MAX_LINE: usize = 4096;
/// Longer names are refused: some of them become names of files.
const MAX_NAME: usize = 128;

/// Whether `name` may be the name of a distribution (PEP 508), so that it can stand in a requirements file
/// or in the name of a file.
pub fn is_distribution_name(name: &str) -> bool {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    name.len() <= MAX_NAME
        && name.bytes().all(is_of_name)
        && is_end(name.as_bytes().first())
        && is_end(name.as_bytes().last())
}

/// Whether `version` has only letters that a version of PEP 440 has.
pub(crate) fn is_distribution_version(version: &str) -> bool {
    let is_of_version = |byte: u8| byte.is_ascii_alphanumeric() || b"._+!-".contains(&byte);
    version.len() <= MAX_NAME
        && version.bytes().all(is_of_version)
        && version
            .bytes()
            .next()
            .is_some_and(|first| first.is_ascii_alphanumeric())
}

/// Why `line` must not stand in a requirements file that uv or pip reads, whoever wrote the lock; `None` for
/// a path, an editable path, a repository at a commit, an address of the web, or `name==version`.
///
/// pip and uv read options in such a file (`--index-url`), options behind a requirement
/// (`--config-settings`), variables (`${TOKEN}` in an address sends the token there), comments and
/// continued lines: none of these may come from a lock.
pub fn passed_on_problem(line: &str) -> Option<&'static str> {
    let is_break = |letter: char| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}');
    if line.is_empty() || line.len() > MAX_LINE || line.trim() != line {
        return Some("is empty, too long or begins with a blank");
    }
    if line.contains(is_break) || line.ends_with('\\') {
        return Some("has a line break or a control character");
    }
    if line.contains("${") || line.contains(" #") || line.starts_with('#') {
        return Some("has a variable or a comment");
    }
    let editable = ["-e ", "--editable "];
    let place = editable.iter().find_map(|option| line.strip_prefix(option));
    let place = place.unwrap_or(line);
    if place.split_whitespace().any(|word| word.starts_with('-')) {
        return Some("has an option");
    }
    if let Some((name, version)) = line.split_once("==") {
        let is_pinned = is_distribution_name(name) && is_distribution_version(version);
        return (!is_pinned).then_some("is no `name==version`");
    }
    match place.split_once(" @ ") {
        Some((name, url)) => match is_distribution_name(name) {
            true if url.starts_with("https://") || url.starts_with("http://") => {
                if url.contains(char::is_whitespace) {
                    return Some("has a space in its address");
                }
                let has_secret = address::has_repository_secret(url);
                has_secret.then_some("holds a credential in its address")
            }
            true => address_problem(url),
            false => Some("begins with no name of a distribution"),
        },
        None if is_repository(place) => address_problem(place),
        None => path_problem(place),
    }
}

fn address_problem(url: &str) -> Option<&'static str> {
    let Some((tool, url)) = url.split_once('+') else {
        return Some("is no address of a repository");
    };
    let (Some((transport, rest)), true) = (
        url.split_once("://"),
        REPOSITORIES.contains(&format!("{tool}+").as_str()),
    ) else {
        return Some("is no address of a repository");
    };
    if !TRANSPORTS.contains(&transport) || rest.contains(char::is_whitespace) {
        return Some("is no address of a repository");
    }
    if address::has_repository_secret(&format!("{transport}://{rest}")) {
        return Some("holds a credential in its address");
    }
    // `ssh://-oProxyCommand=...` and `@--upload-pack=...` are options to ssh and git.
    let mut parts = rest.split(['/', '@', ':']);
    parts
        .any(|part| part.starts_with('-'))
        .then_some("has an option in its address")
}

fn path_problem(path: &str) -> Option<&'static str> {
    let is_windows = path.as_bytes().get(1) == Some(&b':');
    let is_path = path.starts_with(['.', '/', '\\']) || is_windows;
    (!is_path || path.contains("://")).then_some("is no path, repository or `name==version`")
}

/// Why the value of a `custom_metadata` key is no record of a `pip:` section, if the key is for one.
pub(crate) fn request_problem(key: &str, text: &str) -> Option<String> {
    key.strip_prefix(KEY)?;
    let request: PipRequest = match serde_json::from_str(text) {
        Ok(request) => request,
        Err(error) => return Some(format!("what `larder lock` wrote there ({error})")),
    };
    // It becomes part of the name of a directory.
    let is_python = request.python.split('.').count() == 2
        && request
            .python
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
    if !is_python && !request.python.is_empty() {
        return Some("`python` to be a version like 3.12".to_owned());
    }
    let mut lines = request.passed_on.iter();
    lines.find_map(|line| {
        let problem = passed_on_problem(line)?;
        Some(format!("no line for pip like `{line}`, which {problem}"))
    })
}
