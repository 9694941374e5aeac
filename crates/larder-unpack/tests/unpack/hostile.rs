//! The table of hostile archives: each is refused with an error that names package and entry, nothing
//! is written outside, nothing is left behind.

use crate::support::{Workshop, chain};
use larder_testkit::{
    BuiltPackage, Format, PackageBuilder, RawEntry, ZipMember, compress_bz2, compress_zstd,
    metadata_json, tar, zip,
};
use larder_unpack::{Limits, OutsideLinks};

const FORMATS: [Format; 2] = [Format::Conda, Format::TarBz2];

fn evil() -> PackageBuilder {
    PackageBuilder::new("evil", "1.0", "0").file("share/ok", "fine")
}

fn refused(workshop: &Workshop, package: &BuiltPackage, needles: &[&str]) {
    let before = workshop.listing();
    let error = workshop.create_built(package).unwrap_err();
    let text = chain(&error);
    for needle in ["evil-1.0-0"].iter().chain(needles) {
        assert!(text.contains(needle), "no {needle:?} in: {text}");
    }
    assert_eq!(workshop.leftovers(), [""; 0], "{text}");
    let after: Vec<String> = workshop
        .listing()
        .into_iter()
        .filter(|line| line.contains("share/ok"))
        .collect();
    assert!(after.is_empty(), "{after:?} beside {before:?}");
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

fn file() -> RawEntry {
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
fn contents_that_disagree_with_paths_json() {
    let workshop = Workshop::new();
    let lying = |entry: &str| {
        let listed = format!(r#"{{"paths_version":1,"paths":[{entry}]}}"#);
        evil()
            .symlink("lib/link", "../share/ok")
            .directory("share/empty")
            .info_file("info/paths.json", listed)
    };
    let digest = "ab".repeat(32);
    let wrong = format!(r#"{{"_path":"share/ok","sha256":"{digest}","size_in_bytes":4}}"#);
    for (entry, path, reason) in [
        (
            r#"{"_path":"share/gone"}"#,
            "share/gone",
            "the archive lacks it",
        ),
        (
            r#"{"_path":"share/ok","path_type":"softlink"}"#,
            "share/ok",
            "listed as a symbolic link, found a file",
        ),
        (
            r#"{"_path":"lib/link"}"#,
            "lib/link",
            "listed as a file, found a symbolic link",
        ),
        (
            r#"{"_path":"share"}"#,
            "share",
            "listed as a file, found a directory",
        ),
        (
            r#"{"_path":"share/ok","path_type":"directory"}"#,
            "share/ok",
            "listed as a directory, found a file",
        ),
        (
            r#"{"_path":"share/ok","size_in_bytes":5}"#,
            "share/ok",
            "expected 5 bytes, found 4",
        ),
        (&wrong, "share/ok", "expected sha256:abab"),
        (
            r#"{"_path":"../sentinel"}"#,
            "../sentinel",
            "component `..`",
        ),
        (
            r#"{"_path":"info/index.json"}"#,
            "info/index.json",
            "`info/`",
        ),
    ] {
        for format in FORMATS {
            refused(&workshop, &lying(entry).build(format), &[path, reason]);
        }
    }
}

#[test]
fn containers_that_are_no_conda() {
    let workshop = Workshop::new();
    let broken = |change: fn(Vec<ZipMember>) -> Vec<ZipMember>| {
        let bytes = zip(&change(evil().conda_members()));
        evil().build(Format::Conda).with_bytes(bytes)
    };
    refused(
        &workshop,
        &broken(|m| m[1..].to_vec()),
        &["`metadata.json` is missing"],
    );
    refused(
        &workshop,
        &broken(|m| m[..2].to_vec()),
        &["`info-*.tar.zst` is missing"],
    );
    refused(
        &workshop,
        &broken(|m| vec![m[0].clone(), m[2].clone()]),
        &["`pkg-*.tar.zst` is missing"],
    );
    refused(
        &workshop,
        &broken(|mut m| {
            m.push(ZipMember::stored("info-other-1-0.tar.zst", "x"));
            m
        }),
        &["more than one member `info-*.tar.zst`"],
    );
    refused(
        &workshop,
        &broken(|mut m| {
            m.push(m[1].clone());
            m
        }),
        &["more than one member"],
    );
    refused(
        &workshop,
        &broken(|mut m| {
            m.extend((0..20).map(|n| ZipMember::stored(format!("x{n}"), "")));
            m
        }),
        &["23 members"],
    );
    refused(
        &workshop,
        &broken(|mut m| {
            m[0].content = b"[]".to_vec();
            m
        }),
        &["`metadata.json` is not valid"],
    );
    let not_a_zip = evil().build(Format::Conda).with_bytes(b"PK no".to_vec());
    refused(&workshop, &not_a_zip, &["cannot be read as a ZIP file"]);
}

#[test]
fn cep35_03_missing_members_and_compressed_ones_are_refused_by_name() {
    let workshop = Workshop::new();
    for deflated in 0..3 {
        let mut members = evil().conda_members();
        let name = members[deflated].name.clone();
        members[deflated] = ZipMember::deflated(name.clone(), members[deflated].content.clone());
        let package = evil().build(Format::Conda).with_bytes(zip(&members));
        refused(&workshop, &package, &[&name, "compressed"]);

        members.remove(deflated);
        let package = evil().build(Format::Conda).with_bytes(zip(&members));
        refused(&workshop, &package, &["is missing", &name[..4]]);
    }
}

#[test]
fn cep35_04_inner_names_agree() {
    let workshop = Workshop::new();
    let renamed = |from: &str| {
        let mut members = evil().conda_members();
        for member in &mut members {
            if member.name.starts_with(from) {
                member.name = member.name.replace("evil-1.0-0", "other-2.0-1");
            }
        }
        evil().build(Format::Conda).with_bytes(zip(&members))
    };
    for from in ["info-", "pkg-"] {
        refused(&workshop, &renamed(from), &["evil-1.0-0", "other-2.0-1"]);
    }
    refused(
        &workshop,
        &renamed(""),
        &["named for `other-2.0-1`, expected `evil-1.0-0`"],
    );
}

#[test]
fn cep35_05_the_pkg_tarball_cannot_replace_metadata() {
    let workshop = Workshop::new();
    let mut package = evil().package_entries();
    package.push(("info/index.json".into(), RawEntry::file("{}")));
    let bytes = larder_testkit::conda_archive("evil-1.0-0", &evil().info_entries(), &package);
    let built = evil().build(Format::Conda).with_bytes(bytes);
    refused(
        &workshop,
        &built,
        &["`info/index.json`", "no place in the pkg tarball"],
    );

    let mut info = evil().info_entries();
    info.push(("bin/evil".into(), file()));
    let bytes = larder_testkit::conda_archive("evil-1.0-0", &info, &evil().package_entries());
    let built = evil().build(Format::Conda).with_bytes(bytes);
    refused(&workshop, &built, &["`bin/evil`", "may hold only `info/`"]);
}

#[test]
fn cep35_06_another_format_version_is_refused() {
    let workshop = Workshop::new();
    let mut members = evil().conda_members();
    members[0].content = metadata_json(3);
    let package = evil().build(Format::Conda).with_bytes(zip(&members));
    refused(
        &workshop,
        &package,
        &["`conda_pkg_format_version` is 3, expected 2"],
    );
}

#[test]
fn bombs_are_stopped_by_each_limit() {
    let mut workshop = Workshop::new();
    let small = |limits: Limits| Limits {
        outside_links: OutsideLinks::Refuse,
        ..limits
    };
    let default = Limits::default;
    for (limits, reason) in [
        (
            Limits {
                entries: 3,
                ..default()
            },
            "more than 3 entries",
        ),
        (
            Limits {
                entry_bytes: 1000,
                ..default()
            },
            "more than 1000 bytes in one entry",
        ),
        (
            Limits {
                total_bytes: 9000,
                ..default()
            },
            "more than 9000 decompressed bytes",
        ),
        (
            Limits {
                info_bytes: 50,
                ..default()
            },
            "more than 50 bytes below `info/`",
        ),
    ] {
        workshop.limits = small(limits);
        for format in FORMATS {
            let package = evil()
                .raw_entry("zeros", RawEntry::Zeros(300_000))
                .build(format);
            refused(&workshop, &package, &[reason]);
        }
    }
    workshop.limits = default();
    let bomb = evil()
        .raw_entry("zeros", RawEntry::Zeros(Limits::RATIO_FLOOR + 1_000_000))
        .build(Format::Conda);
    refused(
        &workshop,
        &bomb,
        &["`zeros`", "more than 1000 decompressed bytes per"],
    );
}

#[test]
fn archives_that_end_early_or_are_garbled() {
    let workshop = Workshop::new();
    for format in FORMATS {
        let package = evil().file("bin/x", vec![7; 100_000]).build(format);
        let mut bytes = package.bytes.clone();
        bytes.truncate(bytes.len() / 2);
        refused(&workshop, &package.clone().with_bytes(bytes), &[]);
    }
    let mut cut = tar(&evil().tar_entries());
    cut.truncate(700);
    let package = evil().build(Format::TarBz2).with_bytes(compress_bz2(&cut));
    refused(
        &workshop,
        &package,
        &["info/index.json", "ends inside this entry"],
    );
}

#[test]
fn cep34_01_an_archive_without_index_json_is_refused_by_name() {
    let workshop = Workshop::new();
    for format in FORMATS {
        let package = evil().without_info_file("info/index.json").build(format);
        refused(
            &workshop,
            &package,
            &["no valid `info/index.json`", "missing"],
        );
    }
}

#[test]
fn cep34_02_an_archive_of_another_package_is_refused() {
    let workshop = Workshop::new();
    for (key, value, reason) in [
        ("name", "other", "has name `other`, expected `evil`"),
        ("version", "1.1", "has version `1.1`, expected `1.0`"),
        ("build", "1", "has build `1`, expected `0`"),
    ] {
        for format in FORMATS {
            let package = evil().index_extra(key, value.into()).build(format);
            refused(&workshop, &package, &["another package", reason]);
        }
    }
    for bad in ["{}", "[]", "{\"name\": \"evil\"", "\u{feff}{}"] {
        let package = evil()
            .info_file("info/index.json", bad)
            .build(Format::Conda);
        refused(
            &workshop,
            &package,
            &["`info/index.json`", "cannot be parsed"],
        );
    }
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
