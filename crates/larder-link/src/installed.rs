//! What an environment says that it holds: the records in `conda-meta`, whoever wrote them.
//!
//! Read leniently: of a record only what an update and a check need, unknown keys never matter (CEP 32),
//! and one that cannot be read is named rather than being the end of everything. Paths are held against
//! the rules for packages, because files will be moved by them.

use std::{
    io,
    path::Path,
    sync::{Mutex, PoisonError},
};

use larder_digest::{Md5, Sha256};
use larder_fs::{PathContext as _, PathError};
use larder_unpack::RelPath;
use rattler_conda_types::Subdir;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    DamagedRecord,
    control_files::{open_conda_meta, read_record, record_names},
    parallel,
};

/// Everything that `conda-meta` says of packages.
#[derive(Debug, Default)]
pub struct Installation {
    /// What is installed, sorted by name.
    pub packages: Vec<Installed>,
    /// Records that cannot be read, sorted by file name.
    pub damaged: Vec<DamagedRecord>,
}

/// One installed package, as its record has it.
#[derive(Debug, Clone)]
pub struct Installed {
    /// The record's name in `conda-meta`.
    pub file_name: String,
    /// The package name.
    pub name: String,
    /// The version.
    pub version: String,
    /// The build string.
    pub build: String,
    /// The build number.
    pub build_number: u64,
    /// The subdir that it is from.
    pub subdir: String,
    /// The channel as the record has it; may be empty.
    pub channel: String,
    /// Where the archive was; may be empty.
    pub url: String,
    /// SHA-256 of the archive.
    pub sha256: Option<Sha256>,
    /// MD5 of the archive.
    pub md5: Option<Md5>,
    /// The MatchSpecs that asked for it.
    pub requested_specs: Vec<String>,
    /// Every path that it owns.
    pub paths: Vec<InstalledPath>,
    pub(crate) depends: Vec<String>,
    pub(crate) is_noarch_python: bool,
    pub(crate) site_packages_path: Option<String>,
}

/// One path of an installed package.
#[derive(Debug, Clone)]
pub struct InstalledPath {
    /// In the environment.
    pub path: RelPath,
    /// What should be there.
    pub kind: InstalledKind,
    /// SHA-256 of what the package ships.
    pub sha256: Option<Sha256>,
    /// SHA-256 of what should be there.
    pub sha256_in_prefix: Option<Sha256>,
    /// How many bytes should be there.
    pub size: Option<u64>,
    pub(crate) placeholder: Option<String>,
}

/// What should be at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstalledKind {
    /// A file.
    File,
    /// A symbolic link; digest and size are of the file that it leads to.
    Link,
    /// A directory.
    Directory,
    /// Compiled Python, which Python may write anew.
    Bytecode,
    /// A script that was made for an entry point.
    Script,
}

impl Installation {
    /// The subdir of the packages that are for one platform; `None` if all are noarch.
    pub fn platform(&self) -> Option<Subdir> {
        let subdirs = self.packages.iter();
        subdirs
            .filter_map(|package| package.subdir.parse().ok())
            .find(|subdir| *subdir != Subdir::NoArch)
    }
}

impl Installed {
    /// `name-version-build`.
    pub fn dist(&self) -> String {
        format!("{}-{}-{}", self.name, self.version, self.build)
    }
}

/// Reads the records of the environment at `prefix`, on a few threads.
///
/// # Errors
/// If `conda-meta` cannot be listed.
pub fn installed(prefix: &Path, threads: usize) -> Result<Installation, PathError> {
    let Some(meta) = open_conda_meta(prefix)? else {
        let missing = io::Error::from(io::ErrorKind::NotFound);
        return Err(missing).at("read directory", prefix.join("conda-meta"));
    };
    let names = record_names(prefix)?;
    let found = Mutex::new(Installation::default());
    let read = |name: &String| {
        let record = read_record(&meta, name).and_then(|bytes| parse(name, &bytes));
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        match record {
            Ok(package) => found.packages.push(package),
            Err(problem) => found.damaged.push(DamagedRecord {
                path: name.clone(),
                problem,
            }),
        }
        Ok::<_, io::Error>(())
    };
    // Damage is collected, so nothing ends the loop early.
    let _ = parallel::for_each(threads, &names, read);
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    let key = |package: &Installed| (package.name.clone(), package.file_name.clone());
    found.packages.sort_by_key(key);
    let name = |damaged: &DamagedRecord| damaged.path.clone();
    found.damaged.sort_by_key(name);
    Ok(found)
}

#[derive(Deserialize)]
struct Raw {
    name: String,
    version: String,
    build: String,
    #[serde(default)]
    build_number: u64,
    #[serde(default)]
    subdir: Option<String>,
    #[serde(default)]
    channel: Option<String>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    sha256: Option<String>,
    #[serde(default)]
    md5: Option<String>,
    #[serde(default)]
    depends: Vec<String>,
    #[serde(default)]
    noarch: Option<Value>,
    #[serde(default)]
    python_site_packages_path: Option<String>,
    #[serde(default)]
    requested_spec: Option<String>,
    #[serde(default)]
    requested_specs: Option<Vec<String>>,
    #[serde(default)]
    files: Vec<String>,
    #[serde(default)]
    paths_data: Option<RawPaths>,
}

#[derive(Deserialize)]
struct RawPaths {
    #[serde(default)]
    paths: Vec<RawPath>,
}

