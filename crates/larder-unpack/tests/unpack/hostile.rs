//! The table of hostile archives: each is refused with an error that names package and entry, nothing
//! is written outside, nothing is left behind.

use crate::support::{Workshop, chain};
use larder_testkit::{
    BuiltPackage, Format, PackageBuilder, RawEntry, ZipMember, compress_zstd, tar, zip,
};
use larder_unpack::OutsideLinks;

pub(crate) const FORMATS: [Format; 2] = [Format::Conda, Format::TarBz2];

pub(crate) fn evil() -> PackageBuilder {
    PackageBuilder::new("evil", "1.0", "0").file("share/ok", "fine")
}

pub(crate) fn refused(workshop: &Workshop, package: &BuiltPackage, needles: &[&str]) {
    let error = workshop.create_built(package).unwrap_err();
    let text = chain(&error);
    for needle in ["evil-1.0-0"].iter().chain(needles) {
        assert!(text.contains(needle), "no {needle:?} in: {text}");
    }
    assert_eq!(workshop.leftovers(), [""; 0], "{text}");
    let trees = workshop.listing();
    assert!(!trees.iter().any(|line| line.contains("evil")), "{trees:?}");
}

type Case = (Vec<(&'static str, RawEntry)>, &'static str, &'static str);

fn run(cases: Vec<Case>) {
    let workshop = Workshop::new();
    for (entries, entry, reason) in cases {
        for format in FORMATS {
            let package = entries
                .iter()
                .fold(evil(), |package, (path, entry)| {
                    package.raw_entry(path, entry.clone())
                })
                .build(format);
            refused(&workshop, &package, &[&format!("`{entry}`"), reason]);
        }
    }
}

pub(crate) fn file() -> RawEntry {
    RawEntry::file("evil")
}

fn symlink(target: &str) -> RawEntry {
    RawEntry::Symlink(target.into())
}

fn hard_link(target: &str) -> RawEntry {
    RawEntry::HardLink(target.into())
}

#[test]
fn names_that_lead_out() {
    run(vec![
        (vec![("../evil", file())], "../evil", "component `..`"),
        (
            vec![("share/../../../../evil", file())],
            "share/../../../../evil",
            "component `..`",
        ),
        (vec![("./../evil", file())], "./../evil", "component `..`"),
        (vec![("/tmp/evil", file())], "/tmp/evil", "absolute"),
        (vec![(".//tmp/evil", file())], ".//tmp/evil", "absolute"),
        (vec![("C:/evil", file())], "C:/evil", "drive"),
        (vec![("..\\evil", file())], "..\\\\evil", "backslash"),
        (vec![("a//b", file())], "a//b", "empty component"),
        (vec![("a/./b", file())], "a/./b", "component `.`"),
        (
            vec![("a\u{1b}[2J", file())],
            "a\\u{1b}[2J",
            "control character",
        ),
        (
            vec![("..", RawEntry::Directory(0o755))],
            "..",
            "component `..`",
        ),
        (vec![("", file())], "", "empty"),
        (vec![(".", file())], ".", "empty"),
    ]);
}

#[test]
fn names_that_are_too_long() {
    let (component, path) = ("c".repeat(256), "d/".repeat(600) + "x");
    let workshop = Workshop::new();
    for (name, format) in [(&component, FORMATS[0]), (&path, FORMATS[1])] {
        let package = evil().raw_entry(name, file()).build(format);
        refused(&workshop, &package, &[name, "too long"]);
    }
}

#[test]
fn names_that_are_not_utf8() {
    let workshop = Workshop::new();
    let entries: Vec<_> = evil().raw_entry("share/caf?", file()).package_entries();
    let bytes = with_name(tar(&entries), b"share/caf?", b"share/caf\xe9");
    let members = evil()
        .conda_members()
        .into_iter()
        .map(|member| match member.name.starts_with("pkg-") {
            true => ZipMember::stored(member.name, compress_zstd(&bytes)),
            false => member,
        })
        .collect::<Vec<_>>();
    let package = evil().build(Format::Conda).with_bytes(zip(&members));
    refused(&workshop, &package, &["`share/caf\u{fffd}`", "not UTF-8"]);
}

/// Replaces a member's name and mends the checksum of its header.
fn with_name(mut archive: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = archive
        .windows(from.len())
        .position(|window| window == from)
        .unwrap();
    archive[at..at + to.len()].copy_from_slice(to);
    let mut header = tar::Header::new_old();
    header
        .as_mut_bytes()
        .copy_from_slice(&archive[at..at + 512]);
    header.set_cksum();
    archive[at..at + 512].copy_from_slice(header.as_bytes());
    archive
}

#[test]
fn symbolic_links_that_lead_out() {
    run(vec![
        (
            vec![("lib/x", symlink("/etc/passwd"))],
            "lib/x",
            "leads out",
        ),
        (vec![("lib/x", symlink("../../etc"))], "lib/x", "leads out"),
        (vec![("x", symlink(".."))], "x", "leads out"),
        (vec![("lib/x", symlink("C:/evil"))], "lib/x", "leads out"),
        (
            vec![("lib/x", symlink("..\\..\\evil"))],
            "lib/x",
            "symbolic link to nothing",
        ),
        (vec![("lib/x", symlink(""))], "lib/x", ""),
        // Out through another link, whichever comes first.
        (
            vec![
                ("a/b/up", symlink("../..")),
                ("x", symlink("a/b/up/../etc")),
            ],
            "x",
            "leads out",
        ),
        (
            vec![
                ("x", symlink("a/b/up/../etc")),
                ("a/b/up", symlink("../..")),
            ],
            "x",
            "leads out",
        ),
    ]);
}

#[test]
fn nothing_is_written_through_a_link() {
    run(vec![
        (
            vec![("lib64", symlink("share")), ("lib64/evil", file())],
            "lib64/evil",
            "`lib64`, above it, is not a directory",
        ),
        (
            vec![("lib64", symlink("share")), ("lib64/a/b/evil", file())],
            "lib64/a/b/evil",
            "`lib64`, above it",
        ),
        (
            vec![("lib64", symlink("share")), ("lib64", file())],
            "lib64",
            "twice",
        ),
        (vec![("d/x", file()), ("d", symlink("share"))], "d", "twice"),
        (
            vec![("share/ok/below", file())],
            "share/ok/below",
            "`share/ok`, above it",
        ),
    ]);
}

#[test]
fn hard_links_are_to_earlier_files_only() {
    run(vec![
        (
            vec![("x", hard_link("/etc/passwd"))],
            "x",
            "`/etc/passwd`, which is no earlier file",
        ),
        (
            vec![("x", hard_link("../../../../sentinel"))],
            "x",
            "no earlier file",
        ),
        (
            vec![("x", hard_link("y")), ("y", file())],
            "x",
            "no earlier file",
        ),
        (
            vec![("d", RawEntry::Directory(0o755)), ("x", hard_link("d"))],
            "x",
            "no earlier file",
        ),
        (
            vec![("l", symlink("share/ok")), ("x", hard_link("l"))],
            "x",
            "no earlier file",
        ),
        (
            vec![("x", hard_link("info/index.json"))],
            "x",
            "no earlier file",
        ),
        (vec![("x", hard_link("x"))], "x", "no earlier file"),
    ]);
}

#[test]
fn only_files_directories_and_links() {
    run(vec![
        (vec![("x", RawEntry::Fifo)], "x", "fifo"),
        (vec![("x", RawEntry::CharDevice)], "x", "character device"),
        (vec![("x", RawEntry::BlockDevice)], "x", "block device"),
        (
            vec![("x", RawEntry::Other(b'V', Vec::new()))],
            "x",
            "not known",
        ),
        (
            vec![("x", RawEntry::Other(b'S', Vec::new()))],
            "x",
            "sparse",
        ),
        (
            vec![("x", RawEntry::Other(b'5', b"data".to_vec()))],
            "x",
            "has bytes",
        ),
    ]);
}

#[test]
fn each_path_is_there_once() {
    run(vec![
        (vec![("share/ok", file())], "share/ok", "twice"),
        (vec![("./share/ok", file())], "./share/ok", "twice"),
        (
            vec![("share/ok/", RawEntry::Directory(0o755))],
            "share/ok/",
            "twice",
        ),
        (
            vec![
                ("d", RawEntry::Directory(0o755)),
                ("d/", RawEntry::Directory(0o755)),
            ],
            "d/",
            "twice",
        ),
    ]);
}

#[test]
fn cep32_02_conda_meta_belongs_to_environments() {
    run(vec![
        (
            vec![("conda-meta/evil.json", file())],
            "conda-meta/evil.json",
            "`conda-meta/` belongs to environments",
        ),
        (
            vec![("Conda-Meta/history", file())],
            "Conda-Meta/history",
            "`conda-meta/` belongs to environments",
        ),
        (
            vec![("conda-meta", symlink("share"))],
            "conda-meta",
            "belongs to environments",
        ),
    ]);
}

#[test]
fn links_that_lead_out_can_be_kept_on_demand() {
    let mut workshop = Workshop::new();
    workshop.limits.outside_links = OutsideLinks::Keep;
    let package = evil()
        .symlink("lib/passwd", "/etc/passwd")
        .build(Format::Conda);
    let tree = workshop.create_built(&package).unwrap();
    let link = std::fs::read_link(tree.root.join("lib/passwd")).unwrap();
    assert_eq!(link.to_str(), Some("/etc/passwd"));
    // Even then nothing is written through it.
    let package = evil()
        .symlink("out", "../../../../../../..")
        .raw_entry("out/evil", file())
        .build(Format::Conda);
    refused(&Workshop::new(), &package, &["`out`"]);
}
