//! The package names that a solve looks at: those of the specs, of every record that was loaded, and
//! of everything such a record may depend on, whether it was found or not.
//!
//! A few more than rattler's gateway loads (extras that nobody asks for), never fewer.

use std::collections::BTreeSet;

use rattler_conda_types::PackageName;
use rattler_repodata_gateway::RepoData;

use crate::{SolveRequest, load::implied_names};

/// All of them, normalized.
pub(crate) fn looked_at(request: &SolveRequest<'_>, repodata: &[RepoData]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let implied = implied_names(request, repodata);
    let asked = request.specs.iter().filter(|wanted| !wanted.is_implied);
    let asked = asked.map(|wanted| &wanted.spec).chain(&implied);
    for name in asked.filter_map(|spec| spec.name.as_exact()) {
        add(&mut names, name.as_normalized());
    }
    for record in repodata.iter().flat_map(RepoData::iter) {
        let record = &record.package_record;
        add(&mut names, record.name.as_normalized());
        let extras = record.extra_depends.values().flatten();
        for text in record.depends.iter().chain(extras) {
            add(
                &mut names,
                &PackageName::normalized_name_from_matchspec_str(text),
            );
        }
    }
    names
}

/// Names repeat a million times; most calls allocate nothing.
fn add(names: &mut BTreeSet<String>, name: &str) {
    if !names.contains(name) {
        names.insert(name.to_owned());
    }
}
