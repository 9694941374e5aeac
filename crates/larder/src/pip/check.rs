//! Whether a lock's pip packages are still what a `pip:` section means.
//!
//! Checked, not hashed: lines that are spelled otherwise, and requirements that what is locked meets, do not
//! make a lock stale.

use larder_lock::{Closure, PipLock, PipRequest, Reason};
use larder_pypi::{Plain, Section, normalize, plain, provided};

/// Why not, if it is not.
pub(crate) fn reasons(
    section: Option<&Section>,
    locked: &PipLock,
    closure: &Closure,
) -> Vec<Reason> {
    let requirements = section.map_or(&[][..], Section::requirements);
    let mut texts = Vec::new();
    let conda: Vec<(String, String)> = provided(closure)
        .into_iter()
        .map(|provided| (provided.name, provided.version))
        .collect();
    let Some(request) = &locked.request else {
        if requirements.is_empty() {
            let first = locked.packages.first();
            texts.extend(first.map(|package| {
                format!(
                    "{} is locked for pip, but there is no `pip:` section",
                    package.name
                )
            }));
        }
        texts.extend(
            requirements
                .iter()
                .filter_map(|line| unmet(line, locked, &conda)),
        );
        return told(texts);
    };
    let known = &request.requirements;
    let added = requirements.iter().filter(|line| !known.contains(line));
    for line in added {
        match plain(line) {
            Some(_) => texts.extend(unmet(line, locked, &conda)),
            None => texts.push(format!(
                "`{line}` of the `pip:` section is not what was locked"
            )),
        }
    }
    let names = names(requirements);
    let gone = known.iter().filter(|line| !requirements.contains(line));
    for line in gone {
        // Its other words were looked at above.
        if !plain(line).is_some_and(|plain| names.contains(&plain.name)) {
            texts.push(format!(
                "nothing asks for `{line}` of the `pip:` section any more"
            ));
        }
    }
    texts.extend(misfits(request, locked, (closure, &conda)));
    told(texts)
}

/// What the conda packages have become since.
fn misfits(
    request: &PipRequest,
    locked: &PipLock,
    (closure, conda): (&Closure, &[(String, String)]),
) -> Vec<String> {
    let mut texts = Vec::new();
    if let Some(python) = closure.get("python") {
        let version = python.record.package_record.version.as_str();
        if !version.starts_with(&format!("{}.", request.python)) {
            texts.push(format!(
                "the `pip:` section was resolved for Python {}, and {} is locked",
                request.python,
                python.dist()
            ));
        }
    }
    for (name, version) in conda {
        if locked
            .packages
            .iter()
            .any(|package| normalize(&package.name) == *name)
        {
            texts.push(format!(
                "{name} is locked for pip, and conda has {name} {version}"
            ));
        }
    }
    texts
}

fn told(texts: Vec<String>) -> Vec<Reason> {
    texts.into_iter().map(|text| Reason::Pip { text }).collect()
}

fn names(requirements: &[String]) -> Vec<String> {
    let plain = requirements.iter().filter_map(|line| plain(line));
    plain.map(|plain| plain.name).collect()
}

/// Why a line is not met, if it is a requirement that can be looked at.
fn unmet(line: &str, locked: &PipLock, conda: &[(String, String)]) -> Option<String> {
    let plain: Plain = plain(line)?;
    let mut packages = locked.packages.iter();
    let found = packages.find(|package| normalize(&package.name) == plain.name);
    let found = found.map(|package| package.version.as_str());
    let mut provided = conda.iter().filter(|(name, _)| *name == plain.name);
    let found = found.or_else(|| provided.next().map(|(_, version)| version.as_str()));
    match found {
        None if plain.is_conditional() => None,
        None => Some(format!("`{line}` of the `pip:` section is not locked")),
        Some(version) if plain.is_met_by(version) => None,
        Some(version) => Some(format!(
            "`{line}` of the `pip:` section is not met by {} {version}",
            plain.name
        )),
    }
}
