//! The index beside a tree: its [`PackageInfo`], the boot it was made in, and a digest over all of
//! it, so that one that a power loss has torn counts as none.
//!
//! `larder tree 1\n`, 32 bytes of SHA-256 over the rest, then MessagePack. A reader of another version
//! makes the tree again.

use std::{fs, io, path::Path};

use larder_digest::Hasher;
use larder_fs::{Durability, PathContext as _, PathError};
use rattler_conda_types::{NoArchType, package::EntryPoint};
use serde::{Deserialize, Serialize};

use crate::{LinkScript, Listing, PackageInfo, PathEntry};

pub(super) struct IndexFile {
    /// The name of the directory that holds the package.
    pub(super) dist: String,
    pub(super) boot_id: Option<String>,
    /// Compared with its digests in a boot later than the one it was made in: a power loss can take
    /// nothing of it any more.
    pub(super) settled: bool,
    pub(super) info: PackageInfo,
}

const MAGIC: &[u8] = b"larder tree 1\n";
const DIGEST: usize = 32;
const NAME: &str = "index";

/// What is written; lists are borrowed when writing.
#[derive(Serialize)]
struct Written<'a> {
    dist: &'a str,
    boot_id: Option<&'a str>,
    settled: bool,
    index_json: &'a str,
    paths: &'a [PathEntry],
    listing: Listing,
    entry_points: &'a [EntryPoint],
    noarch: NoArchType,
    link_scripts: &'a [LinkScript],
}

#[derive(Deserialize)]
struct Read {
    dist: String,
    boot_id: Option<String>,
    settled: bool,
    index_json: String,
    paths: Vec<PathEntry>,
    listing: Listing,
    entry_points: Vec<EntryPoint>,
    noarch: NoArchType,
    link_scripts: Vec<LinkScript>,
}

impl IndexFile {
    /// Reads the index in `directory`; `None` if there is none that is whole and of this version.
    pub(super) fn read(directory: &Path) -> Result<Option<Self>, PathError> {
        let path = directory.join(NAME);
        match fs::read(&path) {
            Ok(bytes) => Ok(Self::decode(&bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).at("read file", path),
        }
    }

    /// Writes the index into `directory`. Not flushed: see the module of trees.
    pub(super) fn write(&self, directory: &Path) -> Result<(), PathError> {
        let path = directory.join(NAME);
        let bytes = self
            .encode()
            .map_err(io::Error::other)
            .at("encode the index", &path)?;
        larder_fs::write_atomic(&path, &bytes, Durability::Lazy)
    }

    fn encode(&self) -> Result<Vec<u8>, rmp_serde::encode::Error> {
        let info = &self.info;
        let payload = rmp_serde::to_vec(&Written {
            dist: &self.dist,
            boot_id: self.boot_id.as_deref(),
            settled: self.settled,
            index_json: &info.index_json,
            paths: &info.paths,
            listing: info.listing,
            entry_points: &info.entry_points,
            noarch: info.noarch,
            link_scripts: &info.link_scripts,
        })?;
        Ok([MAGIC, &digest(&payload), &payload].concat())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (expected, payload) = rest.split_at_checked(DIGEST)?;
        if digest(payload) != expected {
            return None;
        }
        let read: Read = rmp_serde::from_slice(payload).ok()?;
        Some(Self {
            dist: read.dist,
            boot_id: read.boot_id,
            settled: read.settled,
            info: PackageInfo {
                index: serde_json::from_str(&read.index_json).ok()?,
                index_json: read.index_json,
                paths: read.paths,
                listing: read.listing,
                entry_points: read.entry_points,
                noarch: read.noarch,
                link_scripts: read.link_scripts,
            },
        })
    }
}

fn digest(payload: &[u8]) -> [u8; DIGEST] {
    let mut hasher = Hasher::sha256();
    hasher.update(payload);
    *hasher.finish().sha256.as_bytes()
}
