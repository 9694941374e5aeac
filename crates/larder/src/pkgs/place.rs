//! Where a package goes in a package cache. There is one place for each file name; what comes second goes
//! where mamba looks first, below its URL.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Component, Path, PathBuf},
};

use larder_digest::{Hasher, HashingReader, Sha256};
use larder_fetch::clean;
use larder_fs::{PathContext as _, PathError};
use larder_store::Object;
use url::Url;

use super::{choose::ToExport, repodata::Record, scan::stem};

/// A package and its place.
pub(super) struct Placed {
    pub(super) package: ToExport,
    pub(super) name: String,
    /// The directory that archive and extracted package go into.
    pub(super) directory: PathBuf,
    pub(super) archive: State,
    pub(super) extracted: State,
    /// Whether the usual place was taken.
    pub(super) is_beside: bool,
}

/// What is at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing.
    Free,
    /// What belongs there.
    Done,
    /// Something else.
    Taken,
}

impl Placed {
    pub(super) fn archive_path(&self) -> PathBuf {
        self.directory.join(&self.name)
    }

    pub(super) fn extracted_path(&self) -> PathBuf {
        self.directory
            .join(stem(&self.name, self.package.object.id.kind))
    }

    pub(super) fn is_done(&self) -> bool {
        self.archive == State::Done && self.extracted == State::Done
    }
}

/// Gives every package its place in `root`: the first, by URL, of those with one name the usual one.
pub(super) fn place(packages: Vec<ToExport>, root: &Path) -> Result<Vec<Placed>, PathError> {
    let mut sorted = packages;
    sorted.sort_by(|a, b| a.package.record.url.cmp(&b.package.record.url));
    let mut given: BTreeMap<PathBuf, Sha256> = BTreeMap::new();
    let mut all = Vec::new();
    for package in sorted {
        let name = package.package.record.identifier.to_string();
        let usual = at(root.to_owned(), &name, &package.object, &given)?;
        let (directory, states, is_beside) = match usual {
            Some(states) => (root.to_owned(), states, false),
            None => {
                let directory = beside(root, &package.package.record.url);
                match at(directory.clone(), &name, &package.object, &given)? {
                    Some(states) => (directory, states, true),
                    None => (directory, (State::Taken, State::Taken), true),
                }
            }
        };
        let placed = Placed {
            package,
            name,
            directory,
            archive: states.0,
            extracted: states.1,
            is_beside,
        };
        let is_same = given.insert(placed.extracted_path(), placed.package.object.id.sha256)
            == Some(placed.package.object.id.sha256);
        if !is_same {
            all.push(placed);
        }
    }
    Ok(all)
}

/// What is at a place in a directory, or `None` if it is not for this package.
fn at(
    directory: PathBuf,
    name: &str,
    object: &Object,
    given: &BTreeMap<PathBuf, Sha256>,
) -> Result<Option<(State, State)>, PathError> {
    let extracted = directory.join(stem(name, object.id.kind));
    if given
        .get(&extracted)
        .is_some_and(|sha256| *sha256 != object.id.sha256)
    {
        return Ok(None);
    }
    let states = (
        archive_state(&directory.join(name), object)?,
        extracted_state(&extracted, object)?,
    );
    let is_taken = states.0 == State::Taken || states.1 == State::Taken;
    Ok((!is_taken).then_some(states))
}

fn archive_state(path: &Path, object: &Object) -> Result<State, PathError> {
    let metadata = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(State::Free),
        metadata => metadata.at("read metadata of", path)?,
    };
    if !metadata.is_file() || metadata.len() != object.size {
        return Ok(State::Taken);
    }
    let file = fs::File::open(path).at("open", path)?;
    let mut reader = HashingReader::new(file, Hasher::sha256());
    io::copy(&mut reader, &mut io::sink()).at("read", path)?;
    let is_same = reader.finish().1.sha256 == object.id.sha256;
    Ok(if is_same { State::Done } else { State::Taken })
}

/// An extracted package is what its record says. conda and mamba leave one without a record when they are
/// killed: it is not touched.
fn extracted_state(path: &Path, object: &Object) -> Result<State, PathError> {
    if fs::symlink_metadata(path).is_err() {
        return Ok(State::Free);
    }
    let record = fs::read(path.join("info/repodata_record.json")).ok();
    let record = record.and_then(|bytes| serde_json::from_slice::<Record>(&bytes).ok());
    let sha256 = record.and_then(|record| record.digests().sha256);
    Ok(if sha256 == Some(object.id.sha256) {
        State::Done
    } else {
        State::Taken
    })
}

/// `<scheme>/<host>/<path>` of the URL's directory, as mamba has it.
fn beside(root: &Path, url: &Url) -> PathBuf {
    let text = clean(url).to_string();
    let directory = text.rsplit_once('/').map_or("", |(directory, _)| directory);
    let relative = directory.replacen("://", "/", 1).replace([':', '\\'], "_");
    let mut path = root.to_owned();
    for component in Path::new(&relative).components() {
        if let Component::Normal(part) = component {
            path.push(part);
        }
    }
    path
}
