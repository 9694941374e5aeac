//! The index beside a tree: its [`PackageInfo`], the stamps of its files, the boot it was made in, and a
//! digest over all of it, so that one that a power loss has torn counts as none.
//!
//! `larder tree 3\n`, 32 bytes of SHA-256 over the rest, the length of what comes first (4 bytes, little
//! endian), MessagePack without the paths, then the paths (`paths_codec`). A reader of another version makes
//! the tree again.

use std::{
    io,
    path::{Component, Path},
};

use larder_digest::Hasher;
use larder_fs::{Durability, PathContext as _, PathError, RootedDir, Stamp};
use rattler_conda_types::{NoArchType, package::EntryPoint};
use serde::{Deserialize, Serialize};

use super::{Tree, paths_codec};
use crate::{LinkScript, Listing, PackageInfo};

pub(super) struct IndexFile {
    /// The name of the directory that holds the package.
    pub(super) dist: String,
    /// The boot in which the tree was made or, later, compared with its digests.
    pub(super) boot_id: Option<String>,
    pub(super) info: PackageInfo,
    /// As in [`super::Tree::stamps`].
    pub(super) stamps: Vec<Option<Stamp>>,
}

/// What is there in an index's place.
pub(super) enum Found {
    Whole(Box<IndexFile>),
    /// One that another version of larder wrote.
    Foreign,
    /// None, or not what larder wrote.
    Damaged,
}

const FAMILY: &[u8] = b"larder tree ";
const MAGIC: &[u8] = b"larder tree 3\n";
const DIGEST: usize = 32;
/// The index of a package of 100,000 files has 15 MB.
const LARGEST: u64 = 256 << 20;

/// What is written; lists are borrowed when writing.
#[derive(Serialize)]
struct Written<'a> {
    dist: &'a str,
    boot_id: Option<&'a str>,
    index_json: &'a str,
    listing: Listing,
    entry_points: &'a [EntryPoint],
    noarch: NoArchType,
    link_scripts: &'a [LinkScript],
}

#[derive(Deserialize)]
struct Read {
    dist: String,
    boot_id: Option<String>,
    index_json: String,
    listing: Listing,
    entry_points: Vec<EntryPoint>,
    noarch: NoArchType,
    link_scripts: Vec<LinkScript>,
}

impl IndexFile {
    pub(super) const NAME: &'static str = "index";

    /// The tree that it describes, which is below `directory`.
    pub(super) fn into_tree(self, directory: &Path) -> Tree {
        Tree {
            root: directory.join(&self.dist),
            info: self.info,
            stamps: self.stamps,
        }
    }

    /// Reads the index in `directory`.
    pub(super) fn read(directory: &Path) -> Result<Found, PathError> {
        let path = directory.join(Self::NAME);
        // `<root>/ab/<sha256>/index`: none of these may be a link.
        let root = RootedDir::new(directory.ancestors().nth(2).unwrap_or(directory));
        match root.read(&path, LARGEST) {
            Ok(bytes) => Ok(match Self::decode(&bytes) {
                Some(index) => Found::Whole(Box::new(index)),
                None if bytes.starts_with(FAMILY) && !bytes.starts_with(MAGIC) => Found::Foreign,
                None => Found::Damaged,
            }),
            Err(error) if is_no_file(&error) => Ok(Found::Damaged),
            Err(error) => Err(error),
        }
    }

    /// Writes the index into `directory`. Not flushed: see the module of trees.
    pub(super) fn write(&self, directory: &Path) -> Result<(), PathError> {
        let path = directory.join(Self::NAME);
        let bytes = self
            .encode()
            .map_err(io::Error::other)
            .at("encode the index", &path)?;
        larder_fs::write_atomic(&path, &bytes, Durability::Lazy)
    }

    fn encode(&self) -> Result<Vec<u8>, rmp_serde::encode::Error> {
        let info = &self.info;
        let head = rmp_serde::to_vec(&Written {
            dist: &self.dist,
            boot_id: self.boot_id.as_deref(),
            index_json: &info.index_json,
            listing: info.listing,
            entry_points: &info.entry_points,
            noarch: info.noarch,
            link_scripts: &info.link_scripts,
        })?;
        // A head of 4 GiB is none.
        let length = u32::try_from(head.len()).unwrap_or(u32::MAX).to_le_bytes();
        let paths = paths_codec::encode(&info.paths, &self.stamps);
        let payload = [length.as_slice(), &head, &paths].concat();
        Ok([MAGIC, &digest(&payload), &payload].concat())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (expected, payload) = rest.split_at_checked(DIGEST)?;
        if digest(payload) != expected {
            return None;
        }
        let (length, payload) = payload.split_first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (head, paths) = payload.split_at_checked(length)?;
        let read: Read = rmp_serde::from_slice(head).ok()?;
        let (paths, stamps) = paths_codec::decode(paths)?;
        // The name of a directory beside the index: another path would have files of anywhere linked.
        let mut names = Path::new(&read.dist).components();
        if !matches!(
            (names.next(), names.next()),
            (Some(Component::Normal(_)), None)
        ) {
            return None;
        }
        Some(Self {
            dist: read.dist,
            boot_id: read.boot_id,
            info: PackageInfo {
                index: serde_json::from_str(&read.index_json).ok()?,
                index_json: read.index_json,
                paths,
                listing: read.listing,
                entry_points: read.entry_points,
                noarch: read.noarch,
                link_scripts: read.link_scripts,
            },
            stamps,
        })
    }
}

fn is_no_file(error: &PathError) -> bool {
    use io::ErrorKind::{InvalidData, IsADirectory, NotADirectory, NotFound, PermissionDenied};
    let kind = error.kind();
    matches!(
        kind,
        NotFound | NotADirectory | IsADirectory | PermissionDenied | InvalidData
    )
}

fn digest(payload: &[u8]) -> [u8; DIGEST] {
    let mut hasher = Hasher::sha256();
    hasher.update(payload);
    *hasher.finish().sha256.as_bytes()
}
