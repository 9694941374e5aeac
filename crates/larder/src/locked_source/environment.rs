//! The packages of an environment, as a lock would have them.

use std::{collections::BTreeSet, path::Path};

use larder_event::Reporter;
use larder_link::PipFile;
use larder_lock::{
    Closure, Completeness, LockChannel, LockHead, LockedPackage, PipLock, PipRequest,
};
use rattler_conda_types::{PrefixRecord, Subdir};

use crate::{Settings, activation::environment_variables, channel_name, list::records, platforms};

use super::{PlatformChoice, SourceError, Sourced, chosen};

pub(super) fn of_environment(
    prefix: &Path,
    choice: &PlatformChoice,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<Sourced, SourceError> {
    let records = records(prefix)?;
    let pip = installed_pip(prefix, &records, reporter)?;
    let of_platform = |record: &PrefixRecord| {
        let subdir: Subdir = record.repodata_record.package_record.subdir.parse().ok()?;
        (subdir != Subdir::NoArch).then_some(subdir)
    };
    let subdir = match records.iter().find_map(of_platform) {
        Some(subdir) => subdir,
        None => platforms::environment_subdir(prefix, settings)?,
    };
    chosen(choice, &[subdir], prefix)?;
    let packages: Vec<LockedPackage> = records.into_iter().map(locked).collect();
    let channels: BTreeSet<&str> = packages
        .iter()
        .filter_map(|package| package.record.channel.as_deref())
        .collect();
    let channels = channels.into_iter().map(LockChannel::of).collect();
    Ok(Sourced {
        head: LockHead {
            channels,
            ..LockHead::default()
        },
        closures: vec![Closure::new(subdir, packages)?],
        pips: vec![pip],
        indexes: Vec::new(),
        path: prefix.to_owned(),
        name: prefix
            .file_name()
            .and_then(|name| name.to_str())
            .map(str::to_owned),
        variables: environment_variables(prefix)?,
        credentials: Vec::new(),
    })
}

/// The pip packages of an environment, as a lock has them; what somebody installed by hand is not among them.
fn installed_pip(
    prefix: &Path,
    records: &[PrefixRecord],
    reporter: &dyn Reporter,
) -> Result<PipLock, SourceError> {
    let file = PipFile::read(prefix).map_err(SourceError::PipFile)?;
    let known = file.map(|file| file.packages).unwrap_or_default();
    let installed = larder_link::pip_packages(prefix, records).map_err(SourceError::PipFile)?;
    let is_known = |metadata: &str| known.iter().any(|package| package.metadata == metadata);
    let by_hand = installed.iter().filter(|found| !is_known(&found.metadata));
    let by_hand: Vec<&str> = by_hand.map(|found| found.name.as_str()).collect();
    if !by_hand.is_empty() {
        let text = format!(
            "installed by hand, not known by its bytes and left out: {}",
            by_hand.join(", ")
        );
        reporter.warn("source::pip-extras", text);
    }
    let named = known.iter().filter(|package| package.sha256.is_none());
    let named = named.map(|package| package.name.clone()).collect();
    let mut python = records
        .iter()
        .map(|record| &record.repodata_record.package_record)
        .filter(|record| record.name.as_normalized() == "python");
    let python = python.next().map(|record| record.version.to_string());
    let python = python.unwrap_or_default();
    let minor: Vec<&str> = python.splitn(3, '.').take(2).collect();
    let requirements = known.iter().filter(|package| package.sha256.is_some());
    let requirements = requirements.map(|package| format!("{}=={}", package.name, package.version));
    let packages = known.iter().filter_map(crate::pip::again).collect();
    let request = (!known.is_empty())
        .then(|| PipRequest::new(requirements.collect(), named, minor.join(".")));
    Ok(PipLock::new(packages, request))
}

/// conda writes a record's channel with the subdir.
pub(crate) fn locked(record: PrefixRecord) -> LockedPackage {
    let requested_specs = record.requested_specs;
    let mut record = record.repodata_record;
    let subdir = record.package_record.subdir.clone();
    record.channel = record
        .channel
        .map(|channel| channel_name::base_url(&channel, &subdir));
    LockedPackage {
        record,
        completeness: Completeness::Full,
        requested_specs,
    }
}
