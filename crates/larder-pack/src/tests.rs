//! What is written is read; what PACK.md refuses is refused, with the member's name.

use std::io::{Cursor, Read as _};

use larder_digest::Sha256;
use proptest::prelude::*;

use crate::{Handled, MemberPath, PackError, PackIndex, PackReader, PackWriter, PackedFile};

/// Members in order: names and bytes.
type Members = Vec<(String, Vec<u8>)>;

fn members() -> Members {
    [
        ("conda-lock.yml", "version: 1\n"),
        ("environment.yml", "name: work\n"),
        ("channel/noarch/repodata.json", "{}"),
        ("channel/linux-64/app-1.0-0.conda", "app"),
        ("channel/noarch/lib-2.0-h1_0.tar.bz2", "lib"),
    ]
    .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
    .to_vec()
}

fn listed(members: &Members) -> Vec<PackedFile> {
    let listed = |(name, bytes): &(String, Vec<u8>)| PackedFile {
        path: name.parse().unwrap(),
        size: bytes.len() as u64,
        sha256: Sha256::of(bytes),
    };
    members.iter().map(listed).collect()
}

fn write(members: &Members) -> Vec<u8> {
    let mut index = PackIndex::new(listed(members)).unwrap();
    index.name = Some("work".to_owned());
    index.platforms = vec!["linux-64".to_owned()];
    let mut writer = PackWriter::new(Vec::new(), &index).unwrap();
    for (_, bytes) in members {
        writer.append(&mut bytes.as_slice()).unwrap();
    }
    writer.finish().unwrap()
}

