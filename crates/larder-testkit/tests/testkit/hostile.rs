//! Hostile entries are in the archive as the test asked, and malformed archives are malformed.

use std::io::Read as _;

use larder_testkit::{
    Format, Method, PackageBuilder, RawEntry, ZipMember, conda_archive, metadata_json, zip,
};
use rattler_package_streaming::read;

/// Path, type byte, link target and size of each entry outside `info/`.
fn entries(builder: PackageBuilder) -> Vec<(String, u8, Option<String>, u64)> {
    let bytes = builder.build(Format::TarBz2).bytes;
    let mut archive = tar::Archive::new(bzip2::read::BzDecoder::new(bytes.as_slice()));
    let all = archive.entries().unwrap().map(|entry| {
        let entry = entry.unwrap();
        let path = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
        let target = entry
            .link_name_bytes()
            .map(|name| String::from_utf8(name.into_owned()).unwrap());
        (
            path,
            entry.header().entry_type().as_byte(),
            target,
            entry.size(),
        )
    });
    all.filter(|(path, ..)| !path.starts_with("info/"))
        .collect()
}

fn empty() -> PackageBuilder {
    PackageBuilder::new("hostile", "1", "0")
}

#[test]
fn names_and_types_are_written_as_they_are() {
    let long = format!("deep/{}", "n".repeat(300));
    let far = format!("/{}", "t".repeat(300));
    let found = entries(
        empty()
            .raw_entry("../up", RawEntry::file("x"))
            .raw_entry("/abs", RawEntry::executable("xy"))
            .raw_entry(&long, RawEntry::Symlink(far.clone()))
            .raw_entry("hard", RawEntry::HardLink("../up".to_owned()))
            .raw_entry("dir", RawEntry::Directory(0o700))
            .raw_entry("pipe", RawEntry::Fifo)
            .raw_entry("char", RawEntry::CharDevice)
            .raw_entry("block", RawEntry::BlockDevice)
            .raw_entry("odd", RawEntry::Other(b'7', vec![1])),
    );
    let expected = [
        ("../up", b'0', None, 1),
        ("/abs", b'0', None, 2),
        (&long, b'2', Some(far), 0),
        ("hard", b'1', Some("../up".to_owned()), 0),
        ("dir", b'5', None, 0),
        ("pipe", b'6', None, 0),
        ("char", b'3', None, 0),
        ("block", b'4', None, 0),
        ("odd", b'7', None, 1),
    ];
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(path, kind, to, size)| (path.to_owned(), kind, to, size))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn raw_entries_are_not_in_paths_json() {
    let (_, index) = empty()
        .raw_entry("unlisted", RawEntry::file("x"))
        .info_entries()
        .into_iter()
        .find(|(path, _)| path == "info/paths.json")
        .unwrap();
    let RawEntry::File { content, .. } = index else {
        panic!("a file")
    };
    assert!(!String::from_utf8(content).unwrap().contains("unlisted"));
}

#[test]
fn a_bomb_is_small_on_disk() {
    let bomb = empty()
        .raw_entry("zeros", RawEntry::Zeros(8 << 20))
        .build(Format::Conda);
    assert!(bomb.bytes.len() < 64 << 10, "{} bytes", bomb.bytes.len());
}

#[test]
fn a_lying_paths_json_takes_the_place_of_the_true_one() {
    let dir = tempfile::tempdir().unwrap();
    let package = empty()
        .file("true", "")
        .info_file("info/paths.json", "{}")
        .build(Format::Conda);
    read::extract_conda_via_streaming(package.bytes.as_slice(), dir.path()).unwrap();
    assert_eq!(
        std::fs::read_to_string(dir.path().join("info/paths.json")).unwrap(),
        "{}"
    );
}

#[test]
fn malformed_archives_are_refused() {
    let whole = empty().file("a", "a").conda_members();
    let mut missing = whole.clone();
    missing.retain(|member| !member.name.starts_with("info-"));
    let mut damaged = whole.clone();
    damaged[2].crc32 = Some(0);
    extracts(&zip(&whole)).unwrap();
    for (what, members) in [("no info", missing), ("wrong check sum", damaged)] {
        assert!(extracts(&zip(&members)).is_err(), "{what}");
    }
}

#[test]
fn deflated_members_hold_what_stored_ones_hold() {
    let whole = empty().file("a", "a").conda_members();
    let deflated = whole
        .iter()
        .map(|member| ZipMember {
            method: Method::Deflated,
            ..member.clone()
        })
        .collect::<Vec<_>>();
    assert_ne!(zip(&deflated), zip(&whole));
    extracts(&zip(&deflated)).unwrap();
}

fn extracts(bytes: &[u8]) -> Result<(), String> {
    let dir = tempfile::tempdir().unwrap();
    let result = read::extract_conda_via_buffering(std::io::Cursor::new(bytes), dir.path());
    result.map_err(|error| error.to_string())?;
    let complete = dir.path().join("info/index.json").exists();
    complete.then_some(()).ok_or_else(|| "no info".to_owned())
}

#[test]
fn loose_parts_make_an_archive() {
    let info = [("info/index.json".to_owned(), RawEntry::file("{}"))];
    let bytes = conda_archive("other-1-0", &info, &[]);
    let mut zipped = zip_names(&bytes);
    zipped.sort();
    assert_eq!(
        zipped,
        [
            "info-other-1-0.tar.zst",
            "metadata.json",
            "pkg-other-1-0.tar.zst"
        ]
    );
    assert_eq!(metadata_json(3), b"{\"conda_pkg_format_version\": 3}");
}

#[test]
fn new_bytes_get_new_digests() {
    let package = empty().build(Format::Conda);
    let (sha256, md5) = (package.sha256.clone(), package.md5.clone());
    let changed = package.with_bytes(b"other".to_vec());
    assert_ne!(changed.sha256, sha256);
    assert_ne!(changed.md5, md5);
    assert_eq!(changed.record["sha256"], changed.sha256);
    assert_eq!(changed.record["md5"], changed.md5);
    assert_eq!(changed.record["size"], 5);
}

fn zip_names(bytes: &[u8]) -> Vec<String> {
    let mut archive = zip_reader::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let names = (0..archive.len()).map(|index| {
        let mut member = archive.by_index(index).unwrap();
        // Reading to the end checks the member's check sum.
        member.read_to_end(&mut Vec::new()).unwrap();
        member.name().unwrap().into_owned()
    });
    names.collect()
}
