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

/// Bytes of a shard as it arrives. The largest of conda-forge have some 0.5 MB.
pub const SHARD_BYTES: u64 = 16 << 20;
/// Bytes of a shard unpacked.
pub const SHARD_UNPACKED_BYTES: u64 = 64 << 20;
/// Bytes of the index of shards as it arrives. That of conda-forge for linux-64 has some 1 MB.
pub const SHARD_INDEX_BYTES: u64 = 32 << 20;
/// Bytes of the index of shards unpacked.
pub const SHARD_INDEX_UNPACKED_BYTES: u64 = 64 << 20;
/// Bytes of `repodata.json` in any form, as it arrives and unpacked. That of conda-forge for linux-64 has some 50 MB
/// compressed and 400 MB unpacked.
pub const REPODATA_BYTES: u64 = 1 << 30;
/// How many times its size compressed data may have when it is unpacked. Records have digests, which do not
/// compress, so real indexes stay far below.
pub const UNPACK_RATIO: u64 = 100;
/// Bytes that compressed data may have unpacked whatever the ratio.
pub const UNPACK_RATIO_FLOOR: u64 = 16 << 20;

pub(crate) const SHARD: SizeLimit = SizeLimit {
    body: SHARD_BYTES,
    unpacked: SHARD_UNPACKED_BYTES,
};
pub(crate) const SHARD_INDEX: SizeLimit = SizeLimit {
    body: SHARD_INDEX_BYTES,
    unpacked: SHARD_INDEX_UNPACKED_BYTES,
};
pub(crate) const REPODATA: SizeLimit = SizeLimit {
    body: REPODATA_BYTES,
    unpacked: REPODATA_BYTES,
};

/// The largest file that the cache keeps: an index with its line.
pub(crate) const MOST_KEPT_BYTES: u64 = REPODATA.body + (64 << 10);

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
        let ratio = (body.len() as u64).saturating_mul(UNPACK_RATIO);
        self.unpacked.min(ratio.max(UNPACK_RATIO_FLOOR))
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
