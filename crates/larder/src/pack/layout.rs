//! Which members a pack gets, in which order: decided by the packages alone, not by store or machine.

use std::collections::{BTreeMap, HashMap};

use larder_digest::Sha256;
use larder_lock::{Closure, Completeness, DEFAULT_CATEGORY, LockFile, LockedPackage};
use larder_pack::{MemberPath, PackIndex, PackedFile};
use larder_store::{Object, Store};
use serde_json::{Map, Value};
use url::Url;

use crate::{
    MaterializeError, SourceError,
    locked_source::Sourced,
    materialize::{self, Stored},
    record,
};

use super::{PackOperationError, aids};

/// A pack that is to be written.
pub(super) struct Layout<'a> {
    pub(super) index: PackIndex,
    /// The bytes of each member of the index, in its order.
    pub(super) bodies: Vec<Body<'a>>,
}

/// The bytes of a member.
pub(super) enum Body<'a> {
    Text(Vec<u8>),
    Archive(&'a Stored<'a>),
    Wheel(&'a StoredWheel),
}

/// Everything that is packed, in the store.
#[derive(Default)]
pub(super) struct Packed<'a> {
    pub(super) archives: Vec<Stored<'a>>,
    pub(super) wheels: Vec<StoredWheel>,
}

/// A wheel of the `pip:` section, or a source, that is in the store.
pub(super) struct StoredWheel {
    /// `name-version`.
    pub(super) package: String,
    pub(super) file_name: String,
    pub(super) object: Object,
}

/// One archive at its place in the pack.
struct Placed<'a> {
    path: MemberPath,
    stored: &'a Stored<'a>,
}

/// The records of a subdir by file name.
type Records = BTreeMap<String, Map<String, Value>>;
/// The channel in the pack, counted from 1, and the subdir.
type Place = (u16, String);

pub(super) fn lay_out<'a>(
    source: &Sourced,
    packed: &'a Packed<'a>,
    store: &Store,
) -> Result<Layout<'a>, PackOperationError> {
    let placed = place(&packed.archives)?;
    let mut members = Members::default();
    let closures = with_digests(source, &packed.archives)?;
    let lock = LockFile::new(&closures, &source.head);
    let pips = closures.iter().zip(&source.pips);
    let lock = pips.fold(lock, |lock, (closure, pip)| {
        lock.with_pip(closure.subdir(), pip, DEFAULT_CATEGORY)
    });
    members.text(MemberPath::lock(), lock.to_yaml().into_bytes());
    for (name, text) in aids::manifests(source, channels(&placed)) {
        members.text(path(&name, &name)?, text.into_bytes());
    }
    for ((channel, subdir), records) in indexes(&placed, store)? {
        let name = format!("{}/{subdir}/repodata.json", directory(channel));
        members.text(path(&name, &name)?, aids::repodata(&subdir, records));
    }
    for placed in placed.into_values().flatten() {
        members.archive(placed);
    }
    for (path, wheel) in place_wheels(&packed.wheels)? {
        members.wheel(path, wheel);
    }
    let mut index = PackIndex::new(members.listed)?;
    index.name.clone_from(&source.name);
    index.variables.clone_from(&source.variables);
    let platforms = source.closures.iter();
    index.platforms = platforms
        .map(|closure| closure.subdir().to_string())
        .collect();
    Ok(Layout {
        index,
        bodies: members.bodies,
    })
}

/// The lock of a pack has the sha256 of every archive, even where the lock that it was made from has md5
/// alone (and the store has verified that).
fn with_digests(
    source: &Sourced,
    packed: &[Stored<'_>],
) -> Result<Vec<Closure>, PackOperationError> {
    let digests: HashMap<&Url, Sha256> = packed
        .iter()
        .map(|stored| (&stored.package.record.url, stored.object.id.sha256))
        .collect();
    let complete = |package: &LockedPackage| {
        let mut package = package.clone();
        if let Some(sha256) = digests.get(&package.record.url) {
            package.record.package_record.sha256 = Some((*sha256.as_bytes()).into());
        }
        package
    };
    let closures = source.closures.iter();
    Ok(closures
        .map(|closure| {
            let packages = closure.packages().iter().map(complete);
            Closure::new(closure.subdir(), packages.collect())
        })
        .collect::<Result<_, _>>()
        .map_err(SourceError::Duplicate)?)
}

#[derive(Default)]
struct Members<'a> {
    listed: Vec<PackedFile>,
    bodies: Vec<Body<'a>>,
}

impl<'a> Members<'a> {
    fn text(&mut self, path: MemberPath, bytes: Vec<u8>) {
        self.listed.push(PackedFile {
            path,
            size: bytes.len() as u64,
            sha256: Sha256::of(&bytes),
        });
        self.bodies.push(Body::Text(bytes));
    }

