use larder_digest::Sha256;
use larder_fs::Stamp;
use proptest::prelude::*;

use super::{decode, encode};
use crate::{FileMode, PathEntry, PathKind, Placeholder, RelPath};

fn kinds() -> impl Strategy<Value = PathKind> {
    prop_oneof![
        Just(PathKind::File),
        Just(PathKind::Softlink),
        Just(PathKind::Directory)
    ]
}

fn placeholders() -> impl Strategy<Value = Placeholder> {
    let modes = prop_oneof![Just(FileMode::Text), Just(FileMode::Binary)];
    ("/.{1,20}", modes).prop_map(|(text, mode)| Placeholder { text, mode })
}

fn stamps() -> impl Strategy<Value = Stamp> {
    let numbers = any::<(u64, i64, u32, u64, u32)>();
    numbers.prop_map(|(size, seconds, nanoseconds, inode, mode)| Stamp {
        size,
        seconds,
        nanoseconds,
        inode,
        mode,
    })
}

fn entries() -> impl Strategy<Value = (PathEntry, Option<Stamp>)> {
    let path = "[ab\u{e9}\u{1f600}]{1,3}(/[ab\u{e9}\u{ea}]{1,3}){0,3}";
    let sha256 = any::<[u8; 32]>().prop_map(Sha256::from_bytes);
    let parts = (
        path,
        kinds(),
        proptest::option::of(placeholders()),
        proptest::option::of(sha256),
        proptest::option::of(".{0,10}"),
        any::<(bool, bool, u64)>(),
    );
    let entry = parts.prop_map(
        |(path, kind, prefix, sha256, link_target, (no_link, executable, size))| PathEntry {
            path: RelPath::try_from(path).unwrap(),
            kind,
            prefix,
            no_link,
            sha256,
            size,
            executable,
            link_target,
        },
    );
    (entry, proptest::option::of(stamps()))
}

proptest! {
    #[test]
    fn what_is_written_is_read(list in proptest::collection::vec(entries(), 0..20)) {
        let (paths, stamps): (Vec<_>, Vec<_>) = list.into_iter().unzip();
        let bytes = encode(&paths, &stamps);
        prop_assert_eq!(decode(&bytes), Some((paths, stamps)));
        prop_assert_eq!(decode(&bytes[..bytes.len() - 1]), None);
        let longer = [bytes.as_slice(), &[0]].concat();
        prop_assert_eq!(decode(&longer), None);
    }

    #[test]
    fn other_bytes_are_no_list_or_some_list(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        decode(&bytes);
    }

    #[test]
    fn a_changed_byte_never_panics(
        list in proptest::collection::vec(entries(), 1..8),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let (paths, stamps): (Vec<_>, Vec<_>) = list.into_iter().unzip();
        let mut bytes = encode(&paths, &stamps);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        decode(&bytes);
    }
}

#[test]
fn a_number_that_lies_takes_no_memory() {
    assert_eq!(decode(&u32::MAX.to_le_bytes()), None);
}
