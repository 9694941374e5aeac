//! Keys of specs that rattler's solver leaves out or compares in another way than CEP 29 and conda: `fn`, `license`,
//! `license_family`, `track_features`. Records that do not meet them are no candidates.

use std::{collections::HashMap, sync::Arc};

use larder_manifest::{own_key, solver_part, unmet_key};
use rattler_conda_types::{MatchSpec, RepoDataRecord};
use rattler_repodata_gateway::RepoData;
use url::Url;

/// The specs without these keys, for the solver.
pub(crate) fn without_own_keys(specs: &[MatchSpec]) -> Vec<MatchSpec> {
    specs.iter().map(solver_part).collect()
}

/// The records that some spec of their name does not take, with the reason.
pub(crate) fn excluded(specs: &[MatchSpec], repodata: &[RepoData]) -> HashMap<Url, Arc<str>> {
    let mut excluded = HashMap::new();
    for spec in specs.iter().filter(|spec| own_key(spec).is_some()) {
        let records = repodata.iter().flat_map(RepoData::iter);
        for record in records.filter(|record| is_named(spec, record)) {
            if let Some(unmet) = unmet_key(spec, record) {
                excluded.insert(record.url.clone(), format!("it is not `{unmet}`").into());
            }
        }
    }
    excluded
}

/// Whether every spec of the record's name takes the record.
pub(crate) fn are_met(specs: &[MatchSpec], record: &RepoDataRecord) -> bool {
    let mut specs = specs.iter().filter(|spec| own_key(spec).is_some());
    specs.all(|spec| !is_named(spec, record) || unmet_key(spec, record).is_none())
}

fn is_named(spec: &MatchSpec, record: &RepoDataRecord) -> bool {
    spec.name.as_exact() == Some(&record.package_record.name)
}
