//! [`BytecodeBundles`]: bytecode in a CI cache, sealed with a secret.
//!
//! Format: `larder bytecode bundle 1\n`, 32 bytes of HMAC-SHA256 of the key's text and the rest, then zstd of: the length
//! of the head (8 bytes, little endian), the head (MessagePack), and the concatenated pyc files. Nothing is decompressed
//! or parsed before the seal was checked. The seal includes the key, so that one bundle cannot replace another.

use std::{fs, io, path::PathBuf};

use larder_event::Reporter;
use larder_fs::{Durability, PathContext as _, PathError, read_regular, write_atomic};
use larder_unpack::RelPath;
use serde::{Deserialize, Serialize};

use crate::{Bytecode, CacheSecret, Key, key::is_tag, secret::SEAL};

/// A directory of bundles and the secret that they are sealed with.
#[derive(Debug, Clone)]
pub struct Bundles {
    /// The directory. Created when the first bundle is written.
    pub directory: PathBuf,
    /// The key of the seals.
    pub secret: CacheSecret,
}

/// Content of a bundle with a correct seal.
pub(crate) struct Bundle {
    pub(crate) tag: String,
    pub(crate) skipped: Vec<RelPath>,
    lengths: Vec<(RelPath, usize)>,
    pycs: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Head {
    tag: String,
    skipped: Vec<RelPath>,
    files: Vec<(RelPath, u64)>,
}

const MAGIC: &[u8] = b"larder bytecode bundle 1\n";
const LENGTH: usize = 8;
/// Compression level. A bundle is written once and read by many jobs.
const LEVEL: i32 = 6;
/// Largest size of a bundle in bytes. Larger files are not read; no package has that much bytecode.
pub const BYTECODE_BUNDLE_BYTES: u64 = 1 << 30;

impl Bundles {
    /// Reads the bundle for `key`; `None` if there is none. A bundle with another seal is reported as a warning.
    pub(crate) fn read(&self, key: &Key, reporter: &dyn Reporter) -> Option<Bundle> {
        let path = self.path(key);
        let metadata = fs::symlink_metadata(&path).ok()?;
        let refuse = |reason: &str| {
            let text = format!(
                "bytecode in the cache is not used: `{}` {reason}",
                path.display()
            );
            reporter.warn("bytecode::refused", text);
            None
        };
        if !metadata.is_file() || metadata.len() > BYTECODE_BUNDLE_BYTES {
            return refuse("is no bundle");
        }
        let Ok(bytes) = read_regular(&path, BYTECODE_BUNDLE_BYTES) else {
            return refuse("cannot be read");
        };
        let Some(body) = self.unsealed(key, &bytes) else {
            return refuse("is not sealed with this secret");
        };
        decode(body).or_else(|| refuse("is of another version of larder"))
    }

    /// Writes or replaces a bundle. A failure is reported as a note, because the bytecode is only cached.
    pub(crate) fn write(&self, key: &Key, bytecode: &Bytecode, reporter: &dyn Reporter) {
        if let Err(error) = self.try_write(key, bytecode) {
            reporter.note(format!(
                "bytecode is not kept in the cache: {error}: {}",
                error.source
            ));
        }
    }

    fn try_write(&self, key: &Key, bytecode: &Bytecode) -> Result<(), PathError> {
        let path = self.path(key);
        let mut pycs = Vec::new();
        let mut files = Vec::with_capacity(bytecode.files.len());
        for file in &bytecode.files {
            let path = bytecode.root.join(bytecode.path(file));
            pycs.extend(fs::read(&path).at("read file", path)?);
            files.push((file.source.clone(), file.size()));
        }
        let head = Head {
            tag: bytecode.tag().to_owned(),
            skipped: bytecode.skipped.clone(),
            files,
        };
        let body = encode(&head, &pycs).at("encode", &path)?;
        let seal = self
            .secret
            .seal(&[MAGIC, key.to_string().as_bytes(), &body]);
        fs::create_dir_all(&self.directory).at("create directory", &self.directory)?;
        write_atomic(&path, &[MAGIC, &seal, &body].concat(), Durability::Lazy)
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.directory.join(key.to_string())
    }

    fn unsealed<'b>(&self, key: &Key, bytes: &'b [u8]) -> Option<&'b [u8]> {
        let (seal, body) = bytes.strip_prefix(MAGIC)?.split_at_checked(SEAL)?;
        let key = key.to_string();
        let is_ours = self.secret.is_seal_of(seal, &[MAGIC, key.as_bytes(), body]);
        is_ours.then_some(body)
    }
}

impl Bundle {
    pub(crate) fn files(&self) -> impl Iterator<Item = (&RelPath, &[u8])> {
        let mut rest = self.pycs.as_slice();
        self.lengths.iter().map(move |(source, length)| {
            let (pyc, later) = rest.split_at(*length);
            rest = later;
            (source, pyc)
        })
    }
}

fn encode(head: &Head, pycs: &[u8]) -> io::Result<Vec<u8>> {
    let head = rmp_serde::to_vec(head).map_err(io::Error::other)?;
    let length = (head.len() as u64).to_le_bytes();
    zstd::encode_all([&length[..], &head, pycs].concat().as_slice(), LEVEL)
}

fn decode(body: &[u8]) -> Option<Bundle> {
    let bytes = zstd::decode_all(body).ok()?;
    let (length, rest) = bytes.split_at_checked(LENGTH)?;
    let length = u64::from_le_bytes(length.try_into().ok()?);
    let (head, pycs) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    let head: Head = rmp_serde::from_slice(head).ok()?;
    let length = |(source, length): (RelPath, u64)| Some((source, usize::try_from(length).ok()?));
    let lengths: Vec<_> = head.files.into_iter().map(length).collect::<Option<_>>()?;
    let total: usize = lengths.iter().map(|(_, length)| length).sum();
    (is_tag(&head.tag) && total == pycs.len()).then(|| Bundle {
        tag: head.tag,
        skipped: head.skipped,
        lengths,
        pycs: pycs.to_vec(),
    })
}
