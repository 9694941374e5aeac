//! Packages that pip, or a tool like it, installed: `NAME-VERSION.dist-info` directories that no record
//! claims, and what their `RECORD` says.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use larder_fs::{PathContext as _, PathError, list_dir};

use crate::PipFile;

use super::{
    PipPackage,
    claim::{Claim, Claims, Kind},
    compare::below,
    pip_record, text,
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

/// Every package that pip installed, sorted; what they own is added to `claims`.
pub(super) fn find(prefix: &Path, claims: &mut Claims) -> Result<Vec<PipPackage>, PathError> {
    let mut packages = Vec::new();
    for site_packages in site_packages(prefix)? {
        for directory in list_dir(&site_packages)? {
            let is_metadata = directory
                .extension()
                .is_some_and(|extension| extension == "dist-info");
            let relative = directory.strip_prefix(prefix).map(text).unwrap_or_default();
            if is_metadata && !claims.contains(&format!("{relative}/METADATA")) {
                packages.extend(package(prefix, &site_packages, &directory, claims)?);
            }
        }
    }
    packages.sort();
    Ok(packages)
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
    directory: &Path,
    claims: &mut Claims,
) -> Result<Option<PipPackage>, PathError> {
    let Some(metadata) = read(&directory.join("METADATA"))? else {
        return Ok(None);
    };
    let header = |name: &str| {
        let lines = metadata.lines().take_while(|line| !line.is_empty());
        let mut values = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        values.next().unwrap_or_default().trim().to_owned()
    };
    let (name, version) = (header("Name"), header("Version"));
    let record = read(&directory.join("RECORD"))?.unwrap_or_default();
    let mut files = Vec::new();
    for line in pip_record::lines(&record) {
        // Bytecode is Python's own business: it is written again at will.
        let Some(path) = below(prefix, site_packages, &line.path) else {
            continue;
        };
        files.push(path.clone());
        if !path.ends_with(".pyc") && !claims.contains(&path) {
            claims.insert(Claim {
                path,
                package: format!("{name}-{version}"),
                kind: Kind::Anything,
                sha256: line.sha256,
                size: line.size,
            });
        }
    }
    files.sort();
    let installer = read(&directory.join("INSTALLER"))?;
    Ok(Some(PipPackage {
        name,
        version,
        installer: installer.map(|text| text.trim().to_owned()),
        metadata: directory.strip_prefix(prefix).map(text).unwrap_or_default(),
        files,
    }))
}

fn read(path: &Path) -> Result<Option<String>, PathError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).at("read file", path),
    }
}
