//! A locked package compared with the channels' indexes as they are now: what `lock --check --online` adds.

use rattler_conda_types::RepoDataRecord;

use crate::{Completeness, LockedPackage, Reason, address};

/// What the records of the channels, all those of this package's file name, say against a locked package.
pub fn compare_with_index(package: &LockedPackage, records: &[RepoDataRecord]) -> Option<Reason> {
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
    // What other tools do not write cannot differ.
    if package.completeness != Completeness::Full {
        return None;
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
    None
}

#[cfg(test)]
mod tests;
