//! An entry of the pipeline cache: as it comes, and its parts in frames whose digests are right, which whoever
//! may write to a remote can give them.
#![no_main]

use larder_cache::archive::{OpenArchive, ReadLimits};
use larder_fuzz::cache::archive_of;
use larder_testkit::tree_of;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    unpack(bytes);
    unpack(&archive_of(bytes));
});

/// Unpacks into a directory; nothing may be made outside of it.
fn unpack(bytes: &[u8]) {
    let limits = ReadLimits {
        total_bytes: 4 << 20,
        entries: 1_000,
        ..ReadLimits::default()
    };
    let outside = larder_fuzz::directory();
    let root = outside.path().join("root");
    std::fs::create_dir(&root).expect("a directory");
    if let Ok(archive) = OpenArchive::open(bytes) {
        let _ = archive.extract(&[root], (2, &limits));
    }
    let strange = tree_of(outside.path())
        .into_iter()
        .find(|line| !line.contains("root"));
    assert_eq!(strange, None, "made outside");
}
