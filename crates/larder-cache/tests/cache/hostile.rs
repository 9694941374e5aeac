//! Archives that somebody made to do harm: each is refused, and nothing outside the place is touched.

use std::{fs, path::Path};

use larder_cache::archive::{ArchiveError, EntryProblem};
use larder_digest::{Hasher, Sha256};
use tar::{EntryType, Header};

use crate::archive::unpack;

/// A member: kind, name, link, content.
struct Member<'a>(EntryType, &'a str, &'a str, &'a [u8]);

fn tar(members: &[Member<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for Member(kind, name, link, content) in members {
        let mut header = Header::new_ustar();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o755);
        header.set_mtime(1);
        header.set_cksum();
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes
}

/// A part as its description's end has it: kind and what a body says besides.
enum Part {
    Entries(Vec<u8>),
    Body(Vec<u8>, u32, u64, u64),
}

/// An archive that is right in every way but what is in it.
fn archive(parts: &[Part], entries: u64, file_bytes: u64) -> Vec<u8> {
    let mut all = Vec::new();
    let mut hasher = Hasher::sha256();
    let mut describe = |all: &mut Vec<u8>, payload: &[u8]| {
        hasher.update(payload);
        all.extend_from_slice(&0x184D_2A5C_u32.to_le_bytes());
        all.extend_from_slice(&u32::try_from(payload.len()).unwrap().to_le_bytes());
        all.extend_from_slice(payload);
        hasher.clone().finish().sha256
    };
    let head = br#"{"key":"k","version":"v","paths":["p"]}"#;
    let mut digest = describe(&mut all, &[&b"larder-cache 1\n"[..], head].concat());
    for part in parts {
        let (kind, raw) = match part {
            Part::Entries(raw) => (1, raw),
            Part::Body(raw, ..) => (2, raw),
        };
        let packed = zstd::bulk::compress(raw, 1).unwrap();
        let mut payload = vec![kind];
        for length in [raw.len(), packed.len()] {
            payload.extend_from_slice(&u32::try_from(length).unwrap().to_le_bytes());
        }
        payload.extend_from_slice(Sha256::of(&packed).as_bytes());
        if let Part::Body(_, opened_by, offset, length) = part {
            payload.extend_from_slice(&opened_by.to_le_bytes());
            payload.extend_from_slice(&offset.to_le_bytes());
            payload.extend_from_slice(&length.to_le_bytes());
        }
        digest = describe(&mut all, &payload);
        all.extend_from_slice(&packed);
    }
    let mut end = vec![3];
    end.extend_from_slice(&u32::try_from(parts.len()).unwrap().to_le_bytes());
    end.extend_from_slice(&entries.to_le_bytes());
    end.extend_from_slice(&file_bytes.to_le_bytes());
    end.extend_from_slice(digest.as_bytes());
    describe(&mut all, &end);
    all
}

const ROOT: Member<'static> = Member(EntryType::Directory, "0/", "", b"");

/// Unpacks members after a first part with these directories.
fn unpack_members(
    place: &Path,
    directories: &[Member<'_>],
    members: &[Member<'_>],
) -> Result<(), ArchiveError> {
    let bytes: usize = members.iter().map(|member| member.3.len()).sum();
    let count = directories.len() + members.len();
    let parts = [Part::Entries(tar(directories)), Part::Entries(tar(members))];
    let archive = archive(&parts, count as u64, bytes as u64);
    unpack(&archive, &[place.join("root")]).map(drop)
}

fn problem(result: Result<(), ArchiveError>) -> EntryProblem {
    match result {
        Err(ArchiveError::Entry { problem, .. }) => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_archive_by_hand_is_one() {
    let place = tempfile::tempdir().unwrap();
    let members = [Member(EntryType::Regular, "0/a", "", b"text")];
    unpack_members(place.path(), &[ROOT], &members).unwrap();
    assert_eq!(fs::read(place.path().join("root/a")).unwrap(), b"text");
}

#[test]
fn names_that_lead_out_are_refused() {
    for name in [
        "0/../out",
        "0/a/../../out",
        "/out",
        "0//out",
        "0/./out",
        "../out",
        "out",
        "00/out",
        "0/..",
        "",
    ] {
        let place = tempfile::tempdir().unwrap();
        for kind in [EntryType::Regular, EntryType::Symlink, EntryType::Link] {
            let members = [Member(kind, name, "0/x", b"")];
            let result = unpack_members(place.path(), &[ROOT], &members);
            assert_eq!(problem(result), EntryProblem::Name, "{name:?}");
        }
        let directory = Member(EntryType::Directory, name, "", b"");
        let result = unpack_members(place.path(), &[ROOT, directory], &[]);
        assert_eq!(problem(result), EntryProblem::Name, "{name:?}");
        assert!(!place.path().join("out").exists());
    }
}

#[test]
fn another_root_is_none_of_the_archives() {
    let place = tempfile::tempdir().unwrap();
    let members = [Member(EntryType::Regular, "1/a", "", b"")];
    let result = unpack_members(place.path(), &[ROOT], &members);
    assert_eq!(problem(result), EntryProblem::Root);
}

#[test]
fn nothing_is_written_through_a_link() {
    let place = tempfile::tempdir().unwrap();
    let outside = place.path().join("outside");
    fs::create_dir(&outside).unwrap();
    let link = || Member(EntryType::Symlink, "0/l", outside.to_str().unwrap(), b"");
    let through = || Member(EntryType::Regular, "0/l/file", "", b"x");
    let result = unpack_members(place.path(), &[ROOT], &[link(), through()]);
    assert_eq!(problem(result), EntryProblem::Parent);
    // A directory that becomes a link, before or after.
    let directory = || Member(EntryType::Directory, "0/l/", "", b"");
    let other = place.path().join("two");
    let result = unpack_members(&other, &[ROOT, directory()], &[link(), through()]);
    assert_eq!(problem(result), EntryProblem::Duplicate);
    let third = place.path().join("three");
    let result = unpack_members(&third, &[ROOT, link()], &[through()]);
    assert_eq!(problem(result), EntryProblem::Parent);
    // A file in the link's place.
    let fourth = place.path().join("four");
    let file = Member(EntryType::Regular, "0/l", "", b"x");
    let result = unpack_members(&fourth, &[ROOT], &[link(), file]);
    assert_eq!(problem(result), EntryProblem::Duplicate);
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
}

#[test]
fn hard_links_lead_to_files_of_the_archive_alone() {
    for target in [
        "0/none",
        "/etc/passwd",
        "0/../../x",
        "0/directory",
        "0/link",
        "1/a",
    ] {
        let place = tempfile::tempdir().unwrap();
        let directories = [ROOT, Member(EntryType::Directory, "0/directory/", "", b"")];
        let members = [
            Member(EntryType::Symlink, "0/link", "/etc/passwd", b""),
            Member(EntryType::Link, "0/hard", target, b""),
        ];
        let result = unpack_members(place.path(), &directories, &members);
        assert_eq!(problem(result), EntryProblem::LinkTarget, "{target}");
    }
}

#[test]
fn devices_late_directories_and_entries_without_a_directory_are_refused() {
    for (member, expected) in [
        (
            Member(EntryType::Char, "0/tty", "", b""),
            EntryProblem::Kind,
        ),
        (
            Member(EntryType::Fifo, "0/fifo", "", b""),
            EntryProblem::Kind,
        ),
        (
            Member(EntryType::Directory, "0/late/", "", b""),
            EntryProblem::LateDirectory,
        ),
        (
            Member(EntryType::Regular, "0/none/a", "", b""),
            EntryProblem::Parent,
        ),
        (
            Member(EntryType::Regular, "0", "", b"x"),
            EntryProblem::Duplicate,
        ),
    ] {
        let place = tempfile::tempdir().unwrap();
        let name = member.1;
        let result = unpack_members(place.path(), &[ROOT], &[member]);
        assert_eq!(problem(result), expected, "{name}");
    }
}

#[test]
fn bytes_of_large_files_come_once_and_where_they_belong() {
    let file = || {
        let mut bytes = tar(&[Member(EntryType::Regular, "0/large", "", &[7; 1000])]);
        bytes.truncate(512);
        Part::Entries(bytes)
    };
    let first = || Part::Entries(tar(&[ROOT]));
    let body = |opened_by, offset, length| Part::Body(vec![7; 1024], opened_by, offset, length);
    let unpack_parts = |parts: &[Part]| {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("root");
        unpack(&archive(parts, 2, 1000), std::slice::from_ref(&root))
            .map(|_| fs::read(root.join("large")).unwrap())
    };
    let whole = unpack_parts(&[first(), file(), body(1, 0, 400), body(1, 400, 600)]);
    assert_eq!(whole.unwrap(), [7; 1000]);
    for (what, parts) in [
        ("missing", vec![first(), file(), body(1, 0, 400)]),
        (
            "twice",
            vec![first(), file(), body(1, 0, 600), body(1, 400, 600)],
        ),
        ("beyond the end", vec![first(), file(), body(1, 400, 601)]),
        ("far beyond", vec![first(), file(), body(1, u64::MAX, 2)]),
        (
            "of no file",
            vec![first(), file(), body(1, 0, 1000), body(0, 0, 10)],
        ),
        ("of a later file", vec![first(), body(2, 0, 1000), file()]),
        ("of itself", vec![first(), file(), body(2, 0, 1000)]),
        (
            "more than there is",
            vec![first(), file(), body(1, 0, 2000)],
        ),
        ("nothing", vec![first(), file(), body(1, 0, 0)]),
    ] {
        let error = unpack_parts(&parts).expect_err(what);
        assert!(error.is_damage(), "{what}: {error:?}");
    }
}

#[test]
fn an_archive_that_claims_too_much_is_refused_before_it_is_decoded() {
    use larder_cache::archive::{OpenArchive, ReadLimits};

    let place = tempfile::tempdir().unwrap();
    let parts = [
        Part::Entries(tar(&[ROOT])),
        Part::Entries(tar(&[Member(EntryType::Regular, "0/a", "", &[0; 100_000])])),
    ];
    let bytes = archive(&parts, 2, 100_000);
    let limits = ReadLimits {
        total_bytes: 50_000,
        ..ReadLimits::default()
    };
    let result = OpenArchive::open(&bytes[..])
        .unwrap()
        .extract(&[place.path().to_owned()], (1, &limits));
    assert!(
        matches!(result, Err(ArchiveError::TooLarge { limit: 50_000 })),
        "{result:?}"
    );
}

#[test]
fn what_comes_out_of_an_archive_is_bounded_by_its_size_and_by_the_disk() {
    use larder_cache::archive::{RATIO, RATIO_FLOOR, ReadLimits};

    let small = ReadLimits::for_archive(1 << 10, None);
    assert_eq!((small.total_bytes, small.room), (RATIO_FLOOR, None));
    let large = ReadLimits::for_archive(1 << 30, Some(100));
    assert_eq!((large.total_bytes, large.room), (RATIO << 30, Some(90)));
    let all = ReadLimits::for_archive(u64::MAX, Some(u64::MAX));
    assert_eq!(all.total_bytes, 1 << 40);
}

/// Unpacks members after the root within `limits`.
fn unpack_within(
    members: &[Member<'_>],
    limits: &larder_cache::archive::ReadLimits,
) -> Result<(), ArchiveError> {
    let place = tempfile::tempdir().unwrap();
    let parts = [Part::Entries(tar(&[ROOT])), Part::Entries(tar(members))];
    let bytes = archive(&parts, members.len() as u64 + 1, 0);
    larder_cache::archive::OpenArchive::open(&bytes[..])
        .unwrap()
        .extract(&[place.path().to_owned()], (2, limits))
        .map(drop)
}

#[test]
fn entries_are_counted_and_take_room_however_empty_they_are() {
    use larder_cache::archive::ReadLimits;

    let names: Vec<String> = (0..20).map(|number| format!("0/f{number}")).collect();
    let members: Vec<Member<'_>> = names
        .iter()
        .map(|name| Member(EntryType::Regular, name, "", b""))
        .collect();
    assert!(unpack_within(&members, &ReadLimits::default()).is_ok());
    let few = ReadLimits {
        entries: 20,
        ..ReadLimits::default()
    };
    let refused = unpack_within(&members, &few);
    assert!(
        matches!(refused, Err(ArchiveError::TooManyEntries { limit: 20 })),
        "{refused:?}"
    );
    // The entry may be sound and stays: only this disk is too small for 21 blocks.
    let full = ReadLimits {
        room: Some(20 * 4096),
        ..ReadLimits::default()
    };
    let refused = unpack_within(&members, &full).unwrap_err();
    assert!(
        matches!(refused, ArchiveError::NoRoom { .. }),
        "{refused:?}"
    );
    assert!(!refused.is_damage());
}

#[test]
fn links_that_no_system_takes_are_refused_as_the_entrys_fault() {
    let place = tempfile::tempdir().unwrap();
    for (number, target) in ["", &"x".repeat(100)].into_iter().enumerate() {
        let members = [Member(EntryType::Symlink, "0/l", target, b"")];
        let place = place.path().join(number.to_string());
        let result = unpack_members(&place, &[ROOT], &members);
        match target {
            "" => assert!(matches!(
                problem(result),
                EntryProblem::LinkText | EntryProblem::Header
            )),
            _ => result.unwrap(),
        }
    }
}