    fn archive(&mut self, placed: Placed<'a>) {
        let Object { id, size, .. } = placed.stored.object;
        self.listed.push(PackedFile {
            path: placed.path,
            size,
            sha256: id.sha256,
        });
        self.bodies.push(Body::Archive(placed.stored));
    }

    fn wheel(&mut self, path: MemberPath, wheel: &'a StoredWheel) {
        let Object { id, size, .. } = wheel.object;
        self.listed.push(PackedFile {
            path,
            size,
            sha256: id.sha256,
        });
        self.bodies.push(Body::Wheel(wheel));
    }
}

/// Each wheel once. Of two with one file name the second, by digest, goes to a directory of its own.
fn place_wheels(
    wheels: &[StoredWheel],
) -> Result<Vec<(MemberPath, &StoredWheel)>, PackOperationError> {
    let mut names: BTreeMap<&str, BTreeMap<Sha256, &StoredWheel>> = BTreeMap::new();
    for wheel in wheels {
        let same_name = names.entry(&wheel.file_name).or_default();
        same_name.entry(wheel.object.id.sha256).or_insert(wheel);
    }
    let mut placed = Vec::new();
    for (number, (name, wheel)) in names
        .into_iter()
        .flat_map(|(name, same)| (1u16..).zip(same.into_values().map(move |wheel| (name, wheel))))
    {
        let name = format!("{}/{name}", numbered("wheels", number));
        placed.push((path(&name, &wheel.package)?, wheel));
    }
    Ok(placed)
}

/// Each archive once. Of two with one subdir and file name the second, by URL, goes to a channel of its own.
fn place<'a>(
    packed: &'a [Stored<'a>],
) -> Result<BTreeMap<Place, Vec<Placed<'a>>>, PackOperationError> {
    let mut sorted: Vec<&Stored<'_>> = packed.iter().collect();
    sorted.sort_by_key(|stored| {
        let record = &stored.package.record;
        (
            record.package_record.subdir.clone(),
            record.identifier.to_string(),
            record.url.clone(),
        )
    });
    let mut names: BTreeMap<(&str, String), Vec<Sha256>> = BTreeMap::new();
    let mut placed: BTreeMap<Place, Vec<Placed<'a>>> = BTreeMap::new();
    for stored in sorted {
        let record = &stored.package.record;
        let (subdir, file) = (&record.package_record.subdir, record.identifier.to_string());
        let same_name = names.entry((subdir, file.clone())).or_default();
        let sha256 = stored.object.id.sha256;
        if same_name.contains(&sha256) {
            continue;
        }
        same_name.push(sha256);
        let channel = u16::try_from(same_name.len()).unwrap_or(u16::MAX);
        let name = format!("{}/{subdir}/{file}", directory(channel));
        let path = path(&name, &stored.package.dist())?;
        placed
            .entry((channel, subdir.clone()))
            .or_default()
            .push(Placed { path, stored });
    }
    Ok(placed)
}

fn path(name: &str, package: &str) -> Result<MemberPath, PackOperationError> {
    name.parse().map_err(|source| PackOperationError::Name {
        package: package.to_owned(),
        source,
    })
}

fn directory(channel: u16) -> String {
    numbered("channel", channel)
}

fn numbered(name: &str, number: u16) -> String {
    match number {
        1 => name.to_owned(),
        number => format!("{name}-{number}"),
    }
}

fn channels(placed: &BTreeMap<Place, Vec<Placed<'_>>>) -> Vec<String> {
    let last = placed.keys().map(|(channel, _)| *channel).max();
    (1..=last.unwrap_or(1)).map(directory).collect()
}

/// The records of each subdir of each channel, by file name. conda wants `noarch` of every channel.
fn indexes(
    placed: &BTreeMap<Place, Vec<Placed<'_>>>,
    store: &Store,
) -> Result<BTreeMap<Place, Records>, PackOperationError> {
    let mut indexes: BTreeMap<Place, Records> = BTreeMap::new();
    indexes.entry((1, "noarch".to_owned())).or_default();
    for (place, archives) in placed {
        indexes.entry((place.0, "noarch".to_owned())).or_default();
        for Placed { stored, .. } in archives {
            let name = stored.package.record.identifier.to_string();
            let record = describe(stored, store)?;
            indexes
                .entry(place.clone())
                .or_default()
                .insert(name, record);
        }
    }
    Ok(indexes)
}

/// The record; what a lock leaves out of it is taken from the archive.
fn describe(stored: &Stored<'_>, store: &Store) -> Result<Map<String, Value>, PackOperationError> {
    let failed = |source| PackOperationError::Record {
        package: stored.package.dist(),
        source,
    };
    if stored.package.completeness == Completeness::Full {
        return record::known_record(stored.package, &stored.object).map_err(failed);
    }
    let (mut archive, expected) = materialize::open(stored, store)?;
    let info = archive
        .read_package_info(&expected)
        .map_err(MaterializeError::Unpack)?;
    record::index_record(stored.package, &info, &stored.object).map_err(failed)
}
