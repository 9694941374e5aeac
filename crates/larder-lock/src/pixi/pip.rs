//! Packages of PyPI, from rattler's lock and to it.
//!
//! A wheel or source archive is kept; a directory or a repository is not, as it has to be built from
//! whatever is there at the time.

use rattler_lock::{PackageHashes, PypiDistributionData, PypiPackageData, UrlOrPath, Verbatim};

use crate::{ExportError, LockFormat, PipPackage, Problem, check_requirement};

pub(super) fn read(package: &PypiPackageData) -> Result<PipPackage, Problem> {
    let location = package.location();
    let text = location
        .given()
        .unwrap_or_else(|| location.inner().as_str());
    let source = || Problem::Source {
        location: format!("`{text}`"),
    };
    let PypiPackageData::Distribution(archive) = package else {
        return Err(source());
    };
    if text.starts_with("git+") {
        return Err(source());
    }
    let hash = archive.hash.as_ref();
    let sha256 = hash.and_then(PackageHashes::sha256);
    let md5 = hash.and_then(PackageHashes::md5);
    let requirements = archive.requires_dist.iter();
    Ok(PipPackage {
        name: archive.name.to_string(),
        version: archive.version.to_string(),
        url: match location.inner() {
            UrlOrPath::Url(url) => crate::address::clean(url.as_str()).url,
            UrlOrPath::Path(_) => text.to_owned(),
        },
        index: archive
            .index_url
            .as_ref()
            .map(|url| crate::address::clean(url.as_str()).url),
        sha256: sha256.and_then(|digest| larder_digest::Sha256::from_slice(digest).ok()),
        md5: md5.and_then(|digest| larder_digest::Md5::from_slice(digest).ok()),
        dependencies: requirements
            .map(|requirement| split(requirement.name.as_ref(), &requirement.to_string()))
            .collect(),
    })
}

/// The name of a PEP 508 requirement and what follows it.
fn split(name: &str, requirement: &str) -> (String, String) {
    let rest = requirement.strip_prefix(name).unwrap_or_default();
    (name.to_owned(), rest.trim().to_owned())
}

pub(super) fn write(package: &PipPackage) -> Result<PypiPackageData, ExportError> {
    let refuse = |message: String| ExportError::Pip {
        package: package.name.clone(),
        format: LockFormat::Pixi,
        message,
    };
    let parse_error =
        |what: &str, error: &dyn std::error::Error| refuse(format!("{what}: {error}"));
    let name = package.name.parse();
    let version = package.version.parse();
    let location: Result<UrlOrPath, _> = package.url.parse();
    let mut requires_dist = Vec::new();
    for (name, rest) in &package.dependencies {
        let requirement = format!("{name} {}", rest.trim_start_matches('*'));
        check_requirement(&requirement).map_err(&refuse)?;
        let requirement = requirement.parse();
        requires_dist.push(requirement.map_err(|error| parse_error("dependency", &error))?);
    }
    Ok(PypiPackageData::from(PypiDistributionData {
        name: name.map_err(|error| parse_error("name", &error))?,
        version: version.map_err(|error| parse_error("version", &error))?,
        location: Verbatim::new(location.map_err(|error| parse_error("address", &error))?),
        index_url: package.index.as_deref().and_then(|url| url.parse().ok()),
        hash: hashes(package),
        requires_dist,
        requires_python: None,
    }))
}

fn hashes(package: &PipPackage) -> Option<PackageHashes> {
    PackageHashes::from_hashes(
        package.md5.and_then(|digest| {
            rattler_digest::parse_digest_from_hex::<rattler_digest::Md5>(&digest.to_hex())
        }),
        package.sha256.and_then(|digest| {
            rattler_digest::parse_digest_from_hex::<rattler_digest::Sha256>(&digest.to_hex())
        }),
    )
}
