//! Archives: what goes in comes out, tar reads them, damage is found.

use std::{
    fs,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use larder_cache::archive::{
    ArchiveError, Extracted, Head, OpenArchive, ReadLimits, WriteOptions, Written, write,
};
use proptest::prelude::*;

use crate::snapshot::{Seen, snapshot};

pub(crate) fn head(roots: usize) -> Head {
    Head {
        key: "a | key".into(),
        version: "one".into(),
        paths: (0..roots).map(|root| format!("path-{root}")).collect(),
    }
}

pub(crate) fn pack(roots: &[PathBuf], threads: usize) -> (Vec<u8>, Written) {
    let options = WriteOptions { threads, level: 1 };
    let mut bytes = Vec::new();
    let written = write(roots, &head(roots.len()), &options, &mut |piece| {
        bytes.write_all(&piece)
    });
    (bytes, written.unwrap())
}

pub(crate) fn unpack(bytes: &[u8], roots: &[PathBuf]) -> Result<Extracted, ArchiveError> {
    for root in roots {
        fs::create_dir_all(root).unwrap();
    }
    OpenArchive::open(bytes)?.extract(roots, (2, &ReadLimits::default()))
}

fn set_modified(path: &Path, seconds: u64, nanoseconds: u32) {
    let time = std::time::UNIX_EPOCH + std::time::Duration::new(seconds, nanoseconds);
    fs::File::open(path).unwrap().set_modified(time).unwrap();
}

/// A tree with everything that is kept.
#[cfg(unix)]
fn rich_tree(root: &Path) {
    use std::os::unix::{
        ffi::OsStrExt as _,
        fs::{PermissionsExt as _, symlink},
    };

    fs::create_dir_all(root.join("empty/below")).unwrap();
    fs::create_dir_all(root.join("sub/deep")).unwrap();
    let long = "long-name-".repeat(12);
    for (name, bytes) in [
        ("a", &b"text"[..]),
        ("sub/none", b""),
        ("sub/block", &[1; 512]),
        ("sub/deep/\u{fc}n\u{ef} \u{1f980}", b"unicode"),
        (&long, b"long"),
    ] {
        fs::write(root.join(name), bytes).unwrap();
    }
    let strange = std::ffi::OsStr::from_bytes(b"not\xff\xfe-text\n\\");
    fs::write(root.join(strange), "bytes").unwrap();
    let noise: Vec<u8> = (0..9_500_000_u32)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    fs::write(root.join("sub/large"), &noise).unwrap();
    let sparse = fs::File::create(root.join("sparse")).unwrap();
    sparse.set_len(20_000_000).unwrap();
    fs::hard_link(root.join("a"), root.join("sub/a-again")).unwrap();
    fs::hard_link(root.join("sub/large"), root.join("large-again")).unwrap();
    symlink("a", root.join("link")).unwrap();
    symlink("/nowhere/at/all", root.join("sub/dangling")).unwrap();
    symlink("deep", root.join("sub/to-directory")).unwrap();
    symlink("x".repeat(180), root.join("long-link")).unwrap();
    for (name, mode) in [
        ("a", 0o444),
        ("sub/none", 0o751),
        ("sub/block", 0o666),
        ("sub/deep", 0o711),
    ] {
        fs::set_permissions(root.join(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    set_modified(&root.join("a"), 1_700_000_000, 123_456_789);
    set_modified(&root.join("sub/large"), 1_600_000_000, 5);
    set_modified(&root.join("sub/block"), 0, 0);
    set_modified(&root.join("empty/below"), 1_500_000_000, 999_999_999);
    set_modified(&root.join("sub"), 1_400_000_000, 1);
}

#[cfg(unix)]
#[test]
fn everything_that_is_kept_comes_back() {
    let place = tempfile::tempdir().unwrap();
    let (from, to) = (place.path().join("from"), place.path().join("to"));
    rich_tree(&from);
    let (bytes, written) = pack(std::slice::from_ref(&from), 3);
    assert_eq!(written.size, bytes.len() as u64);
    assert_eq!(written.skipped, Vec::<PathBuf>::new());
    let extracted = unpack(&bytes, std::slice::from_ref(&to)).unwrap();
    assert_eq!(
        (extracted.entries, extracted.bytes),
        (written.entries, written.bytes)
    );
    assert_eq!(snapshot(&to), snapshot(&from));
}

#[cfg(unix)]
#[test]
fn hard_links_are_links_again_and_holes_take_no_room() {
    use std::os::unix::fs::MetadataExt as _;

    let place = tempfile::tempdir().unwrap();
    let (from, to) = (place.path().join("from"), place.path().join("to"));
    rich_tree(&from);
    let (bytes, _) = pack(&[from], 2);
    unpack(&bytes, std::slice::from_ref(&to)).unwrap();
    let inode = |name: &str| fs::metadata(to.join(name)).unwrap().ino();
    assert_eq!(inode("a"), inode("sub/a-again"));
    assert_eq!(inode("sub/large"), inode("large-again"));
    let sparse = fs::metadata(to.join("sparse")).unwrap();
    assert_eq!(sparse.len(), 20_000_000);
    assert!(
        sparse.blocks() * 512 < 1_000_000,
        "{} blocks",
        sparse.blocks()
    );
}

#[cfg(unix)]
#[test]
fn the_same_trees_give_the_same_bytes_by_any_number_of_threads() {
    let place = tempfile::tempdir().unwrap();
    let roots = [place.path().join("one"), place.path().join("two")];
    for root in &roots {
        rich_tree(root);
    }
    let (one, _) = pack(&roots, 1);
    let (four, _) = pack(&roots, 4);
    assert!(one == four);
}

#[test]
fn several_roots_go_to_several_places() {
    let place = tempfile::tempdir().unwrap();
    let roots = ["one", "two"].map(|name| place.path().join(name));
    for root in &roots {
        fs::create_dir(root).unwrap();
        fs::write(
            root.join("name"),
            root.file_name().unwrap().as_encoded_bytes(),
        )
        .unwrap();
    }
    let (bytes, _) = pack(&roots, 2);
    let places = ["a", "b"].map(|name| place.path().join(name));
    unpack(&bytes, &places).unwrap();
    assert_eq!(fs::read(places[0].join("name")).unwrap(), b"one");
    assert_eq!(fs::read(places[1].join("name")).unwrap(), b"two");
    let error = unpack(&bytes, &[place.path().join("c")]).unwrap_err();
    assert!(error.is_damage(), "{error}");
}

#[cfg(unix)]
#[test]
fn tar_reads_what_we_write() {
    let place = tempfile::tempdir().unwrap();
    let (from, to) = (place.path().join("from"), place.path().join("to"));
    rich_tree(&from);
    let (bytes, _) = pack(std::slice::from_ref(&from), 2);
    let mut tar = Vec::new();
    let mut decoder = zstd::stream::Decoder::new(&bytes[..]).unwrap();
    decoder.read_to_end(&mut tar).unwrap();
    fs::create_dir(&to).unwrap();
    let command = Command::new("tar")
        .args(["-x", "--delay-directory-restore", "-C"])
        .arg(&to)
        .stdin(Stdio::piped())
        .spawn();
    let mut child = command.unwrap();
    child.stdin.take().unwrap().write_all(&tar).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(snapshot(&to.join("0")), snapshot(&from));
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_skipped_and_named() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("root");
    fs::create_dir(&root).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
    let (_, written) = pack(std::slice::from_ref(&root), 1);
    assert_eq!(written.skipped, [root.join("socket")]);
}

#[test]
fn only_directories_are_archived() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("file");
    fs::write(&file, "x").unwrap();
    for path in [file, place.path().join("nothing")] {
        let options = WriteOptions {
            threads: 1,
            level: 1,
        };
        let error = write(std::slice::from_ref(&path), &head(1), &options, &mut |_| {
            Ok(())
        })
        .unwrap_err();
        assert!(
            error.to_string().contains(path.to_str().unwrap()),
            "{error}"
        );
    }
}

#[test]
fn every_changed_byte_and_every_early_end_is_found() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("root");
    fs::create_dir(&root).unwrap();
    for number in 0..20 {
        fs::write(root.join(format!("f{number}")), format!("content {number}")).unwrap();
    }
    let (bytes, _) = pack(&[root], 1);
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        let to = tempfile::tempdir_in(place.path()).unwrap();
        let result = unpack(&damaged, &[to.path().to_owned()]);
        let error = result.expect_err(&format!("byte {at} of {}", bytes.len()));
        assert!(error.is_damage(), "byte {at}: {error:?}");
    }
    for length in (0..bytes.len()).step_by(7) {
        let to = tempfile::tempdir_in(place.path()).unwrap();
        let error = unpack(&bytes[..length], &[to.path().to_owned()]).unwrap_err();
        assert!(error.is_damage(), "{length} bytes: {error:?}");
    }
}

#[test]
fn a_sink_that_fails_ends_the_writing() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("a"), vec![1; 9_000_000]).unwrap();
    let options = WriteOptions {
        threads: 2,
        level: 1,
    };
    let mut pieces = 0;
    let result = write(&[place.path().to_owned()], &head(1), &options, &mut |_| {
        pieces += 1;
        if pieces > 3 {
            return Err(std::io::Error::other("gone"));
        }
        Ok(())
    });
    assert!(matches!(result, Err(ArchiveError::Stream(_))), "{result:?}");
}

