//! Closures and lock texts from a line each.

use rattler_conda_types::{GenericVirtualPackage, RepoDataRecord, Subdir};
use serde_json::{Value, json};

use crate::{Closure, Completeness, LockChannel, LockFile, LockHead, LockedPackage, Selection};

pub(crate) const CHANNEL: &str = "https://ch.test/main";

/// `name-version-build [<- depends; ...] [!! constrains; ...] [++ extra: depends; ...] [@ channel]`.
pub(crate) fn package(line: &str) -> LockedPackage {
    let part = |mark: &str| {
        let rest = line.split_once(mark).map_or("", |(_, rest)| rest);
        let end = [" <- ", " !! ", " ++ ", " @ ", " ? "]
            .iter()
            .filter_map(|other| rest.find(other))
            .min();
        rest[..end.unwrap_or(rest.len())].trim().to_owned()
    };
    let dist = line.split_whitespace().next().unwrap();
    let (rest, build) = dist.rsplit_once('-').unwrap();
    let (name, version) = rest.rsplit_once('-').unwrap();
    let channel = match part(" @ ").as_str() {
        "" => CHANNEL.to_owned(),
        other => other.to_owned(),
    };
    let mut record = json!({
        "name": name, "version": version, "build": build, "build_number": 0,
        "depends": list(&part(" <- ")), "constrains": list(&part(" !! ")),
        "subdir": "linux-64", "fn": format!("{dist}.conda"), "channel": channel,
        "url": format!("{channel}/linux-64/{dist}.conda"),
        "sha256": "ab".repeat(32), "md5": "cd".repeat(16), "size": 1234, "license": "MIT",
    });
    if let Some((extra, depends)) = part(" ++ ").split_once(':') {
        record["extra_depends"] = json!({ extra: list(depends) });
    }
    LockedPackage {
        record: serde_json::from_value(record).unwrap(),
        completeness: Completeness::Full,
        requested_specs: list(&part(" ? ")),
    }
}

fn list(text: &str) -> Vec<String> {
    let items = text.split(';').map(str::trim);
    items
        .filter(|item| !item.is_empty())
        .map(ToOwned::to_owned)
        .collect()
}

pub(crate) fn closure(lines: &[&str]) -> Closure {
    Closure::new(
        Subdir::Linux64,
        lines.iter().map(|line| package(line)).collect(),
    )
    .unwrap()
}

pub(crate) fn head() -> LockHead {
    LockHead {
        channels: vec![LockChannel::of(CHANNEL)],
        sources: vec!["environment.yml".to_owned()],
        ..LockHead::default()
    }
}

pub(crate) fn record(value: Value) -> RepoDataRecord {
    serde_json::from_value(value).unwrap()
}

pub(crate) fn virtual_packages(texts: &[&str]) -> Vec<GenericVirtualPackage> {
    texts
        .iter()
        .map(|text| serde_json::from_value(json!(text)).unwrap())
        .collect()
}

/// A lock of one package, `zlib` for linux-64, as the CEP has it. Lines 1 to 23.
pub(crate) const ONE: &str = "\
version: 1
metadata:
  content_hash:
    linux-64: af8caa5bbfb00f2641c82d05c7258a316df062d8fadc022a7f47dfd3a25ab331
  channels:
  - url: conda-forge
    used_env_vars: []
  platforms:
  - linux-64
  sources:
  - environment.yml
package:
- name: zlib
  version: 1.2.8
  manager: conda
  platform: linux-64
  dependencies: {}
  url: https://conda.anaconda.org/conda-forge/linux-64/zlib-1.2.8-3.tar.bz2
  hash:
    md5: 6b3dbbf50432b3e2a271b5e46877bcfc
    sha256: 85fcb6906b8686fe6341db89b4e6fc2631ad69ee6eab2f4823bfd64ae0b20ac8
  category: main
  optional: false
";

/// [`ONE`] with one text in it replaced.
pub(crate) fn one_with(old: &str, new: &str) -> String {
    assert!(ONE.contains(old), "{old}");
    ONE.replacen(old, new, 1)
}

pub(crate) fn parse(text: &str) -> LockFile {
    match LockFile::parse("conda-lock.yml", text) {
        Ok(lock) => lock,
        Err(error) => panic!("{error}\n{text}"),
    }
}

pub(crate) fn refusal(text: &str) -> String {
    match LockFile::parse("conda-lock.yml", text) {
        Ok(_) => panic!("was read:\n{text}"),
        Err(error) => error.to_string(),
    }
}

pub(crate) fn default_closure(lock: &LockFile) -> Closure {
    lock.closure(Subdir::Linux64, &Selection::default())
        .unwrap()
}

pub(crate) fn names(closure: &Closure) -> Vec<String> {
    closure.packages().iter().map(LockedPackage::dist).collect()
}

/// Two items of one name would be one item, so this has another name.
pub(crate) fn and_another(name: &str, old: &str, new: &str) -> String {
    let item = &ONE[ONE.find("- name").unwrap()..];
    assert!(item.contains(old), "{old}");
    format!("{ONE}{}", item.replacen(old, new, 1).replace("zlib", name))
}
