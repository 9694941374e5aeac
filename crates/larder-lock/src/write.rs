//! A lock file as the text of a `conda-lock.yml` (CEP 37): one order, one spelling, no clock, no
//! name of a user or machine, so that equal locks are equal bytes and diffs stay small.
//!
//! Items are sorted by name, then platform, then manager and category. `content_hash` of a platform
//! is the SHA-256 of the text of its items, in this order and spelling; nothing is ever decided by
//! it. The keys that larder adds to `custom_metadata` are `larder:<platform>` (what the solve took
//! for granted), `larder:<platform>/<name>` (see `record`), `larder:exclude-newer` (cut-offs that held) and `larder:lock`
//! (see `seal`).

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write as _},
};

use larder_digest::{Hasher, Sha256};
use rattler_conda_types::Subdir;

use crate::{
    Closure, LockChannel, LockFile, LockHead, LockedPackage, PipPackage, Selection, address,
    dependencies::Dependencies,
    file::{Content, LockEntry},
    record::Core,
    scalar::scalar,
    seal::{LockWriter, SEAL_KEY, Sealed},
};

/// The prefix of the keys under `custom_metadata` that are larder's.
pub(crate) const OUR_KEYS: &str = "larder:";

/// The key of [`LockFile::cut_offs`] under `custom_metadata`. No platform has this name.
pub(crate) const CUT_OFFS_KEY: &str = "larder:exclude-newer";

impl LockFile {
    /// The lock of these closures, with the categories that the head gives them.
    ///
    /// Credentials that an address in `closures` or `head` still has are left out. Records without
    /// any checksum are kept; the lock that has one is refused when it is read.
    pub fn new(closures: &[Closure], head: &LockHead) -> Self {
        let mut packages: Vec<LockEntry> = Vec::new();
        for closure in closures {
            let own = head.categories.get(&closure.subdir());
            for package in closure.packages() {
                let own = own.and_then(|categories| categories.get(package.name()));
                for category in categories_or(own, &head.category) {
                    packages.push(LockEntry {
                        platform: closure.subdir(),
                        category: category.to_owned(),
                        optional: category != crate::DEFAULT_CATEGORY,
                        content: Content::Conda(Box::new(without_credentials(package))),
                    });
                }
            }
        }
        packages.sort_by(|a, b| order(a).cmp(&order(b)));
        let mut platforms: Vec<Subdir> = closures.iter().map(Closure::subdir).collect();
        platforms.sort();
        platforms.dedup();
        Self {
            platforms,
            channels: head.channels.iter().map(clean_channel).collect(),
            sources: head.sources.clone(),
            inputs: head.inputs.clone(),
            virtual_packages: head.virtual_packages.clone(),
            custom_metadata: BTreeMap::new(),
            cut_offs: None,
            packages,
            notes: Vec::new(),
            writer: LockWriter::Larder,
        }
    }

    /// The text of the lock file. Reading it gives this lock again.
    pub fn to_yaml(&self) -> String {
        let items: Vec<(&LockEntry, String)> = self
            .packages
            .iter()
            .map(|entry| (entry, item(entry)))
            .collect();
        let mut text = String::from(HEADER);
        // Writing to a String cannot fail.
        let _ = self.write_metadata(&mut text, &items);
        text.push_str(if items.is_empty() {
            "package: []\n"
        } else {
            "package:\n"
        });
        for (_, item) in &items {
            text.push_str(item);
        }
        text
    }

    /// The digest of everything that the lock says about `subdir`, all categories: two locks with
    /// one digest make the same environment. Equals [`closure_digest`] of the whole closure.
    pub fn digest(&self, subdir: Subdir) -> Sha256 {
        match self.closure(subdir, &Selection::all()) {
            Ok(closure) => closure_digest(&closure),
            Err(_) => digest_of(
                self.packages
                    .iter()
                    .filter_map(|entry| match &entry.content {
                        Content::Conda(package) if entry.platform == subdir => {
                            Some((&**package, subdir))
                        }
                        _ => None,
                    }),
            ),
        }
    }

