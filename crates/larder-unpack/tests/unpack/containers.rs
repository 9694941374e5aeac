//! Hostile archives, continued: containers, metadata and sizes.

use larder_testkit::{
    Format, PackageBuilder, RawEntry, ZipMember, compress_bz2, metadata_json, tar, zip,
};
use larder_unpack::{Expected, Limits};

use crate::{
    hostile::{FORMATS, evil, file, refused},
    support::{Workshop, chain, sha256},
};

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
        workshop.limits = limits;
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
fn the_subdir_is_compared_where_it_says_something() {
    let workshop = Workshop::new();
    let create = |package: PackageBuilder, subdir| {
        let built = package.build(Format::Conda);
        let (archive, _) = workshop.open(&built.file_name, &built.bytes).unwrap();
        let expected = Expected::new("evil", "1.0", "0", Some(subdir)).unwrap();
        let digest = sha256(&built.bytes);
        workshop.trees.create(&digest, archive, &expected, None)
    };
    let error = create(evil().subdir("osx-64"), "linux-64").unwrap_err();
    assert!(chain(&error).contains("has subdir `osx-64`, expected `linux-64`"));
    assert!(create(evil().subdir("linux-64"), "linux-64").is_ok());
    // Older builders wrote the machine's subdir into noarch packages.
    assert!(create(evil().subdir("linux-64"), "noarch").is_ok());
}
