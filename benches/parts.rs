//! The parts of a run that compute, each alone: `cargo bench -p larder --bench parts`.
//!
//! Whole runs beside their peers are `ci/bench`; this is where a change of one part shows first.
#![expect(clippy::unwrap_used, reason = "inputs that are made here")]

use std::io::Write as _;

use divan::{Bencher, counter::BytesCount, counter::ItemsCount};
use larder_digest::Hasher;
use larder_lock::LockFile;
use larder_manifest::{Manifest, NoLookup};
use larder_testkit::{Format, PackageBuilder};
use larder_unpack::{Archive, ArchiveKind, EntryKind, Limits, UnpackError};

fn main() {
    divan::main();
}

/// Bytes that compress about as programs do, the same each time.
fn content(seed: usize, length: usize) -> Vec<u8> {
    let mut state = seed as u32 | 1;
    let mut byte = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        b"etaoin shrdlu\0\0\0\x89"[(state >> 28) as usize]
    };
    (0..length).map(|_| byte()).collect()
}

#[divan::bench(args = [4 << 10, 16 << 20])]
fn sha256(bencher: Bencher<'_, '_>, length: usize) {
    let bytes = content(1, length);
    bencher.counter(BytesCount::new(length)).bench(|| {
        let mut hasher = Hasher::sha256();
        hasher.update(&bytes);
        hasher.finish()
    });
}

/// An archive of 500 files of 20 KiB, decoded, guarded and read to its end.
#[divan::bench(args = [ArchiveKind::Conda, ArchiveKind::TarBz2])]
fn archive(bencher: Bencher<'_, '_>, kind: ArchiveKind) {
    let (file, length) = archive_of(kind);
    bencher.counter(BytesCount::new(length)).bench(|| {
        let copy = file.reopen().unwrap();
        let mut archive = Archive::new(copy, kind, "p-1-0", Limits::default()).unwrap();
        let mut read = 0;
        let visited = archive.for_each_entry(|entry| {
            if let EntryKind::File { .. } = entry.kind {
                loop {
                    let count = entry.reader.fill_buf().unwrap().len();
                    if count == 0 {
                        break;
                    }
                    read += count;
                    entry.reader.consume(count);
                }
            }
            Ok::<_, UnpackError>(())
        });
        visited.unwrap();
        read
    });
}

fn archive_of(kind: ArchiveKind) -> (tempfile::NamedTempFile, usize) {
    let mut package = PackageBuilder::new("p", "1", "0");
    let (files, length) = (500, 20 << 10);
    for index in 0..files {
        package = package.file(
            &format!("lib/{}/{index}", index / 50),
            content(index, length),
        );
    }
    let format = match kind {
        ArchiveKind::Conda => Format::Conda,
        ArchiveKind::TarBz2 => Format::TarBz2,
    };
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&package.build(format).bytes).unwrap();
    (file, files * length)
}

#[divan::bench(args = [100, 1000])]
fn manifest(bencher: Bencher<'_, '_>, count: usize) {
    let lines: String = (0..count)
        .map(|index| format!("  - package-{index} >=1.{index},<2  # pinned\n"))
        .collect();
    let text = format!("name: parts\nchannels: [conda-forge]\ndependencies:\n{lines}");
    bencher
        .counter(ItemsCount::new(count))
        .bench(|| Manifest::parse("environment.yml", text.as_bytes(), &NoLookup).unwrap());
}

#[divan::bench(args = [100, 1000])]
fn lock(bencher: Bencher<'_, '_>, count: usize) {
    let text = lock_of(count);
    bencher
        .counter(ItemsCount::new(count))
        .bench(|| LockFile::parse("conda-lock.yml", &text).unwrap());
}

#[divan::bench(args = [100, 1000])]
fn lock_text(bencher: Bencher<'_, '_>, count: usize) {
    let lock = LockFile::parse("conda-lock.yml", &lock_of(count)).unwrap();
    bencher
        .counter(ItemsCount::new(count))
        .bench(|| lock.to_yaml());
}

fn lock_of(count: usize) -> String {
    let packages: String = (0..count)
        .map(|index| {
            format!(
                "- name: package-{index}\n  version: 1.{index}\n  manager: conda\n  platform: linux-64\n  dependencies:\n    python: '>=3.11,<3.12'\n    libzlib: '>=1.3'\n  url: https://conda.anaconda.org/conda-forge/linux-64/package-{index}-1.{index}-h0_0.conda\n  hash:\n    md5: {index:032x}\n    sha256: {index:064x}\n  category: main\n  optional: false\n"
            )
        })
        .collect();
    format!(
        "version: 1\nmetadata:\n  content_hash:\n    linux-64: {:064x}\n  channels:\n  - url: https://conda.anaconda.org/conda-forge/\n    used_env_vars: []\n  platforms:\n  - linux-64\n  sources:\n  - environment.yml\npackage:\n{packages}",
        1
    )
}
