//! How large an index may be, as it arrives and unpacked.
//!
//! A channel is not trusted with memory: 131 KB of zstd can stand for 4 GiB. Compressed data is unpacked into
//! a counter before anything keeps it, and unpacking ends at the limit.

use std::io::{self, Read, Write};

use url::Url;

/// The most bytes of one kind of file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SizeLimit {
    /// As it arrives.
    pub(crate) body: u64,
    /// Unpacked.
    pub(crate) unpacked: u64,
}

/// A shard. The largest of conda-forge have 0.5 MB, and 5 MB unpacked.
pub(crate) const SHARD: SizeLimit = SizeLimit {
    body: 16 << 20,
    unpacked: 64 << 20,
};

/// The index of shards. That of conda-forge for linux-64 has 1 MB.
pub(crate) const SHARD_INDEX: SizeLimit = SizeLimit {
    body: 32 << 20,
    unpacked: 64 << 20,
};

/// `repodata.json` in any form. That of conda-forge for linux-64 has 50 MB, and 400 MB unpacked.
pub(crate) const REPODATA: SizeLimit = SizeLimit {
    body: 1 << 30,
    unpacked: 1 << 30,
};

/// The largest file that the cache keeps: an index with its line.
pub(crate) const MOST_KEPT_BYTES: u64 = REPODATA.body + (64 << 10);

/// How many times its size compressed data may have when it is unpacked. Records have digests, which do not
/// compress: real indexes stay below 20.
const LARGEST_RATIO: u64 = 100;

/// Less than this is unpacked whatever the ratio.
const SMALL: u64 = 16 << 20;

/// What is wrong with compressed data.
#[derive(Debug)]
pub(crate) enum UnpackError {
    /// It is not what its name says.
    Damaged(io::Error),
    /// It would have more bytes than this.
    TooLarge(u64),
}

impl SizeLimit {
    /// The most bytes that `body` may unpack to.
    fn of_body(self, body: &[u8]) -> u64 {
        let ratio = (body.len() as u64).saturating_mul(LARGEST_RATIO);
        self.unpacked.min(ratio.max(SMALL))
    }

    /// Unpacks the body of `url` into `sink`, as its name says it is packed.
    pub(crate) fn unpack(
        self,
        url: &Url,
        body: &[u8],
        sink: &mut dyn Write,
    ) -> Result<(), UnpackError> {
        let limit = self.of_body(body);
        let path = url.path();
        if path.ends_with(".zst") {
            let decoder = zstd::Decoder::new(body).map_err(UnpackError::Damaged)?;
            return copy(decoder, limit, sink);
        }
        if path.ends_with(".bz2") {
            return copy(bzip2::read::MultiBzDecoder::new(body), limit, sink);
        }
        copy(body, self.unpacked, sink)
    }
}

fn copy(mut source: impl Read, limit: u64, sink: &mut dyn Write) -> Result<(), UnpackError> {
    let mut bounded = (&mut source).take(limit);
    io::copy(&mut bounded, sink).map_err(UnpackError::Damaged)?;
    // One byte more tells a file of just this size from a larger one.
    let mut more = [0];
    match source.read(&mut more) {
        Ok(0) => Ok(()),
        Ok(_) => Err(UnpackError::TooLarge(limit)),
        Err(error) => Err(UnpackError::Damaged(error)),
    }
}
