//! What a URL of a channel's index means.
//!
//! Judged by the path alone: names are fixed by CEP 16 and CEP 36.

use larder_digest::Sha256;
use url::Url;

/// What a URL of a channel's index means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An index that another form can stand in for: the shard index, `.zst`, `.bz2`.
    Optional,
    /// `repodata.json`: if this is missing, so is the subdir.
    Plain,
    /// A shard, named by the digest of its bytes.
    Shard(Sha256),
}

impl Kind {
    /// Nothing for URLs that are no index, such as packages.
    pub(crate) fn of(url: &Url) -> Option<Self> {
        let name = url.path().rsplit('/').next()?;
        match name {
            "repodata.json" => Some(Self::Plain),
            "repodata.json.zst" | "repodata.json.bz2" | "repodata_shards.msgpack.zst" => {
                Some(Self::Optional)
            }
            _ => {
                let digest = name.strip_suffix(".msgpack.zst")?;
                digest.parse().ok().map(Self::Shard)
            }
        }
    }
}

/// Whether the bytes at this URL are compressed with zstd.
pub(crate) fn is_zst(url: &Url) -> bool {
    url.path().ends_with(".zst")
}

/// Whether this is the index of shards.
pub(crate) fn is_shard_index(url: &Url) -> bool {
    url.path().ends_with("/repodata_shards.msgpack.zst")
}
