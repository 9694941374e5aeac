//! What the indexes say of a lock now: of conda packages those of the manifest's channels, of wheels those
//! that the `pip:` section and the user's environment name. What a lock says of either is not followed.

use std::collections::{HashMap, HashSet};

use larder_fetch::Network;
use larder_lock::{Closure, LockWriter, PipLock, Reason, compare_with_index};
use larder_pypi::{Indexes, Section};
use larder_solve::SolveError;
use rattler_conda_types::RepoDataRecord;

use crate::{
    PipError, Settings, pip,
    solving::{Solving, Want},
};

/// What the channels' indexes say against the packages of a closure.
pub(crate) async fn compare_packages(
    solving: &Solving<'_>,
    want: &Want,
    closure: &Closure,
    writer: LockWriter,
) -> Result<Vec<Reason>, SolveError> {
    let packages = closure.packages().iter();
    let records = packages.map(|package| &package.record);
    let files: HashSet<String> = records.clone().map(file_of).collect();
    let names = records.map(|record| record.package_record.name.clone());
    let is_wanted = |record: &RepoDataRecord| files.contains(&file_of(record));
    let found = solving.find_records(want, names, is_wanted).await?;
    let mut by_file: HashMap<String, Vec<RepoDataRecord>> = HashMap::new();
    for record in found {
        by_file.entry(file_of(&record)).or_default().push(record);
    }
    let compared = closure.packages().iter().map(|package| {
        let records = by_file.get(&file_of(&package.record));
        compare_with_index(package, records.map_or(&[], Vec::as_slice), writer)
    });
    Ok(compared.flatten().collect())
}

fn file_of(record: &RepoDataRecord) -> String {
    record.identifier.to_file_name()
}

/// What the Python indexes say against locked wheels. What a section names by its address is not asked for.
pub(crate) async fn compare_wheels(
    section: &Section,
    locked: &PipLock,
    network: &Network,
    settings: &Settings,
) -> Result<Vec<Reason>, PipError> {
    let indexes = section.all_indexes(&Indexes::new(
        &settings.variables,
        settings.child_variables.clone(),
    ));
    let packages = locked.packages.iter();
    let packages: Vec<_> = packages
        .filter(|package| !section.names_address(&package.url))
        .collect();
    let mut reasons = pip::compare_with_indexes(&packages, &indexes, network).await?;
    let pinned = locked.passed_on().iter();
    let pinned = pinned.filter_map(|line| line.split_once("=="));
    for (name, version) in pinned {
        reasons.extend(pip::check_unhashed(name, version, &indexes, network).await?);
    }
    Ok(reasons)
}
