//! A [`LockFile`] as a pixi.lock of the newest version, with one environment, `default`.

use rattler_conda_types::{NoArchType, RepoDataRecord, Subdir};
use rattler_lock::{
    Channel, DEFAULT_ENVIRONMENT_NAME, LockFileBuilder, PlatformData, PlatformName, PypiIndexes,
};

use super::pip;
use crate::{
    Completeness, ExportError, ExportOptions, Exported, ExportedText, LockFile, LockFormat,
    LockedPackage, Loss, address,
};

const FORMAT: LockFormat = LockFormat::Pixi;
const PYPI: &str = "https://pypi.org/simple";

/// The text, and what it does not say.
pub(crate) fn write(lock: &LockFile, options: &ExportOptions) -> Result<Exported, ExportError> {
    let mut losses = lock.head_losses(options);
    let closures = lock.closures(FORMAT, options)?;
    let mut builder = LockFileBuilder::new();
    builder.set_channels(DEFAULT_ENVIRONMENT_NAME, channels(lock));
    let mut partial = 0;
    for (subdir, closure) in &closures {
        builder = builder
            .add_platform(platform(lock, *subdir))
            .map_err(refused)?;
        builder
            .add_environment_platform(DEFAULT_ENVIRONMENT_NAME, subdir.as_str())
            .map_err(refused)?;
        for package in closure.packages() {
            partial += usize::from(package.completeness == Completeness::Partial);
            builder
                .add_conda_package(
                    DEFAULT_ENVIRONMENT_NAME,
                    subdir.as_str(),
                    record(package)?.into(),
                )
                .map_err(refused)?;
        }
    }
    write_pip(lock, options, &mut builder)?;
    if partial > 0 {
        losses.push(Loss::PartialRecords { packages: partial });
    }
    let text = builder.finish().render_to_string();
    let text = text.map_err(|error| ExportError::Write {
        format: FORMAT,
        message: error.to_string(),
    })?;
    Ok(Exported {
        texts: vec![ExportedText {
            platform: None,
            text,
        }],
        losses,
    })
}

fn refused(error: rattler_lock::ParseCondaLockError) -> ExportError {
    ExportError::Write {
        format: FORMAT,
        message: error.to_string(),
    }
}

fn write_pip(
    lock: &LockFile,
    options: &ExportOptions,
    builder: &mut LockFileBuilder,
) -> Result<(), ExportError> {
    let mut any = false;
    for subdir in &lock.platforms {
        for package in lock.pip_packages(*subdir, &options.selection) {
            any = true;
            let data = pip::write(package)?;
            builder
                .add_pypi_package(DEFAULT_ENVIRONMENT_NAME, subdir.as_str(), data)
                .map_err(refused)?;
        }
    }
    if any {
        let indexes = PypiIndexes {
            indexes: PYPI.parse().into_iter().collect(),
            find_links: Vec::new(),
        };
        builder.set_pypi_indexes(DEFAULT_ENVIRONMENT_NAME, indexes);
    }
    Ok(())
}

/// With a slash at the end, as rattler and pixi write them.
fn channels(lock: &LockFile) -> Vec<Channel> {
    let channels = lock.channels.iter();
    channels
        .flat_map(|channel| {
            let urls = address::base_urls(&channel.url);
            urls.into_iter().map(|url| Channel {
                url: format!("{url}/"),
                used_env_vars: channel.used_env_vars.clone(),
            })
        })
        .collect()
}

fn platform(lock: &LockFile, subdir: Subdir) -> PlatformData {
    PlatformData {
        name: PlatformName::from(&subdir),
        subdir,
        virtual_packages: lock.virtual_packages(subdir).to_vec(),
    }
}

fn record(package: &LockedPackage) -> Result<RepoDataRecord, ExportError> {
    let mut record = package.record.clone();
    match package.completeness {
        Completeness::Full => {}
        Completeness::Partial => {
            let package = &mut record.package_record;
            package.noarch = guessed_noarch(&package.subdir, package.build.as_str());
        }
        Completeness::Bare => {
            return Err(ExportError::DependenciesUnknown {
                package: package.dist(),
                format: FORMAT,
            });
        }
    }
    Ok(record)
}

/// As rattler guesses it for locks that do not say it.
fn guessed_noarch(subdir: &str, build: &str) -> NoArchType {
    match (subdir == Subdir::NoArch.as_str(), build.contains("py")) {
        (false, _) => NoArchType::none(),
        (true, true) => NoArchType::python(),
        (true, false) => NoArchType::generic(),
    }
}
