//! index.json, paths.json, link.json and the legacy files of an archive, divided by NUL bytes.
#![no_main]

use std::sync::LazyLock;

use larder_fuzz::Workshop;
use larder_testkit::{Format, PackageBuilder};
use larder_unpack::ArchiveKind;
use libfuzzer_sys::fuzz_target;

static WORKSHOP: LazyLock<Workshop> = LazyLock::new(Workshop::default);
const FILES: [&str; 6] = [
    "info/paths.json",
    "info/link.json",
    "info/index.json",
    "info/has_prefix",
    "info/no_link",
    "info/files",
];

fuzz_target!(|bytes: &[u8]| {
    let package = PackageBuilder::new("p", "1", "0")
        .file("lib/data.txt", "data")
        .executable("bin/tool", "#!/bin/sh\n")
        .symlink("lib/link", "data.txt");
    let parts = bytes.split(|byte| *byte == 0);
    let package = FILES.iter().zip(parts).fold(package, |package, (file, part)| match part {
        [] => package,
        b"-" => package.without_info_file(file),
        part => package.info_file(file, part),
    });
    WORKSHOP.unpack(&package.build(Format::Conda).bytes, ArchiveKind::Conda);
});
