//! Random bytes and random changes to good archives: never a panic, never a file outside, and what is
//! accepted is whole.

use crate::support::Workshop;
use larder_testkit::{
    Format, PackageBuilder, RawEntry, ZipMember, compress_bz2, compress_zstd, tar, zip,
};
use proptest::prelude::*;

fn package() -> PackageBuilder {
    PackageBuilder::new("a", "1", "0")
        .file("share/x", "some text")
        .symlink("lib/l", "../share/x")
        .raw_entry("h", RawEntry::HardLink("share/x".into()))
}

fn survives(file_name: &str, bytes: &[u8]) -> Result<(), TestCaseError> {
    let workshop = Workshop::new();
    match workshop.create(file_name, bytes) {
        Ok(tree) => prop_assert_eq!(tree.verify().unwrap(), larder_unpack::Checkup::default()),
        Err(error) => prop_assert!(error.to_string().contains("a-1-0"), "{}", error),
    }
    prop_assert_eq!(workshop.leftovers(), [""; 0]);
    Ok(())
}

/// A fifth of what was asked for: each case makes and removes directories.
fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig {
        cases: default.cases.div_ceil(5),
        ..default
    }
}

#[derive(Debug, Clone)]
struct Change {
    at: prop::sample::Index,
    bytes: Vec<u8>,
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 1..4),
        Just(b"../".to_vec()),
        Just(b"/".to_vec()),
        Just(b"0000777\0".to_vec()),
        Just(vec![0; 512]),
    ];
    let change = (any::<prop::sample::Index>(), piece).prop_map(|(at, bytes)| Change { at, bytes });
    proptest::collection::vec(change, 1..4)
}

fn apply(mut target: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let at = change.at.index(target.len());
        let end = (at + change.bytes.len()).min(target.len());
        target[at..end].copy_from_slice(&change.bytes[..end - at]);
    }
    target
}

/// Makes each header's checksum right again, so that changes get past it.
fn mend(mut archive: Vec<u8>) -> Vec<u8> {
    for block in archive.as_chunks_mut::<512>().0 {
        let magic = &block[257..262];
        if magic == b"ustar" {
            let mut header = tar::Header::new_old();
            header.as_mut_bytes().copy_from_slice(block);
            header.set_cksum();
            block.copy_from_slice(header.as_bytes());
        }
    }
    archive
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        survives("a-1-0.conda", &bytes)?;
        survives("a-1-0.tar.bz2", &bytes)?;
        survives("a-1-0.tar.bz2", &compress_bz2(&bytes))?;
    }

    #[test]
    fn changed_containers(changes in changes(), cut in any::<prop::sample::Index>()) {
        for format in [Format::Conda, Format::TarBz2] {
            let built = package().build(format);
            let changed = apply(built.bytes.clone(), &changes);
            survives(&built.file_name, &changed)?;
            survives(&built.file_name, &built.bytes[..cut.index(built.bytes.len())])?;
        }
    }

    #[test]
    fn changed_tarballs(changes in changes()) {
        let changed = mend(apply(tar(&package().tar_entries()), &changes));
        survives("a-1-0.tar.bz2", &compress_bz2(&changed))?;
        let members: Vec<ZipMember> = package()
            .conda_members()
            .into_iter()
            .map(|member| {
                let entries = match &member.name[..4] {
                    "info" => package().info_entries(),
                    "pkg-" => package().package_entries(),
                    _ => return member,
                };
                let changed = mend(apply(tar(&entries), &changes));
                ZipMember::stored(member.name, compress_zstd(&changed))
            })
            .collect();
        survives("a-1-0.conda", &zip(&members))?;
    }

    #[test]
    fn random_entries(entries in proptest::collection::vec(
        ("(\\.\\.?/|/|)[ab]{1,2}(/[ab.]{1,2}){0,2}", 0_u8..5, "(\\.\\./|/|)[ab]{1,2}(/[ab.]{1,2}){0,2}"), 0..8,
    )) {
        let built = entries.into_iter().fold(package(), |package, (path, kind, target)| {
            let entry = match kind {
                0 => RawEntry::file(target),
                1 => RawEntry::Symlink(target),
                2 => RawEntry::HardLink(target),
                3 => RawEntry::Directory(0o755),
                _ => RawEntry::Fifo,
            };
            package.raw_entry(&path, entry)
        });
        for format in [Format::Conda, Format::TarBz2] {
            let built = built.clone().build(format);
            survives(&built.file_name, &built.bytes)?;
        }
    }
}
