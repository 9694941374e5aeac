//! The framing of tar, held against the `tar` crate.

use std::io::Read as _;

use proptest::prelude::*;
use tar::{Builder, EntryType, Header};

use crate::tar_stream::{Member, MemberKind, TarError, TarStream};

fn header(kind: EntryType, name: &[u8], size: u64) -> Header {
    let mut header = Header::new_ustar();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name);
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    header
}

fn archive(members: &[(Header, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (header, bytes) in members {
        builder.append(header, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn read(bytes: &[u8]) -> Result<Vec<(Member, Vec<u8>)>, TarError> {
    let mut stream = TarStream::new(bytes);
    let mut members = Vec::new();
    while let Some(member) = stream.next_member()? {
        let mut body = Vec::new();
        stream.body().read_to_end(&mut body)?;
        members.push((member, body));
    }
    Ok(members)
}

fn refusal(bytes: &[u8]) -> String {
    match read(bytes) {
        Err(TarError::Header(_, problem)) => problem.to_owned(),
        Err(TarError::Io(error)) => error.to_string(),
        Ok(members) => format!("accepted: {members:?}"),
    }
}

#[test]
fn long_names_of_both_styles_are_one_name() {
    let name = "directory/".repeat(20) + "file";
    let gnu = archive(&[
        (
            header(
                EntryType::GNULongName,
                b"././@LongLink",
                name.len() as u64 + 1,
            ),
            format!("{name}\0").as_bytes(),
        ),
        (header(EntryType::Regular, b"directory", 2), b"hi"),
    ]);
    let record = format!("{} path={name}\n", name.len() + 10);
    let pax = archive(&[
        (
            header(EntryType::XHeader, b"pax", record.len() as u64),
            record.as_bytes(),
        ),
        (header(EntryType::Regular, b"directory", 2), b"hi"),
    ]);
    for bytes in [gnu, pax] {
        let members = read(&bytes).unwrap();
        assert_eq!(members.len(), 1);
        assert_eq!(members[0].0.name, name.as_bytes());
        assert_eq!(members[0].1, b"hi");
    }
}

#[test]
fn a_pax_size_counts_as_it_does_for_other_readers() {
    let bytes = archive(&[
        (header(EntryType::XHeader, b"pax", 10), b"10 size=3\n"),
        (header(EntryType::Regular, b"a", 3), b"abc"),
        (header(EntryType::Regular, b"b", 1), b"b"),
    ]);
    let sizes: Vec<u64> = read(&bytes).unwrap().iter().map(|(m, _)| m.size).collect();
    assert_eq!(sizes, [3, 1]);
}

#[test]
fn a_pax_time_is_to_the_nanosecond_and_the_mode_is_whole() {
    let time = |record: &[u8]| {
        let mut file = header(EntryType::Regular, b"a", 0);
        file.set_mtime(7);
        file.set_mode(0o2751);
        file.set_cksum();
        let size = record.len() as u64;
        let pax = header(EntryType::XHeader, b"pax", size);
        let (member, _) = read(&archive(&[(pax, record), (file, b"")]))
            .unwrap()
            .remove(0);
        assert_eq!(member.mode, 0o2751);
        (member.modified, member.nanoseconds)
    };
    assert_eq!(
        time(b"22 mtime=1700000000.5\n"),
        (1_700_000_000, 500_000_000)
    );
    assert_eq!(time(b"20 mtime=1700000000\n"), (1_700_000_000, 0));
    assert_eq!(time(b"22 mtime=5.1234567899\n"), (5, 123_456_789));
    assert_eq!(time(b"12 mtime=-5\n"), (7, 0), "before 1970 is no time");
}

#[test]
fn what_readers_disagree_about_is_refused() {
    let file = || (header(EntryType::Regular, b"a", 0), &b""[..]);
    let long = |kind| (header(kind, b"long", 2), &b"x\0"[..]);
    let pax = |bytes: &'static [u8]| {
        let size = bytes.len() as u64;
        (header(EntryType::XHeader, b"pax", size), bytes)
    };
    let global = (
        header(EntryType::XGlobalHeader, b"g", 10),
        &b"10 path=x\n"[..],
    );
    for (members, problem) in [
        (
            vec![
                long(EntryType::GNULongName),
                long(EntryType::GNULongName),
                file(),
            ],
            "two headers describe it",
        ),
        (
            vec![long(EntryType::GNULongName), pax(b"10 path=x\n"), file()],
            "two headers describe it",
        ),
        (
            vec![pax(b"10 path=x\n"), pax(b"10 path=y\n"), file()],
            "two headers describe it",
        ),
        (vec![global, file()], "a global header names members"),
        (
            vec![pax(b"99 path=x\n"), file()],
            "its PAX header is not valid",
        ),
        (
            vec![pax(b"10 path=xy"), file()],
            "its PAX header is not valid",
        ),
        (
            vec![pax(b"x path=x\n"), file()],
            "its PAX header is not valid",
        ),
        (
            vec![pax(b"22 GNU.sparse.major=1\n"), file()],
            "sparse files are not supported",
        ),
        (
            vec![(header(EntryType::Symlink, b"s", 2), b"xx")],
            "it links to nothing",
        ),
        (
            vec![(header(EntryType::Directory, b"d", 2), b"xx")],
            "it has bytes but is no file",
        ),
        (
            vec![(header(EntryType::GNUSparse, b"s", 0), b"")],
            "sparse files are not supported",
        ),
    ] {
        assert_eq!(refusal(&archive(&members)), problem);
    }
}

#[test]
fn claims_of_a_header_allocate_nothing() {
    let mut bytes = archive(&[(header(EntryType::GNULongName, b"long", 0), b"")]);
    let huge = header(EntryType::GNULongName, b"long", 7 << 30);
    bytes[..512].copy_from_slice(huge.as_bytes());
    assert_eq!(refusal(&bytes), "its long name is too long");
}

#[test]
fn an_archive_that_ends_early_is_no_archive() {
    let bytes = archive(&[(header(EntryType::Regular, b"a", 600), &[7; 600])]);
    for length in [1, 511, 513, 1000, 1111] {
        assert!(
            refusal(&bytes[..length]).contains("ends inside"),
            "{length}"
        );
    }
    let lonely = archive(&[(header(EntryType::GNULongName, b"long", 2), b"x\0")]);
    assert!(refusal(&lonely).contains("end of file"));
    let mut broken = bytes.clone();
    broken[0] ^= 1;
    assert_eq!(refusal(&broken), "its checksum is wrong");
}

#[test]
fn an_old_directory_is_a_file_with_a_slash() {
    let bytes = archive(&[(header(EntryType::Regular, b"d/", 0), b"")]);
    assert_eq!(read(&bytes).unwrap()[0].0.kind, MemberKind::Directory);
}

proptest! {
    #[test]
    fn honest_archives_read_as_the_tar_crate_reads_them(
        members in proptest::collection::vec(("[a-z]{1,40}(/[a-z]{1,60}){0,5}", proptest::collection::vec(any::<u8>(), 0..1500)), 0..6)
    ) {
        let mut builder = Builder::new(Vec::new());
        for (name, bytes) in &members {
            let mut header = Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o755);
            builder.append_data(&mut header, name, bytes.as_slice()).unwrap();
        }
        let bytes = builder.into_inner().unwrap();
        let ours = read(&bytes).unwrap();
        let mut theirs = tar::Archive::new(bytes.as_slice());
        for (entry, (member, body)) in theirs.entries().unwrap().zip(&ours) {
            let mut entry = entry.unwrap();
            prop_assert_eq!(entry.path_bytes().into_owned(), member.name.clone());
            let mut expected = Vec::new();
            entry.read_to_end(&mut expected).unwrap();
            prop_assert_eq!(&expected, body);
            prop_assert!(member.executable);
        }
        prop_assert_eq!(ours.len(), members.len());
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let _ = read(&bytes);
    }

    #[test]
    fn no_mutation_panics(
        at in 0_usize..2560,
        value in any::<u8>(),
        fix_checksum in any::<bool>(),
    ) {
        let mut bytes = archive(&[
            (header(EntryType::XHeader, b"pax", 10), b"10 path=x\n"),
            (header(EntryType::Regular, b"a", 5), b"abcde"),
        ]);
        let length = bytes.len();
        bytes[at % length] = value;
        if fix_checksum {
            for start in [0, 1024] {
                let mut header = Header::new_old();
                header.as_mut_bytes().copy_from_slice(&bytes[start..start + 512]);
                header.set_cksum();
                bytes[start..start + 512].copy_from_slice(header.as_bytes());
            }
        }
        let _ = read(&bytes);
    }
}