    fn write_metadata(&self, text: &mut String, items: &[(&LockEntry, String)]) -> fmt::Result {
        text.push_str("version: 1\nmetadata:\n");
        section(text, "content_hash", self.platforms.is_empty(), "{}");
        for platform in &self.platforms {
            let own = items
                .iter()
                .filter(|(entry, _)| entry.platform == *platform);
            let hash = content_hash(own.map(|(_, item)| item.as_str()));
            writeln!(text, "    {platform}: {}", scalar(&hash))?;
        }
        section(text, "channels", self.channels.is_empty(), "[]");
        for channel in &self.channels {
            writeln!(text, "  - url: {}", scalar(&channel.url))?;
            let variables: Vec<_> = channel
                .used_env_vars
                .iter()
                .map(|name| scalar(name))
                .collect();
            writeln!(text, "    used_env_vars: [{}]", variables.join(", "))?;
        }
        section(text, "platforms", self.platforms.is_empty(), "[]");
        for platform in &self.platforms {
            writeln!(text, "  - {platform}")?;
        }
        section(text, "sources", self.sources.is_empty(), "[]");
        for source in &self.sources {
            writeln!(text, "  - {}", scalar(source))?;
        }
        self.write_inputs(text)?;
        self.write_custom_metadata(text, items)
    }

    fn write_inputs(&self, text: &mut String) -> fmt::Result {
        if self.inputs.is_empty() {
            return Ok(());
        }
        text.push_str("  inputs_metadata:\n");
        for (source, digests) in &self.inputs {
            writeln!(text, "    {}:", scalar(source))?;
            writeln!(text, "      md5: {}", scalar(&digests.md5.to_hex()))?;
            writeln!(text, "      sha256: {}", scalar(&digests.sha256.to_hex()))?;
        }
        Ok(())
    }

    fn write_custom_metadata(
        &self,
        text: &mut String,
        items: &[(&LockEntry, String)],
    ) -> fmt::Result {
        let mut custom = self.custom_metadata.clone();
        for (platform, names) in &self.virtual_packages {
            let value = serde_json::json!({ "virtual_packages": names });
            custom.insert(format!("{OUR_KEYS}{platform}"), value.to_string());
        }
        if let Some(text) = &self.cut_offs {
            custom.insert(CUT_OFFS_KEY.to_owned(), text.clone());
        }
        for entry in &self.packages {
            if let Content::Conda(package) = &entry.content {
                let core = Core::of(package, entry.platform.as_str());
                let key = format!("{OUR_KEYS}{}/{}", entry.platform, package.name());
                custom.extend(core.kept_remainder(package).map(|text| (key, text)));
            }
        }
        let sealed = Sealed {
            platforms: &self.platforms,
            channels: &self.channels,
            sources: &self.sources,
            custom_metadata: &custom,
        };
        let seal = sealed.write(items.iter().map(|(_, item)| item.as_str()));
        custom.insert(SEAL_KEY.to_owned(), seal);
        text.push_str("  custom_metadata:\n");
        for (key, value) in &custom {
            writeln!(text, "    {}: {}", scalar(key), scalar(value))?;
        }
        Ok(())
    }
}

/// The `content_hash` of a platform with these items.
pub(crate) fn content_hash<'i>(items: impl Iterator<Item = &'i str>) -> String {
    let mut hasher = Hasher::sha256();
    items.for_each(|item| hasher.update(item.as_bytes()));
    hasher.finish().sha256.to_hex()
}

/// The categories of a package, `default` if it has none of its own.
pub(crate) fn categories_or<'c>(
    own: Option<&'c BTreeSet<String>>,
    default: &'c str,
) -> Vec<&'c str> {
    match own.filter(|own| !own.is_empty()) {
        Some(own) => own.iter().map(String::as_str).collect(),
        None => vec![default],
    }
}

const HEADER: &str = "\
# Exact packages of an environment (conda-lock.yml, https://conda.org/learn/ceps/cep-0037).
# Written by `larder lock`; do not edit. Make the environment: `larder create -f conda-lock.yml`.
";

/// The digest of a closure: of every record in full and of the specs that asked for it. How an
/// environment that is up to date is recognised.
pub fn closure_digest(closure: &Closure) -> Sha256 {
    digest_of(
        closure
            .packages()
            .iter()
            .map(|package| (package, closure.subdir())),
    )
}

fn digest_of<'a>(packages: impl Iterator<Item = (&'a LockedPackage, Subdir)>) -> Sha256 {
    let mut hasher = Hasher::sha256();
    for (package, subdir) in packages {
        let core = Core::of(package, subdir.as_str());
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = write_conda(&mut text, &core, subdir);
        hasher.update(text.as_bytes());
        hasher.update(core.remainder(package).as_bytes());
        hasher.update(b"\n");
    }
    hasher.finish().sha256
}

