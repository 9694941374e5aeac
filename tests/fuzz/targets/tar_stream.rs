//! A tar stream as the package part of a `.conda` that is sound otherwise.
#![no_main]

use std::sync::LazyLock;

use larder_fuzz::Workshop;
use larder_testkit::{PackageBuilder, ZipMember, compress_zstd, zip};
use larder_unpack::ArchiveKind;
use libfuzzer_sys::fuzz_target;

static WORKSHOP: LazyLock<Workshop> = LazyLock::new(Workshop::default);
static MEMBERS: LazyLock<Vec<ZipMember>> = LazyLock::new(|| {
    PackageBuilder::new("p", "1", "0")
        .file("lib/data.txt", "data")
        .conda_members()
});

fuzz_target!(|bytes: &[u8]| {
    let members: Vec<ZipMember> = MEMBERS
        .iter()
        .map(|member| match member.name.starts_with("pkg-") {
            true => ZipMember::stored(member.name.clone(), compress_zstd(bytes)),
            false => member.clone(),
        })
        .collect();
    WORKSHOP.unpack(&zip(&members), ArchiveKind::Conda);
});
