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

use crate::{Bytecode, BytecodeKey, CacheSecret, key::is_valid_cache_tag, secret::SEAL_BYTES};

/// A directory of bundles and the secret that they are sealed with.
#[derive(Debug, Clone)]
pub struct BytecodeBundles {
    /// The directory. Created when the first bundle is written.
    pub directory: PathBuf,
    /// The key of the seals.
    pub secret: CacheSecret,
}

/// Content of a bundle with a correct seal.
pub(crate) struct BytecodeBundle {
    pub(crate) tag: String,
    pub(crate) skipped: Vec<RelPath>,
    lengths: Vec<(RelPath, usize)>,
    pycs: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct BundleHead {
    tag: String,
    skipped: Vec<RelPath>,
    files: Vec<(RelPath, u64)>,
}

const MAGIC: &[u8] = b"larder bytecode bundle 1\n";
const LENGTH_BYTES: usize = 8;
/// Compression level. A bundle is written once and read by many jobs.
const ZSTD_LEVEL: i32 = 6;
/// Largest size of a bundle in bytes. Larger files are not read; no package has that much bytecode.
pub const BYTECODE_BUNDLE_BYTES: u64 = 1 << 30;

impl BytecodeBundles {
    /// Reads the bundle for `key`; `None` if there is none. A bundle with another seal is reported as a warning.
    pub(crate) fn read_bundle(
        &self,
        key: &BytecodeKey,
        reporter: &dyn Reporter,
    ) -> Option<BytecodeBundle> {
        let path = self.bundle_path(key);
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
        let Some(body) = self.check_seal(key, &bytes) else {
            return refuse("is not sealed with this secret");
        };
        decode_bundle(body).or_else(|| refuse("is of another version of larder"))
    }

    /// Writes or replaces a bundle. A failure is reported as a note, because the bytecode is only cached.
    pub(crate) fn write_bundle(
        &self,
        key: &BytecodeKey,
        bytecode: &Bytecode,
        reporter: &dyn Reporter,
    ) {
        if let Err(error) = self.try_write(key, bytecode) {
            reporter.note(format!(
                "bytecode is not kept in the cache: {error}: {}",
                error.source
            ));
        }
    }

    fn try_write(&self, key: &BytecodeKey, bytecode: &Bytecode) -> Result<(), PathError> {
        let path = self.bundle_path(key);
        let mut pycs = Vec::new();
        let mut files = Vec::with_capacity(bytecode.files.len());
        for file in &bytecode.files {
            let path = bytecode.root.join(bytecode.pyc_path_of(file));
            pycs.extend(fs::read(&path).at("read file", path)?);
            files.push((file.source.clone(), file.size()));
        }
        let head = BundleHead {
            tag: bytecode.tag().to_owned(),
            skipped: bytecode.skipped.clone(),
            files,
        };
        let body = encode_bundle(&head, &pycs).at("encode", &path)?;
        let seal = self
            .secret
            .seal(&[MAGIC, key.to_string().as_bytes(), &body]);
        fs::create_dir_all(&self.directory).at("create directory", &self.directory)?;
        write_atomic(&path, &[MAGIC, &seal, &body].concat(), Durability::Lazy)
    }

    fn bundle_path(&self, key: &BytecodeKey) -> PathBuf {
        self.directory.join(key.to_string())
    }

    fn check_seal<'b>(&self, key: &BytecodeKey, bytes: &'b [u8]) -> Option<&'b [u8]> {
        let (seal, body) = bytes.strip_prefix(MAGIC)?.split_at_checked(SEAL_BYTES)?;
        let key = key.to_string();
        let is_ours = self.secret.is_seal_of(seal, &[MAGIC, key.as_bytes(), body]);
        is_ours.then_some(body)
    }
}

impl BytecodeBundle {
    pub(crate) fn files(&self) -> impl Iterator<Item = (&RelPath, &[u8])> {
        let mut rest = self.pycs.as_slice();
        self.lengths.iter().map(move |(source, length)| {
            let (pyc, later) = rest.split_at(*length);
            rest = later;
            (source, pyc)
        })
    }
}

fn encode_bundle(head: &BundleHead, pycs: &[u8]) -> io::Result<Vec<u8>> {
    let head = rmp_serde::to_vec(head).map_err(io::Error::other)?;
    let length = (head.len() as u64).to_le_bytes();
    zstd::encode_all([&length[..], &head, pycs].concat().as_slice(), ZSTD_LEVEL)
}

fn decode_bundle(body: &[u8]) -> Option<BytecodeBundle> {
    let bytes = zstd::decode_all(body).ok()?;
    let (length, rest) = bytes.split_at_checked(LENGTH_BYTES)?;
    let length = u64::from_le_bytes(length.try_into().ok()?);
    let (head, pycs) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    let head: BundleHead = rmp_serde::from_slice(head).ok()?;
    let length = |(source, length): (RelPath, u64)| Some((source, usize::try_from(length).ok()?));
    let lengths: Vec<_> = head.files.into_iter().map(length).collect::<Option<_>>()?;
    let total: usize = lengths.iter().map(|(_, length)| length).sum();
    (is_valid_cache_tag(&head.tag) && total == pycs.len()).then(|| BytecodeBundle {
        tag: head.tag,
        skipped: head.skipped,
        lengths,
        pycs: pycs.to_vec(),
    })
}