/// Files and directories by path; `None` is a directory.
fn trees() -> impl Strategy<Value = Vec<(Vec<u8>, Option<Vec<u8>>)>> {
    let component = proptest::collection::vec(
        any::<u8>().prop_filter("no name has these", |byte| *byte != 0 && *byte != b'/'),
        1..60,
    )
    .prop_filter("nor is this one", |name| name != b"." && name != b"..");
    let path = proptest::collection::vec(component, 1..5).prop_map(|parts| parts.join(&b'/'));
    let content = proptest::option::weighted(0.8, proptest::collection::vec(any::<u8>(), 0..3000));
    proptest::collection::vec((path, content), 0..25)
}

#[cfg(unix)]
proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_tree_comes_back(tree in trees()) {
        use std::os::unix::ffi::OsStrExt as _;

        let place = tempfile::tempdir().unwrap();
        let (from, to) = (place.path().join("from"), place.path().join("to"));
        fs::create_dir(&from).unwrap();
        for (path, content) in tree {
            let path = from.join(std::ffi::OsStr::from_bytes(&path));
            // Paths of a random tree get into each other's way.
            let made = fs::create_dir_all(path.parent().unwrap());
            if made.is_ok() && !path.exists() {
                let _ = match content {
                    Some(bytes) => fs::write(&path, bytes),
                    None => fs::create_dir(&path),
                };
            }
        }
        let (bytes, _) = pack(std::slice::from_ref(&from), 2);
        unpack(&bytes, std::slice::from_ref(&to)).unwrap();
        let (before, after): (Vec<Seen>, Vec<Seen>) = (snapshot(&from), snapshot(&to));
        prop_assert_eq!(after, before);
    }
}
