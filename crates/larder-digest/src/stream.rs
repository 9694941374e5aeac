//! Hashing bytes as they are read or written.

use std::io::{self, Read, Write};

use md5::{Digest as _, Md5 as Md5State};
use sha2::Sha256 as Sha256State;

use crate::{Checksum, Md5, Sha256};

/// Digests and size of a stream of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digests {
    /// SHA-256 of all bytes.
    pub sha256: Sha256,
    /// MD5 of all bytes, if it was computed.
    pub md5: Option<Md5>,
    /// Number of bytes.
    pub size: u64,
}

/// An incremental hasher. Computing MD5 takes three times as long as SHA-256, so it is optional.
#[derive(Clone, Default)]
pub struct Hasher {
    sha256: Sha256State,
    md5: Option<Md5State>,
    size: u64,
}

impl Hasher {
    /// Computes only SHA-256.
    pub fn sha256() -> Self {
        Self::default()
    }

    /// Computes SHA-256, and also MD5 if `checksum` is one.
    pub fn for_checksum(checksum: Option<&Checksum>) -> Self {
        let md5 = matches!(checksum, Some(Checksum::Md5(_))).then(Md5State::default);
        Self {
            md5,
            ..Self::default()
        }
    }

    /// Computes SHA-256 and MD5, for lock files.
    pub fn both() -> Self {
        Self {
            md5: Some(Md5State::default()),
            ..Self::default()
        }
    }

    /// Hashes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        if let Some(md5) = &mut self.md5 {
            md5.update(bytes);
        }
        self.size += bytes.len() as u64;
    }

    /// Returns the digests of all bytes.
    pub fn finish(self) -> Digests {
        Digests {
            sha256: Sha256::from_bytes(self.sha256.finalize().into()),
            md5: self.md5.map(|md5| Md5::from_bytes(md5.finalize().into())),
            size: self.size,
        }
    }
}

impl Sha256 {
    /// Computes the digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self::from_bytes(Sha256State::digest(bytes).into())
    }
}

impl Md5 {
    /// Computes the digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self::from_bytes(Md5State::digest(bytes).into())
    }
}

/// A reader that hashes the bytes read through it.
pub struct HashingReader<R> {
    inner: R,
    hasher: Hasher,
}

impl<R: Read> HashingReader<R> {
    /// Reads from `inner`, hashing with `hasher`.
    pub fn new(inner: R, hasher: Hasher) -> Self {
        Self { inner, hasher }
    }

    /// Returns the inner reader and the digests of the bytes read so far.
    pub fn finish(self) -> (R, Digests) {
        (self.inner, self.hasher.finish())
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        Ok(count)
    }
}

/// A writer that hashes the bytes written through it.
pub struct HashingWriter<W> {
    inner: W,
    hasher: Hasher,
}

impl<W: Write> HashingWriter<W> {
    /// Writes to `inner`, hashing with `hasher`.
    pub fn new(inner: W, hasher: Hasher) -> Self {
        Self { inner, hasher }
    }

    /// Returns the inner writer and the digests of the bytes written. Does not flush the inner writer.
    pub fn finish(self) -> (W, Digests) {
        (self.inner, self.hasher.finish())
    }
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
