//! A pack whose digest is known beforehand: hashed as it is read, compared when all of it was.

use std::io::{self, Read};

use larder_digest::{Hasher, Sha256};

use super::UnpackOperationError;

/// Hashes what is read through it, if there is something to compare with.
pub(super) struct PinnedReader<R> {
    inner: R,
    pin: Option<(Sha256, Hasher)>,
}

impl<R: Read> PinnedReader<R> {
    pub(super) fn new(inner: R, expected: Option<Sha256>) -> Self {
        let pin = expected.map(|expected| (expected, Hasher::sha256()));
        Self { inner, pin }
    }

    /// Compares, once the reader has been read to its end.
    pub(super) fn check(self) -> Result<(), UnpackOperationError> {
        let Some((expected, hasher)) = self.pin else {
            return Ok(());
        };
        let found = hasher.finish().sha256;
        if found == expected {
            Ok(())
        } else {
            Err(UnpackOperationError::Digest { expected, found })
        }
    }
}

impl<R: Read> Read for PinnedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        if let Some((_, hasher)) = &mut self.pin {
            hasher.update(&buffer[..count]);
        }
        Ok(count)
    }
}
