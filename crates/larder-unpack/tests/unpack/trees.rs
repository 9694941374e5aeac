//! Trees: what is in them, who may make them, what becomes of damaged ones.

use std::fs;

use crate::support::{Workshop, sha256};
use larder_testkit::{Format, PackageBuilder, RawEntry, tree_of};
use larder_unpack::{Checkup, Damage, PathKind, Tree};

const FORMATS: [Format; 2] = [Format::Conda, Format::TarBz2];

fn package() -> PackageBuilder {
    PackageBuilder::new("demo", "1.0", "h1_0")
        .file("share/text", "text")
        .executable("bin/run", "#!/bin/sh\n")
        .text_prefix("etc/conf", "p={{PREFIX}}\n")
        .binary_prefix("lib/bin", b"\0{{PREFIX}}/lib\0".as_slice())
        .symlink("lib/link", "../share/text")
        .symlink("lib/dangling", "nowhere")
        .directory("share/empty")
        .no_link("share/copied", "copied")
        .link_script("post-link", "exit 0\n")
}

fn entry<'a>(tree: &'a Tree, path: &str) -> &'a larder_unpack::PathEntry {
    let found = tree.info.paths.iter().find(|e| e.path.as_str() == path);
    found.unwrap_or_else(|| panic!("{path} is not listed"))
}

#[test]
fn cep35_01_both_formats_give_one_tree() {
    let workshop = Workshop::new();
    let trees: Vec<Tree> = FORMATS
        .map(|format| workshop.create_built(&package().build(format)).unwrap())
        .into();
    assert_eq!(tree_of(&trees[0].root), tree_of(&trees[1].root));
    assert_eq!(trees[0].info, trees[1].info);
    assert_ne!(trees[0].root, trees[1].root);
    assert_eq!(trees[0].root.file_name().unwrap(), "demo-1.0-h1_0");
    assert_eq!(trees[0].verify().unwrap(), Checkup::default());
}

#[test]
fn cep35_02_members_with_and_without_a_dot_and_several_streams() {
    let workshop = Workshop::new();
    let plain = package().build(Format::TarBz2);
    let dotted: Vec<_> = [("./".to_owned(), RawEntry::Directory(0o755))]
        .into_iter()
        .chain(
            package()
                .tar_entries()
                .into_iter()
                .map(|(path, entry)| (format!("./{path}"), entry)),
        )
        .collect();
    let tar = larder_testkit::tar(&dotted);
    let (one, two) = tar.split_at(tar.len() / 2);
    let streams = [
        larder_testkit::compress_bz2(one),
        larder_testkit::compress_bz2(two),
    ]
    .concat();
    let dotted = plain.clone().with_bytes(streams);
    let trees = [plain, dotted].map(|built| workshop.create_built(&built).unwrap());
    assert_eq!(tree_of(&trees[0].root), tree_of(&trees[1].root));
}

#[test]
fn metadata_may_come_last() {
    let workshop = Workshop::new();
    let built = package().info_last().build(Format::TarBz2);
    let tree = workshop.create_built(&built).unwrap();
    assert_eq!(entry(&tree, "share/text").size, 4);
}

#[test]
fn the_index_says_what_linking_needs() {
    let workshop = Workshop::new();
    let built = package().build(Format::Conda);
    workshop.create_built(&built).unwrap();
    let tree = workshop.trees.get(&sha256(&built.bytes)).unwrap().unwrap();
    assert_eq!(tree.info.index.name.as_normalized(), "demo");
    let raw: serde_json::Value = serde_json::from_str(&tree.info.index_json).unwrap();
    assert_eq!(raw["license"], "MIT");
    assert!(entry(&tree, "bin/run").executable);
    assert!(!entry(&tree, "share/text").executable);
    assert!(entry(&tree, "share/copied").no_link);
    assert_eq!(entry(&tree, "lib/link").kind, PathKind::Softlink);
    let target = entry(&tree, "lib/link").link_target.as_deref();
    assert_eq!(target, Some("../share/text"));
    assert_eq!(entry(&tree, "share/empty").kind, PathKind::Directory);
    assert_eq!(
        entry(&tree, "etc/conf").prefix.as_ref().unwrap().text.len(),
        255
    );
    assert_eq!(tree.info.link_scripts.len(), 1);
    assert_eq!(tree.verify().unwrap(), Checkup::default());
}

