//! Files of wheels and sources as a lock names them: what their names say, and whether they are where their
//! index has its files. Asks nobody.

use std::str::FromStr as _;

use larder_lock::{PipPackage, Reason};
use pep440_rs::Version;
use url::Url;

use crate::{
    Indexes, Section, Target, WheelName, normalize, place::clean_address, resolved::file_name,
    section::LineKind,
};

const PYPI: &str = "https://pypi.org/simple";
/// Indexes whose files are at another host, with the beginning of their addresses.
const FILE_HOSTS: &[(&str, &str)] = &[
    (
        "https://pypi.org/",
        "https://files.pythonhosted.org/packages/",
    ),
    (
        "https://test.pypi.org/",
        "https://test-files.pythonhosted.org/packages/",
    ),
    (
        "https://download.pytorch.org/",
        "https://download-r2.pytorch.org/",
    ),
];
const SOURCES: &[&str] = &[".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz", ".tar"];

/// The name of a package's file if it can be the name of a file and nothing else.
pub fn safe_file_name(url: &str) -> Option<String> {
    let name = file_name(url);
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._+!-".contains(&byte);
    let is_safe = !name.is_empty()
        && name.len() <= 250
        && !name.starts_with(['.', '-'])
        && name.bytes().all(is_of_name);
    is_safe.then_some(name)
}

/// Whether a package is locked at this address of the section.
pub(crate) fn is_at(package: &PipPackage, address: &str) -> bool {
    Url::parse(&package.url).is_ok_and(|url| clean_address(&url) == address)
}

/// What is wrong with the file of a package: it is another's, not for the target, or not known by its bytes.
pub(crate) fn problem(package: &PipPackage, target: &Target, is_direct: bool) -> Option<String> {
    let dist = format!("{} {}", package.name, package.version);
    if package.sha256.is_none() {
        return Some(format!("{dist} is locked for pip without a sha256"));
    }
    let Some(file) = safe_file_name(&package.url) else {
        return Some(format!(
            "{dist} is locked at an address that ends in no name of a file"
        ));
    };
    let (name, version) = match WheelName::parse(&file) {
        Some(wheel) => {
            if wheel.rank(target).is_none() {
                return Some(format!(
                    "the wheel {file} is not for {} and Python {}",
                    target.subdir, target.python
                ));
            }
            // PEP 427 writes `_` for `-`.
            (wheel.name, wheel.version.replace('_', "-"))
        }
        None if file.ends_with(".whl") => {
            return Some(format!("{file} of {dist} is no name of a wheel"));
        }
        // Archives of repositories, which sections name themselves, are called `main.zip`.
        None if is_direct => return None,
        None => {
            let stem = SOURCES.iter().find_map(|end| file.strip_suffix(end));
            let Some((name, version)) = stem.and_then(|stem| stem.rsplit_once('-')) else {
                return Some(format!("{file} of {dist} is no name of a wheel or source"));
            };
            (name.to_owned(), version.to_owned())
        }
    };
    let is_same =
        normalize(&name) == normalize(&package.name) && is_same_version(&version, &package.version);
    (!is_same).then(|| format!("{dist} is locked, but its file is {file}"))
}

fn is_same_version(one: &str, other: &str) -> bool {
    match (Version::from_str(one), Version::from_str(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

/// Where the indexes of a section have their files.
pub(crate) struct Places {
    indexes: Vec<Url>,
}

impl Places {
    pub(crate) fn new(section: &Section, environment: &Indexes) -> Self {
        let options = section.requirements().iter();
        let options = options.filter(|line| LineKind::of(line) == LineKind::Option);
        let has_own = options.into_iter().any(|line| {
            ["--index-url", "-i", "--no-index", "--pypi-url"]
                .iter()
                .any(|option| line.starts_with(option))
        });
        let mut indexes = section.indexes().to_vec();
        indexes.extend(environment.urls().iter().cloned());
        if !has_own && !environment.replaces_default() {
            indexes.extend(Url::parse(PYPI));
        }
        Self { indexes }
    }

    /// The indexes and pages of links, the section's first.
    pub(crate) fn into_indexes(self) -> Vec<Url> {
        self.indexes
    }

    /// Why a package cannot be from these indexes, if it cannot.
    pub(crate) fn check(&self, package: &PipPackage) -> Option<Reason> {
        let plain = |url: &Url| clean_address(url).trim_end_matches('/').to_owned();
        let mut indexes: Vec<&Url> = self.indexes.iter().collect();
        if let Some(index) = &package.index {
            let index = index.trim_end_matches('/');
            indexes.retain(|known| plain(known) == index);
            if indexes.is_empty() {
                return Some(Reason::Pip {
                    text: format!(
                        "{} {} is from the index {index}, which neither the `pip:` section nor a \
                         variable like UV_DEFAULT_INDEX names",
                        package.name, package.version
                    ),
                });
            }
        }
        let expected: Vec<String> = indexes.iter().map(|index| file_place(index)).collect();
        let url = Url::parse(&package.url).map(|url| clean_address(&url));
        let is_there = url.is_ok_and(|url| expected.iter().any(|place| url.starts_with(place)));
        (!is_there).then(|| Reason::WheelElsewhere {
            package: format!("{}-{}", package.name, package.version),
            url: package.url.clone(),
            expected,
        })
    }
}

/// How addresses of an index's files begin: its own host, where nothing else is known.
fn file_place(index: &Url) -> String {
    let index = clean_address(index);
    let mut hosts = FILE_HOSTS.iter();
    if let Some((_, files)) = hosts.find(|(known, _)| index.starts_with(known)) {
        return (*files).to_owned();
    }
    let after = index.find("://").map_or(0, |at| at + 3);
    let end = index[after..]
        .find('/')
        .map_or(index.len(), |at| after + at);
    format!("{}/", &index[..end])
}

#[cfg(test)]
mod tests;