#[derive(Deserialize)]
struct RawPath {
    _path: String,
    #[serde(default)]
    path_type: Option<String>,
    #[serde(default)]
    sha256: Option<String>,
    #[serde(default)]
    sha256_in_prefix: Option<String>,
    #[serde(default)]
    size_in_bytes: Option<u64>,
    #[serde(default)]
    prefix_placeholder: Option<String>,
}

/// Reads a record: everything in it that makes larder act is checked, or the record is damaged.
pub(crate) fn parse(file_name: &str, bytes: &[u8]) -> Result<Installed, String> {
    let raw: Raw = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    check_identity(file_name, &raw.name, &raw.version, &raw.build)?;
    let places = [&raw.subdir, &raw.channel, &raw.url];
    check_lines(places.into_iter().flatten().map(String::as_str))?;
    let specs = raw.requested_specs.iter().flatten();
    check_lines(specs.chain(&raw.requested_spec).map(String::as_str))?;
    check_lines(raw.depends.iter().map(String::as_str))?;
    check_site_packages(raw.python_site_packages_path.as_deref())?;
    let paths = match raw.paths_data {
        Some(data) if !data.paths.is_empty() => data.paths.into_iter().map(path).collect(),
        // As older tools wrote them.
        _ => raw.files.into_iter().map(file).collect::<Result<_, _>>(),
    }?;
    // conda has written the text `None`.
    let requested = raw
        .requested_spec
        .filter(|spec| !matches!(spec.as_str(), "" | "None"));
    Ok(Installed {
        file_name: file_name.to_owned(),
        name: raw.name,
        version: raw.version,
        build: raw.build,
        build_number: raw.build_number,
        subdir: raw.subdir.unwrap_or_default(),
        channel: raw.channel.unwrap_or_default(),
        url: raw.url.unwrap_or_default(),
        sha256: digest(raw.sha256),
        md5: raw.md5.and_then(|text| text.parse().ok()),
        requested_specs: match raw.requested_specs {
            Some(specs) if !specs.is_empty() => specs,
            _ => requested.into_iter().collect(),
        },
        paths,
        depends: raw.depends,
        is_noarch_python: raw.noarch.as_ref().and_then(Value::as_str) == Some("python"),
        site_packages_path: raw.python_site_packages_path,
    })
}

fn path(raw: RawPath) -> Result<InstalledPath, String> {
    let kind = match raw.path_type.as_deref() {
        Some("softlink") => InstalledKind::Link,
        Some("directory") => InstalledKind::Directory,
        Some("pyc_file") => InstalledKind::Bytecode,
        Some("unix_python_entry_point") => InstalledKind::Script,
        _ if raw._path.ends_with(".pyc") => InstalledKind::Bytecode,
        _ => InstalledKind::File,
    };
    let sha256 = digest(raw.sha256);
    let is_rewritten = raw.prefix_placeholder.is_some();
    Ok(InstalledPath {
        path: rel_path(&raw._path)?,
        kind,
        sha256,
        // What conda does not say of a file that it has not changed is what the package says.
        sha256_in_prefix: digest(raw.sha256_in_prefix).or(sha256.filter(|_| !is_rewritten)),
        size: raw.size_in_bytes.filter(|_| !is_rewritten),
        placeholder: raw.prefix_placeholder,
    })
}

fn file(path: String) -> Result<InstalledPath, String> {
    Ok(InstalledPath {
        kind: match path.ends_with(".pyc") {
            true => InstalledKind::Bytecode,
            false => InstalledKind::File,
        },
        path: rel_path(&path)?,
        sha256: None,
        sha256_in_prefix: None,
        size: None,
        placeholder: None,
    })
}

/// Checks that a record is of the package that its file is named after: tools take one or the other, and name
/// scripts and files by them.
pub(crate) fn check_identity(
    file_name: &str,
    name: &str,
    version: &str,
    build: &str,
) -> Result<(), String> {
    let dist = format!("{name}-{version}-{build}");
    let is_name = !dist.contains('/') && RelPath::try_from(dist.as_str()).is_ok();
    // Names are lower case, but old tools did not see to that.
    let is_named = file_name
        .strip_suffix(".json")
        .is_some_and(|stem| stem.eq_ignore_ascii_case(&dist));
    match is_name && is_named {
        true => Ok(()),
        false => Err(format!(
            "it is of another package, `{}`",
            dist.escape_debug()
        )),
    }
}

/// Checks texts that are written into lines of `history`, where a line break would begin another entry.
pub(crate) fn check_lines<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<(), String> {
    let mut texts = texts.into_iter();
    match texts.find(|text| text.chars().any(char::is_control)) {
        Some(text) => Err(format!("`{}` has a control character", text.escape_debug())),
        None => Ok(()),
    }
}

/// Checks where python says that packages go (CEP 17): files are linked there.
pub(crate) fn check_site_packages(path: Option<&str>) -> Result<(), String> {
    path.map_or(Ok(()), |path| rel_path(path).map(drop))
}

/// A path that leads out of the environment, or to where package managers write, is no path to move.
pub(crate) fn rel_path(text: &str) -> Result<RelPath, String> {
    match RelPath::try_from(text) {
        Ok(path) if !path.is_conda_meta() => Ok(path),
        Ok(_) => Err(format!("`{text}` is below conda-meta")),
        Err(problem) => Err(format!("`{}`: {problem}", text.escape_debug())),
    }
}

fn digest(text: Option<String>) -> Option<Sha256> {
    text.and_then(|text| text.parse().ok())
}