#[test]
fn cep34_14_links_are_not_hashed_and_changed_files_are_found() {
    let mut workshop = Workshop::new();
    let built = package().build(Format::Conda);
    let tree = workshop.create_built(&built).unwrap();
    // The digest that paths.json has for a link is that of the file it leads to.
    assert_eq!(entry(&tree, "lib/link").sha256, Some(sha256(b"text")));
    assert_eq!(tree.verify().unwrap(), Checkup::default());
    fs::write(tree.root.join("share/text"), "tExt").unwrap();
    let damage = tree.verify().unwrap().damages;
    assert!(matches!(&damage[..], [Damage::Sha256 { path, .. }] if path.as_str() == "share/text"));
    assert_eq!(tree.check().unwrap().damages, damage);
    workshop.reboot(Some("two"));
    assert_eq!(workshop.trees.get(&sha256(&built.bytes)).unwrap(), None);
}

#[test]
fn cep34_27_a_shipped_repodata_record_is_replaced() {
    let workshop = Workshop::new();
    for format in FORMATS {
        let built = package()
            .info_file("info/repodata_record.json", r#"{"sha256":"false"}"#)
            .build(format);
        let (archive, expected) = workshop.open(&built.file_name, &built.bytes).unwrap();
        let record = r#"{"url":"https://ch.test/demo"}"#.to_owned();
        let digest = sha256(&built.bytes);
        let tree = workshop
            .trees
            .create(&digest, archive, &expected, Some(record.clone()))
            .unwrap();
        let written = fs::read_to_string(tree.root.join("info/repodata_record.json")).unwrap();
        assert_eq!(written, record);

        let (mut archive, _) = workshop.open(&built.file_name, &built.bytes).unwrap();
        let info = archive.read_info().unwrap();
        assert!(info.get("info/repodata_record.json").is_none());
        assert!(info.get("info/index.json").is_some());
    }
}

#[test]
fn cep32_31_trees_are_named_by_distribution_string() {
    let workshop = Workshop::new();
    let built = package().build(Format::Conda);
    let tree = workshop.create_built(&built).unwrap();
    let name = built.sha256;
    let expected = workshop.root().join(&name[..2]).join(&name);
    assert_eq!(tree.root, expected.join("demo-1.0-h1_0"));
    assert!(tree.root.join("info/index.json").is_file());
}

#[test]
fn cep32_32_the_tree_has_the_record_that_it_was_given() {
    let workshop = Workshop::new();
    let built = package().build(Format::Conda);
    let (archive, expected) = workshop.open(&built.file_name, &built.bytes).unwrap();
    let record = built.record.to_string();
    let tree = workshop
        .trees
        .create(&sha256(&built.bytes), archive, &expected, Some(record))
        .unwrap();
    let written = fs::read(tree.root.join("info/repodata_record.json")).unwrap();
    let written: serde_json::Value = serde_json::from_slice(&written).unwrap();
    assert_eq!(written["sha256"], built.sha256);
}

#[test]
fn files_that_are_not_listed_are_not_in_the_index() {
    let workshop = Workshop::new();
    let built = package()
        .raw_entry("share/unlisted", RawEntry::file("x"))
        .build(Format::Conda);
    let tree = workshop.create_built(&built).unwrap();
    let listed = tree
        .info
        .paths
        .iter()
        .any(|e| e.path.as_str() == "share/unlisted");
    assert!(!listed && tree.root.join("share/unlisted").exists());
}

#[test]
fn legacy_archives_get_kinds_and_digests_from_their_contents() {
    let workshop = Workshop::new();
    let old = package().without_info_file("info/paths.json");
    for format in FORMATS {
        let tree = workshop.create_built(&old.clone().build(format)).unwrap();
        assert_eq!(entry(&tree, "share/text").sha256, Some(sha256(b"text")));
        assert_eq!(entry(&tree, "share/text").size, 4);
        assert_eq!(entry(&tree, "lib/link").kind, PathKind::Softlink);
        assert!(entry(&tree, "bin/run").executable);
        assert!(entry(&tree, "share/copied").no_link);
        assert!(entry(&tree, "etc/conf").prefix.is_some());
    }
}

#[test]
fn hard_links_inside_an_archive_are_files_of_their_own_name() {
    let workshop = Workshop::new();
    let listed =
        r#"{"paths_version":1,"paths":[{"_path":"share/text"},{"_path":"deep/er/again"}]}"#;
    for format in FORMATS {
        let built = package()
            .raw_entry("deep/er/again", RawEntry::HardLink("./share/text".into()))
            .info_file("info/paths.json", listed)
            .build(format);
        let tree = workshop.create_built(&built).unwrap();
        assert_eq!(fs::read(tree.root.join("deep/er/again")).unwrap(), b"text");
        assert_eq!(entry(&tree, "deep/er/again").sha256, Some(sha256(b"text")));
    }
}

#[cfg(unix)]
#[test]
fn setuid_and_other_bits_are_dropped() {
    use std::os::unix::fs::PermissionsExt as _;

    let workshop = Workshop::new();
    let content = b"x".to_vec();
    let mode = |mode| RawEntry::File {
        content: content.clone(),
        mode,
    };
    let built = package()
        .raw_entry("bin/setuid", mode(0o6755))
        .raw_entry("bin/secret", mode(0o600))
        .raw_entry("bin/readonly", mode(0o444))
        .raw_entry("locked", RawEntry::Directory(0o000))
        .raw_entry("locked/x", mode(0o644))
        .build(Format::Conda);
    let tree = workshop.create_built(&built).unwrap();
    let bits = |name: &str| {
        let metadata = fs::metadata(tree.root.join(name)).unwrap();
        metadata.permissions().mode() & 0o7777
    };
    let plain = bits("share/text");
    assert_eq!(plain & 0o7600, 0o600);
    assert_eq!(bits("bin/setuid"), bits("bin/run"));
    assert_eq!(bits("bin/run") & 0o7700, 0o700);
    assert_eq!((bits("bin/secret"), bits("bin/readonly")), (plain, plain));
    assert!(tree.root.join("locked/x").is_file());
}

#[test]
fn creators_of_one_tree_all_succeed() {
    let workshop = Workshop::new();
    let built = package()
        .file("share/more", vec![1; 200_000])
        .build(Format::Conda);
    let roots: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| workshop.create_built(&built).unwrap()))
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert!(roots.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(workshop.leftovers(), [""; 0]);
    assert_eq!(roots[0].verify().unwrap(), Checkup::default());
}

#[test]
fn a_tree_that_nobody_made_is_none() {
    let workshop = Workshop::new();
    assert_eq!(workshop.trees.get(&sha256(b"nothing")).unwrap(), None);
}

/// Bytecode that a package ships names the time of its source; Python compiles anew if they differ.
#[test]
fn python_sources_keep_their_time_so_that_shipped_bytecode_is_used() {
    let workshop = Workshop::new();
    for format in FORMATS {
        let package = package().file("lib/python3.11/x.py", "").build(format);
        let tree = workshop.create_built(&package).unwrap();
        let modified = fs::metadata(tree.root.join("lib/python3.11/x.py")).unwrap();
        let seconds = modified
            .modified()
            .unwrap()
            .duration_since(std::time::UNIX_EPOCH);
        assert_eq!(seconds.unwrap().as_secs(), larder_testkit::DEFAULT_MTIME);
    }
}
