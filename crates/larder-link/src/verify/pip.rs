//! Packages that pip, or a tool like it, installed: `NAME-VERSION.dist-info` directories that no record
//! claims, and what their `RECORD` says. Before that there was `NAME-VERSION.egg-info`, a directory or a file,
//! which names files at most.

use std::{
    io,
    path::{Path, PathBuf},
};

use larder_fs::{Links, PathError, list_dir, read_control_file};

use crate::{PipFile, installed::rel_path};

use super::{
    PipPackage,
    claim::{Claim, Claims, Kind},
    compare::below,
    pip_record::{self, Line},
    text,
};

/// Takes those of the `pip:` section out of what was found; one that is not there is claimed, so that its
/// metadata is missing.
pub(super) fn without_wanted(found: &mut Vec<PipPackage>, file: &PipFile, claims: &mut Claims) {
    for wanted in &file.packages {
        let before = found.len();
        found.retain(|package| package.metadata != wanted.metadata);
        if found.len() == before {
            claims.insert(Claim {
                path: format!("{}{METADATA}", wanted.metadata),
                package: format!("{}-{}", wanted.name, wanted.version),
                kind: Kind::Anything,
                sha256: None,
                size: None,
            });
        }
    }
}

const METADATA: &str = "/METADATA";
/// The largest file of metadata that is read: a `RECORD` has some 100 bytes a file.
const MAX_METADATA: u64 = 64 << 20;

/// Every package that pip installed, sorted; what they own is added to `claims`.
pub(super) fn find(prefix: &Path, claims: &mut Claims) -> Result<Vec<PipPackage>, PathError> {
    let mut packages = Vec::new();
    // Beside each other: two of them may have one path, and whoever came last has written it.
    let mut of_pip = Vec::new();
    for site_packages in site_packages(prefix)? {
        for place in list_dir(&site_packages)? {
            let Some(format) = Format::of(&place) else {
                continue;
            };
            let metadata = place.join(format.metadata());
            let relative = metadata.strip_prefix(prefix).map(text).unwrap_or_default();
            if claims.contains(relative.trim_end_matches('/')) {
                continue;
            }
            let found = package(prefix, &site_packages, (&place, format))?;
            let Some((package, mut claimed)) = found else {
                continue;
            };
            claimed.retain(|claim| !claims.contains(&claim.path));
            of_pip.extend(claimed);
            packages.push(package);
        }
    }
    of_pip.into_iter().for_each(|claim| claims.insert(claim));
    packages.sort();
    Ok(packages)
}

/// How a package describes itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// PEP 376, 627.
    DistInfo,
    /// Of setuptools, with `installed-files.txt` if pip put it there.
    EggDirectory,
    /// Of distutils.
    EggFile,
}

impl Format {
    fn of(place: &Path) -> Option<Self> {
        match place.extension()?.to_str()? {
            "dist-info" => Some(Self::DistInfo),
            "egg-info" if place.is_dir() => Some(Self::EggDirectory),
            "egg-info" => Some(Self::EggFile),
            _ => None,
        }
    }

    /// The file with name and version, below the place.
    fn metadata(self) -> &'static str {
        match self {
            Self::DistInfo => "METADATA",
            Self::EggDirectory => "PKG-INFO",
            Self::EggFile => "",
        }
    }
}

/// `lib/pythonX.Y/site-packages`, `Lib/site-packages`.
fn site_packages(prefix: &Path) -> Result<Vec<PathBuf>, PathError> {
    let mut candidates = vec![prefix.join("Lib").join("site-packages")];
    let pythons = list_dir(&prefix.join("lib"))?.into_iter();
    let is_python = |path: &PathBuf| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("python"))
    };
    candidates.extend(
        pythons
            .filter(is_python)
            .map(|path| path.join("site-packages")),
    );
    Ok(candidates)
}

fn package(
    prefix: &Path,
    site_packages: &Path,
    (place, format): (&Path, Format),
) -> Result<Option<(PipPackage, Vec<Claim>)>, PathError> {
    let path = match format {
        Format::EggFile => place.to_owned(),
        _ => place.join(format.metadata()),
    };
    let Some(metadata) = read(&path)? else {
        return Ok(None);
    };
    let header = |name: &str| {
        let lines = metadata.lines().take_while(|line| !line.is_empty());
        let mut values = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        values.next().unwrap_or_default().trim().to_owned()
    };
    let (name, version) = (header("Name"), header("Version"));
    let mut files = Vec::new();
    let mut claims = Vec::new();
    for line in lines(place, format)? {
        let base = match format {
            Format::EggDirectory => place,
            _ => site_packages,
        };
        // A `RECORD` may name anything. What is not a file of packages is neither looked at nor removed.
        let path = below(prefix, base, &line.path);
        let Some(path) = path.filter(|path| rel_path(path).is_ok()) else {
            continue;
        };
        files.push(path.clone());
        // Bytecode is Python's own business: it is written again at will.
        if !path.ends_with(".pyc") {
            claims.push(Claim {
                path,
                package: format!("{name}-{version}"),
                kind: Kind::Anything,
                sha256: line.sha256,
                size: line.size,
            });
        }
    }
    files.sort();
    let installer = match format {
        Format::DistInfo => read(&place.join("INSTALLER"))?,
        _ => None,
    };
    let package = PipPackage {
        name,
        version,
        installer: installer.map(|text| text.trim().to_owned()),
        metadata: place.strip_prefix(prefix).map(text).unwrap_or_default(),
        files,
    };
    Ok(Some((package, claims)))
}

/// What a package says of its files. Old ones may name none: then nothing but their metadata is theirs.
fn lines(place: &Path, format: Format) -> Result<Vec<Line>, PathError> {
    let nameless = |path: String| Line {
        path,
        sha256: None,
        size: None,
    };
    Ok(match format {
        Format::DistInfo => {
            let record = read(&place.join("RECORD"))?.unwrap_or_default();
            pip_record::lines(&record).collect()
        }
        Format::EggDirectory => {
            let listed = read(&place.join("installed-files.txt"))?.unwrap_or_default();
            let named = listed
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty());
            let mut lines: Vec<Line> = named.map(|line| nameless(line.to_owned())).collect();
            for path in list_dir(place)? {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                lines.push(nameless(name.into_owned()));
            }
            lines.sort_by(|a, b| a.path.cmp(&b.path));
            lines.dedup_by(|a, b| {
                a.path.trim_start_matches("./") == b.path.trim_start_matches("./")
            });
            lines
        }
        Format::EggFile => {
            let name = place.file_name().unwrap_or_default().to_string_lossy();
            vec![nameless(name.into_owned())]
        }
    })
}

fn read(path: &Path) -> Result<Option<String>, PathError> {
    // Installers may link files into site-packages (uv's link mode `symlink`).
    match read_control_file(path, MAX_METADATA, Links::Follow) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