/// A tar of any members, named and typed at will.
fn tar(members: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, kind, content) in members {
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        header.set_cksum();
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

/// The pack of [`members`] with other members in its tar than its index says.
fn lying(change: impl FnOnce(&mut Vec<(&str, tar::EntryType, &[u8])>)) -> Vec<u8> {
    let members = members();
    let index = PackIndex::new(listed(&members)).unwrap().to_json().unwrap();
    let mut raw = vec![(
        "larder-pack.json",
        tar::EntryType::Regular,
        index.as_slice(),
    )];
    for (name, bytes) in &members {
        raw.push((name, tar::EntryType::Regular, bytes));
    }
    change(&mut raw);
    tar(&raw)
}

fn read(bytes: &[u8]) -> Result<Members, PackError> {
    let reader = PackReader::new(bytes)?;
    let mut found = vec![(
        "conda-lock.yml".to_owned(),
        reader.lock().as_bytes().to_vec(),
    )];
    reader.for_each(|file, body| {
        let mut bytes = Vec::new();
        body.read_to_end(&mut bytes).unwrap();
        let handled = Sha256::of(&bytes) == file.sha256;
        found.push((file.path.to_string(), bytes));
        Ok::<_, PackError>(if handled {
            Handled::Verified
        } else {
            Handled::Unread
        })
    })?;
    Ok(found)
}

/// As `read`, leaving the digests to the reader.
fn skim(bytes: &[u8]) -> Result<(), PackError> {
    PackReader::new(bytes)?.for_each(|_, _| Ok(Handled::Unread))
}

fn text_of(error: &PackError) -> String {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    format!("{error}: {}", cause.unwrap_or_default())
}

#[test]
fn p1_what_is_written_is_read() {
    let bytes = write(&members());
    assert_eq!(read(&bytes).unwrap(), members());
    let index = PackReader::new(bytes.as_slice()).unwrap().index().clone();
    assert_eq!(index.name.as_deref(), Some("work"));
    assert_eq!(index.archives().count(), 2);
}

#[test]
fn p6_equal_packs_are_equal_bytes_and_plain_tar() {
    let bytes = write(&members());
    assert_eq!(bytes, write(&members()));
    let mut archive = tar::Archive::new(Cursor::new(bytes));
    for entry in archive.entries().unwrap() {
        let header = entry.unwrap().header().clone();
        let numbers = [header.mtime(), header.uid(), header.gid()];
        assert_eq!(numbers.map(Result::unwrap), [0, 0, 0]);
        assert_eq!(header.mode().unwrap(), 0o644);
    }
}

#[test]
fn a_name_of_more_than_a_hundred_characters_is_kept() {
    let mut members = members();
    let name = format!("channel/noarch/{}-1-0.conda", "n".repeat(150));
    members.push((name, b"long".to_vec()));
    assert_eq!(read(&write(&members)).unwrap(), members);
}

#[test]
fn the_writer_never_lies() {
    let members = members();
    let index = PackIndex::new(listed(&members)).unwrap();
    let mut writer = PackWriter::new(Vec::new(), &index).unwrap();
    let error = writer.append(&mut &b"version: 2\n"[..]).unwrap_err();
    assert!(matches!(error, PackError::Damaged { .. }), "{error}");
    let writer = PackWriter::new(Vec::new(), &index).unwrap();
    assert!(matches!(writer.finish(), Err(PackError::Missing { .. })));
}

/// How a pack's tar departs from its index. Members are counted with the index.
enum Lie {
    Empty,
    NoTar,
    Remove(usize),
    Insert(usize, &'static str),
    Repeat(usize),
    Swap(usize, usize),
    Cut(usize),
    Kind(usize, tar::EntryType),
    Bytes(usize, &'static [u8]),
}

impl Lie {
    fn pack(&self) -> Vec<u8> {
        let file = tar::EntryType::Regular;
        lying(|raw| match *self {
            Self::Empty | Self::NoTar => raw.clear(),
            Self::Remove(at) => {
                raw.remove(at);
            }
            Self::Insert(at, name) => raw.insert(at, (name, file, b"x")),
            Self::Repeat(at) => raw.insert(at, raw[at]),
            Self::Swap(one, other) => raw.swap(one, other),
            Self::Cut(length) => raw.truncate(length),
            Self::Kind(at, kind) => raw[at] = (raw[at].0, kind, b""),
            Self::Bytes(at, bytes) => raw[at].2 = bytes,
        })
    }
}

/// Line of PACK.md, lie, the member that the error names, a word of the error.
const LIES: &[(&str, Lie, &str, &str)] = &[
    ("H1", Lie::Remove(0), "conda-lock.yml", "no pack"),
    ("H1", Lie::Empty, "missing", "no pack"),
    ("H1", Lie::NoTar, "not that of a tar", "no pack"),
    (
        "H1",
        Lie::Kind(0, tar::EntryType::Directory),
        "larder-pack.json",
        "directory",
    ),
    ("H3", Lie::Insert(3, "../evil"), "../evil", "expected"),
    (
        "H3",
        Lie::Insert(4, "/etc/passwd"),
        "/etc/passwd",
        "expected",
    ),
    ("H3", Lie::Repeat(4), "app-1.0", "expected"),
    ("H3", Lie::Remove(4), "lib-2.0", "app-1.0"),
    ("H3", Lie::Swap(4, 5), "lib-2.0", "app-1.0"),
    ("H3", Lie::Insert(6, "more"), "more", "does not list"),
    ("H3", Lie::Remove(1), "environment.yml", "conda-lock.yml"),
    (
        "H4",
        Lie::Kind(4, tar::EntryType::Symlink),
        "app-1.0",
        "header",
    ),
    ("H4", Lie::Kind(4, tar::EntryType::Fifo), "app-1.0", "fifo"),
    (
        "H4",
        Lie::Kind(4, tar::EntryType::Char),
        "app-1.0",
        "device",
    ),
    ("H4", Lie::Bytes(4, b"ap"), "app-1.0", "2 bytes, expected 3"),
    (
        "H4",
        Lie::Bytes(4, b"appp"),
        "app-1.0",
        "4 bytes, expected 3",
    ),
    ("H5", Lie::Bytes(4, b"bpp"), "app-1.0", "damaged"),
    (
        "H5",
        Lie::Bytes(1, b"version: 2\n"),
        "conda-lock.yml",
        "damaged",
    ),
    ("H6", Lie::Cut(5), "lib-2.0", "ends before"),
];

#[test]
fn hostile_members_are_refused_by_name() {
    for (line, lie, entry, word) in LIES {
        let bytes = match lie {
            Lie::Empty => Vec::new(),
            Lie::NoTar => vec![b'x'; 2048],
            lie => lie.pack(),
        };
        let text = text_of(&skim(&bytes).expect_err(line));
        assert!(
            text.contains(entry) && text.contains(word),
            "{line}: {text}"
        );
    }
}

#[test]
fn h6_a_pack_that_is_cut_anywhere_is_refused() {
    let bytes = write(&members());
    let end = bytes.len() - 1024;
    for length in (0..end).step_by(97).chain([end - 1]) {
        assert!(skim(&bytes[..length]).is_err(), "cut at {length}");
    }
    let mut longer = bytes.clone();
    longer.extend_from_slice(&[0; 10_000]);
    assert!(skim(&longer).is_ok(), "padding is no harm");
    longer.push(1);
    assert!(matches!(skim(&longer), Err(PackError::Trailing)));
    let endless = bytes.as_slice().chain(std::io::repeat(0));
    let result = PackReader::new(endless)
        .unwrap()
        .for_each(|_, _| Ok(Handled::Unread));
    assert!(matches!(result, Err(PackError::Trailing)));
}

#[test]
fn h2_lists_that_cannot_be_are_refused() {
    let all = listed(&members());
    let twice = vec![all[0].clone(), all[3].clone(), all[3].clone()];
    let lock_late = vec![all[1].clone(), all[0].clone()];
    let aid_late = vec![all[0].clone(), all[3].clone(), all[2].clone()];
    for (members, word) in [
        (twice, "twice"),
        (lock_late, "first"),
        (aid_late, "last"),
        (Vec::new(), "missing"),
    ] {
        let text = PackIndex::new(members).unwrap_err().to_string();
        assert!(text.contains(word), "{text}");
    }
}

#[test]
fn h2_an_index_of_another_version_or_with_other_names_is_refused() {
    let index = |text: &str| {
        let raw = [("larder-pack.json", tar::EntryType::Regular, text.as_bytes())];
        skim(&tar(&raw)).unwrap_err()
    };
    let newer = r#"{"larder_pack": 3, "members": "something else"}"#;
    assert!(matches!(index(newer), PackError::Version { found: 3, .. }));
    assert!(matches!(index("{"), PackError::Index { .. }));
    let path = |path: &str| {
        let digest = "0".repeat(64);
        index(&format!(
            r#"{{"larder_pack": 1, "platforms": [], "members": [{{"path": {path:?}, "size": 1, "sha256": "{digest}"}}]}}"#
        ))
    };
    let text = text_of(&path("../../x.conda"));
    assert!(text.contains("../../x.conda"), "{text}");
}

#[test]
fn p8_a_pack_with_wheels_has_version_2_and_others_are_as_they_were() {
    let mut members = members();
    let version = |members: &Members| {
        let index = PackIndex::new(listed(members)).unwrap();
        let json = String::from_utf8(index.to_json().unwrap()).unwrap();
        (json.contains("\"larder_pack\": 1"), index.wheels().count())
    };
    assert_eq!(version(&members), (true, 0));
    for name in ["wheels/a-1.0-py3-none-any.whl", "wheels-2/b-1.0.tar.gz"] {
        members.push((name.to_owned(), b"wheel".to_vec()));
    }
    assert_eq!(version(&members), (false, 2));
    assert_eq!(read(&write(&members)).unwrap().len(), members.len());

    let index = PackIndex::new(listed(&members)).unwrap().to_json().unwrap();
    let index = String::from_utf8(index).unwrap();
    let index = index.replace("\"larder_pack\": 2", "\"larder_pack\": 1");
    let raw = [(
        "larder-pack.json",
        tar::EntryType::Regular,
        index.as_bytes(),
    )];
    let text = text_of(&skim(&tar(&raw)).unwrap_err());
    assert!(text.contains("version 1 has no wheels"), "{text}");

    members.swap(4, 5);
    let error = PackIndex::new(listed(&members)).unwrap_err();
    assert!(
        text_of(&error).contains("only wheels after them"),
        "{error}"
    );
}

#[test]
fn only_the_names_of_the_contract_are_names() {
    let good = [
        "conda-lock.yml",
        "environment.yml",
        "environment-osx-arm64.yml",
        "channel/noarch/repodata.json",
        "channel-2/linux-64/_libgcc_mutex-0.1-conda_forge.tar.bz2",
        "channel/linux-64/python-3.12.0-habc_0_cpython.conda",
        "channel/noarch/x-1!2.0+local-0.conda",
        "wheels/a-1.0+cpu-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "wheels-2/a-1.0.tar.gz",
        "wheels/main.zip",
    ];
    let bad = [
        "",
        "/conda-lock.yml",
        "./conda-lock.yml",
        "channel/../x/y.conda",
        "channel/noarch/../x.conda",
        "channel/noarch/.conda",
        "channel/noarch/-x.conda",
        "channel/noarch/x.zip",
        "channel/noarch/x\\y.conda",
        "channel/noarch/x\u{0}.conda",
        "channel/noarch/x/y.conda",
        "channel//x.conda",
        "channel-1/noarch/x.conda",
        "channel-02/noarch/x.conda",
        "channel-99999/noarch/x.conda",
        "channels/noarch/x.conda",
        "channel/NOARCH/x.conda",
        "wheels/a.conda",
        "wheels/.whl",
        "wheels/a/b.whl",
        "wheels/../a.whl",
        "wheels-1/a.whl",
        "wheel/a.whl",
        "environment-.yml",
        "environment-a/b.yml",
        "larder-pack.json",
    ];
    for name in good {
        let path: MemberPath = name.parse().unwrap();
        assert_eq!(path.as_str(), name);
    }
    for name in bad {
        assert!(name.parse::<MemberPath>().is_err(), "{name:?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
        prop_assert!(skim(&bytes).is_err());
    }

    /// One changed byte is found, or changes nothing that counts (a user's name in a header, padding).
    #[test]
    fn a_changed_byte_is_found(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let mut bytes = write(&members());
        let at = at.index(bytes.len());
        bytes[at] = to;
        if let Ok(found) = read(&bytes) {
            prop_assert_eq!(found, members());
        }
    }

    #[test]
    fn a_name_is_never_a_way_out(name in "[a-z0-9./\\\\-]{0,40}") {
        if let Ok(path) = name.parse::<MemberPath>() {
            prop_assert!(!path.as_str().contains("..") || path.as_str().split('/').all(|part| part != ".."));
            prop_assert!(!path.as_str().starts_with('/') && !path.as_str().contains('\\'));
        }
    }

    #[test]
    fn any_archives_are_packed_and_read(files in prop::collection::btree_map("[a-z_][a-z0-9_.+]{0,30}", prop::collection::vec(any::<u8>(), 0..2000), 0..8)) {
        let mut members = members();
        members.truncate(3);
        members.extend(files.into_iter().map(|(name, bytes)| (format!("channel/noarch/{name}.conda"), bytes)));
        prop_assert_eq!(read(&write(&members)).unwrap(), members);
    }
}
