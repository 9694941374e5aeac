//! The two archive formats of CEP 35, put together from tar entries.
//!
//! Also the loose parts ([`conda_members`], [`metadata_json`], the compressors), from which a test
//! makes archives that break the rules. Nothing here looks at what the entries mean.

use std::io::Write;

use crate::must;
use crate::tarball::{RawEntry, write_tar};
use crate::zipfile::{ZipMember, zip};

/// The modification time of every entry of every archive: 2023-11-14T22:13:20Z in Unix seconds.
pub const DEFAULT_MTIME: u64 = 1_700_000_000;

const ZSTD_LEVEL: i32 = 3;

/// Compresses with zstandard.
pub fn compress_zstd(bytes: &[u8]) -> Vec<u8> {
    must(
        zstd::encode_all(bytes, ZSTD_LEVEL),
        "compress with zstandard",
    )
}

/// Compresses with bzip2.
pub fn compress_bz2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    must(encoder.write_all(bytes), "compress with bzip2");
    must(encoder.finish(), "compress with bzip2")
}

/// The content of `metadata.json` for this version of the `.conda` format (2 is the valid one).
pub fn metadata_json(version: u64) -> Vec<u8> {
    format!("{{\"conda_pkg_format_version\": {version}}}").into_bytes()
}

/// The three members of a `.conda` archive in the order that conda-package-handling writes
/// (metadata, package, info). `stem` is `name-version-build`.
pub fn conda_members(
    stem: &str,
    info: &[(String, RawEntry)],
    package: &[(String, RawEntry)],
) -> Vec<ZipMember> {
    vec![
        ZipMember::stored("metadata.json", metadata_json(2)),
        ZipMember::stored(format!("pkg-{stem}.tar.zst"), tar_zst(package)),
        ZipMember::stored(format!("info-{stem}.tar.zst"), tar_zst(info)),
    ]
}

/// A `.conda` archive of these entries. `stem` is `name-version-build`.
pub fn conda_archive(
    stem: &str,
    info: &[(String, RawEntry)],
    package: &[(String, RawEntry)],
) -> Vec<u8> {
    zip(&conda_members(stem, info, package))
}

/// A `.tar.bz2` archive of these entries.
pub fn tar_bz2_archive(entries: &[(String, RawEntry)]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    write_tar(entries, &mut encoder);
    must(encoder.finish(), "compress with bzip2")
}

fn tar_zst(entries: &[(String, RawEntry)]) -> Vec<u8> {
    let mut encoder = must(
        zstd::Encoder::new(Vec::new(), ZSTD_LEVEL),
        "compress with zstandard",
    );
    write_tar(entries, &mut encoder);
    must(encoder.finish(), "compress with zstandard")
}
