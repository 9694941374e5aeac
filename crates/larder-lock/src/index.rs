//! A locked package compared with the channels' indexes as they are now: what `lock --check --online` adds.

use rattler_conda_types::{PackageRecord, RepoDataRecord};

use crate::{Completeness, LockWriter, LockedPackage, Reason, address, dependencies};

/// What the records of the channels, all those of this package's file name, say against a locked package.
pub fn compare_with_index(
    package: &LockedPackage,
    records: &[RepoDataRecord],
    writer: LockWriter,
) -> Option<Reason> {
    let dist = package.dist();
    let clean = |record: &RepoDataRecord| address::clean(record.url.as_str()).url;
    let url = clean(&package.record);
    let Some(record) = records.iter().find(|record| clean(record) == url) else {
        let text = match records.first() {
            None => format!("{dist} is in none of the channels' indexes"),
            Some(other) => format!(
                "{dist} is locked at {url}, and its channel has it at {}",
                clean(other)
            ),
        };
        return Some(Reason::Index { text });
    };
    let (locked, found) = (&package.record.package_record, &record.package_record);
    let differs = |key: &str, locked: String, found: String| {
        let text =
            format!("{dist} is locked with {key} {locked}, and its channel has {key} {found}");
        Some(Reason::Index { text })
    };
    let hex =
        |digest: &[u8]| -> String { digest.iter().map(|byte| format!("{byte:02x}")).collect() };
    let sha256 = locked.sha256.zip(found.sha256);
    let md5 = locked.md5.zip(found.md5);
    if sha256.is_none() && md5.is_none() {
        let text = format!("{dist} has no digest that its channel has, too");
        return Some(Reason::Index { text });
    }
    if let Some((locked, found)) = sha256.filter(|(locked, found)| locked != found) {
        return differs("sha256", hex(&locked), hex(&found));
    }
    if let Some((locked, found)) = md5.filter(|(locked, found)| locked != found) {
        return differs("md5", hex(&locked), hex(&found));
    }
    // What other tools do not write cannot differ. The names of dependencies they do write, and by them a lock says
    // that a package is needed.
    if package.completeness != Completeness::Full {
        let (more, fewer) = dependencies_that_differ(package, &found.depends);
        return match (more.is_empty(), fewer.is_empty()) {
            (true, true) => None,
            (false, _) => differs("a dependency on", more.join(", "), "none".to_owned()),
            _ => differs("no dependency on", fewer.join(", "), "one".to_owned()),
        };
    }
    if let Some((locked, found)) = locked
        .size
        .zip(found.size)
        .filter(|(one, other)| one != other)
    {
        return differs("size", locked.to_string(), found.to_string());
    }
    for (key, locked, found) in [
        ("depends", &locked.depends, &found.depends),
        ("constrains", &locked.constrains, &found.constrains),
    ] {
        if locked != found {
            return differs(
                key,
                format!("[{}]", locked.join(", ")),
                format!("[{}]", found.join(", ")),
            );
        }
    }
    // What decides where files go, what else is needed, and which distributions pip takes as installed.
    let purls = |record: &PackageRecord| {
        let purls = record.purls.iter().flatten();
        purls.map(ToString::to_string).collect::<Vec<_>>()
    };
    // pixi's locks have purls from a mapping of names that the index does not have.
    let (locked_purls, found_purls) = match writer.is_larder() || found.purls.is_some() {
        true => (purls(locked), purls(found)),
        false => (Vec::new(), Vec::new()),
    };
    for (key, locked, found) in [
        (
            "noarch",
            format!("{:?}", locked.noarch),
            format!("{:?}", found.noarch),
        ),
        (
            "python_site_packages_path",
            format!("{:?}", locked.python_site_packages_path),
            format!("{:?}", found.python_site_packages_path),
        ),
        (
            "extra_depends",
            format!("{:?}", locked.extra_depends),
            format!("{:?}", found.extra_depends),
        ),
        (
            "purls",
            format!("[{}]", locked_purls.join(", ")),
            format!("[{}]", found_purls.join(", ")),
        ),
    ] {
        if locked != found {
            return differs(key, locked, found);
        }
    }
    None
}

/// The names that a partial record has and its channel's does not, and the other way round.
fn dependencies_that_differ(
    package: &LockedPackage,
    found: &[String],
) -> (Vec<String>, Vec<String>) {
    if package.completeness == Completeness::Bare {
        return (Vec::new(), Vec::new());
    }
    let locked = dependencies::to_map(&package.record.package_record.depends);
    let found = dependencies::to_map(found);
    // conda adds pip to python while it solves; conda-lock leaves virtual packages out.
    let is_added =
        |name: &str| package.name() == "python" && ["pip", "setuptools", "wheel"].contains(&name);
    let more = locked
        .keys()
        .filter(|name| !found.contains_key(*name) && !is_added(name));
    let fewer = found
        .keys()
        .filter(|name| !locked.contains_key(*name) && !name.starts_with("__"));
    (more.cloned().collect(), fewer.cloned().collect())
}

#[cfg(test)]
mod tests;