fn section(text: &mut String, key: &str, empty: bool, nothing: &str) {
    text.push_str("  ");
    text.push_str(key);
    text.push(':');
    if empty {
        text.push(' ');
        text.push_str(nothing);
    }
    text.push('\n');
}

pub(crate) fn order(entry: &LockEntry) -> (&str, Subdir, &'static str, &str) {
    (
        entry.name(),
        entry.platform,
        entry.manager(),
        &entry.category,
    )
}

pub(crate) fn item(entry: &LockEntry) -> String {
    let mut text = String::with_capacity(640);
    // Writing to a String cannot fail.
    let _ = match &entry.content {
        Content::Conda(package) => {
            let core = Core::of(package, entry.platform.as_str());
            write_conda(&mut text, &core, entry.platform)
        }
        Content::Pip(package) => write_pip(&mut text, package, entry.platform),
    };
    let _ = writeln!(text, "  category: {}", scalar(&entry.category));
    let _ = writeln!(text, "  optional: {}", entry.optional);
    text
}

fn write_conda(text: &mut String, core: &Core, platform: Subdir) -> fmt::Result {
    write_start(text, &core.name, &core.version, "conda", platform)?;
    write_dependencies(text, &core.dependencies)?;
    writeln!(text, "  url: {}", scalar(core.url.as_str()))?;
    write_hashes(text, core.md5.as_deref(), core.sha256.as_deref())?;
    writeln!(text, "  build: {}", scalar(&core.build))
}

fn write_pip(text: &mut String, package: &PipPackage, platform: Subdir) -> fmt::Result {
    write_start(text, &package.name, &package.version, "pip", platform)?;
    write_dependencies(text, &specifiers(&package.dependencies))?;
    writeln!(text, "  url: {}", scalar(&package.url))?;
    let (md5, sha256) = (
        package.md5.map(|d| d.to_hex()),
        package.sha256.map(|d| d.to_hex()),
    );
    write_hashes(text, md5.as_deref(), sha256.as_deref())
}

/// Name to PEP 440 specifier, which is all that CEP 37 has room for: each name once, without extras,
/// URLs and conditions.
fn specifiers(dependencies: &[(String, String)]) -> Dependencies {
    let mut map = Dependencies::new();
    for (name, rest) in dependencies {
        map.entry(name.clone())
            .or_insert_with(|| specifier(rest).to_owned());
    }
    map
}

/// The PEP 440 specifier in what follows the name of a PEP 508 requirement.
pub(crate) fn specifier(rest: &str) -> &str {
    let rest = rest.split_once(';').map_or(rest, |(before, _)| before);
    let rest = match rest.trim_start().strip_prefix('[') {
        Some(extras) => extras.split_once(']').map_or("", |(_, after)| after),
        None => rest,
    };
    let rest = rest.trim();
    if rest.starts_with('@') { "" } else { rest }
}

fn write_start(
    text: &mut String,
    name: &str,
    version: &str,
    manager: &str,
    platform: Subdir,
) -> fmt::Result {
    writeln!(text, "- name: {}", scalar(name))?;
    writeln!(text, "  version: {}", scalar(version))?;
    writeln!(text, "  manager: {manager}\n  platform: {platform}")
}

fn write_dependencies(text: &mut String, dependencies: &Dependencies) -> fmt::Result {
    section(text, "dependencies", dependencies.is_empty(), "{}");
    for (name, constraint) in dependencies {
        writeln!(text, "    {}: {}", scalar(name), scalar(constraint))?;
    }
    Ok(())
}

fn write_hashes(text: &mut String, md5: Option<&str>, sha256: Option<&str>) -> fmt::Result {
    section(text, "hash", md5.is_none() && sha256.is_none(), "{}");
    for (key, digest) in [("md5", md5), ("sha256", sha256)] {
        if let Some(digest) = digest {
            writeln!(text, "    {key}: {}", scalar(digest))?;
        }
    }
    Ok(())
}

fn clean_channel(channel: &LockChannel) -> LockChannel {
    let mut clean = LockChannel::of(&channel.url);
    let listed = channel.used_env_vars.iter().cloned();
    clean.used_env_vars.extend(listed);
    clean.used_env_vars.sort();
    clean.used_env_vars.dedup();
    clean
}

fn without_credentials(package: &LockedPackage) -> LockedPackage {
    let mut package = package.clone();
    let record = &mut package.record;
    if let Ok(url) = address::clean(record.url.as_str()).url.parse() {
        record.url = url;
    }
    if let Some(channel) = &mut record.channel {
        *channel = address::clean(channel).url;
    }
    package
}
