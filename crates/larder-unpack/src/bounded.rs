//! A reader that stops a decompression bomb while it goes off.
//!
//! It counts what comes out of a decoder, so no header has to be believed.

use std::io::{self, Read};

use crate::{LimitKind, Limits};

/// The bound that was broken, carried through [`io::Error`].
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("more than {limit} {kind}")]
pub(crate) struct LimitExceeded {
    pub(crate) kind: LimitKind,
    pub(crate) limit: u64,
}

impl LimitExceeded {
    /// The bound in an error that came through [`Bounded`], if that is what it is.
    pub(crate) fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}

pub(crate) struct Bounded<R> {
    inner: R,
    /// Bytes that other tarballs of this archive gave before.
    before: u64,
    read: u64,
    compressed: u64,
    total_limit: u64,
    ratio_limit: u64,
}

impl<R: Read> Bounded<R> {
    /// Reads a decoder of `compressed` bytes, after `before` bytes of the same archive.
    pub(crate) fn new(inner: R, compressed: u64, before: u64, limits: &Limits) -> Self {
        Self {
            inner,
            before,
            read: 0,
            compressed: compressed.max(1),
            total_limit: limits.total_bytes,
            ratio_limit: limits.ratio,
        }
    }

    /// Bytes so far, those before included.
    pub(crate) fn total(&self) -> u64 {
        self.before + self.read
    }

    fn exceeded(&self) -> Option<LimitExceeded> {
        if self.total() > self.total_limit {
            return Some(LimitExceeded {
                kind: LimitKind::TotalBytes,
                limit: self.total_limit,
            });
        }
        let is_bomb =
            self.read > Limits::RATIO_FLOOR && self.read / self.compressed >= self.ratio_limit;
        is_bomb.then_some(LimitExceeded {
            kind: LimitKind::Ratio,
            limit: self.ratio_limit,
        })
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read += count as u64;
        match self.exceeded() {
            Some(limit) => Err(io::Error::other(limit)),
            None => Ok(count),
        }
    }
}
