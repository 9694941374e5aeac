//! What becomes of trees that are not as they were made.

use std::{fs, os::unix::fs::MetadataExt as _, path::Path};

use crate::support::{Workshop, sha256};
use larder_testkit::{BuiltPackage, Format, PackageBuilder};
use larder_unpack::{Checkup, Damage, Lookup, Tree};

fn built() -> BuiltPackage {
    PackageBuilder::new("demo", "1.0", "h1_0")
        .file("share/text", "text")
        .file("share/deep/other", "other")
        .executable("bin/run", "#!/bin/sh\n")
        .symlink("lib/link", "../share/text")
        .directory("share/empty")
        .build(Format::Conda)
}

fn remake(workshop: &Workshop, built: &BuiltPackage) -> Tree {
    let (archive, expected) = workshop.open(&built.file_name, &built.bytes).unwrap();
    let digest = sha256(&built.bytes);
    workshop
        .trees
        .remake(&digest, archive, &expected, None)
        .unwrap()
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn set_time(path: &Path) {
    let file = fs::File::options().append(true).open(path).unwrap();
    file.set_modified(std::time::UNIX_EPOCH).unwrap();
}

/// What names a damage, and how to do it.
type Case = (&'static str, fn(&Path));

/// Damages to the files of a tree.
fn damages() -> [Case; 8] {
    [
        ("0 bytes", |root| {
            fs::write(root.join("share/text"), "").unwrap();
        }),
        ("has sha256:", |root| {
            fs::write(root.join("share/text"), "tExt").unwrap();
        }),
        ("`bin/run` is missing", |root| {
            fs::remove_file(root.join("bin/run")).unwrap();
        }),
        ("`share/deep/other` is missing", |root| {
            fs::remove_dir_all(root.join("share/deep")).unwrap();
        }),
        ("mode 0604", |root| {
            set_mode(&root.join("share/text"), 0o604);
        }),
        ("kind of thing", |root| {
            fs::remove_file(root.join("share/text")).unwrap();
            std::os::unix::fs::symlink("other", root.join("share/text")).unwrap();
        }),
        ("kind of thing", |root| {
            fs::remove_file(root.join("share/text")).unwrap();
            fs::create_dir(root.join("share/text")).unwrap();
        }),
        ("is missing", |root| fs::remove_dir_all(root).unwrap()),
    ]
}

/// Damages to what is beside the files.
fn index_damages() -> [fn(&Path); 4] {
    [
        |index| fs::write(index, "").unwrap(),
        |index| fs::remove_file(index).unwrap(),
        |index| {
            fs::remove_file(index).unwrap();
            fs::create_dir(index).unwrap();
        },
        |index| {
            let mut bytes = fs::read(index).unwrap();
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            fs::write(index, bytes).unwrap();
        },
    ]
}

fn is_whole(workshop: &Workshop, built: &BuiltPackage) -> bool {
    let tree = workshop.trees.get(&sha256(&built.bytes)).unwrap();
    tree.is_some_and(|tree| tree.verify().unwrap() == Checkup::default())
        && workshop.leftovers().is_empty()
}

#[test]
fn a_damaged_file_is_found_at_its_next_use_and_named() {
    for (word, damage) in damages() {
        let workshop = Workshop::new();
        let built = built();
        let tree = workshop.create_built(&built).unwrap();
        assert_eq!(tree.check().unwrap(), Checkup::default());
        damage(&tree.root);
        let found = tree.check().unwrap().damages;
        assert!(found[0].to_string().contains(word), "{word}: {found:?}");
        remake(&workshop, &built);
        assert!(is_whole(&workshop, &built), "{word}");
    }
}

#[test]
fn after_a_restart_every_tree_is_compared_before_its_first_use() {
    for (word, damage) in damages() {
        let mut workshop = Workshop::new();
        let built = built();
        let tree = workshop.create_built(&built).unwrap();
        damage(&tree.root);
        workshop.reboot(Some("later"));
        assert_eq!(workshop.trees.get(&sha256(&built.bytes)).unwrap(), None);
        workshop.create_built(&built).unwrap();
        assert!(is_whole(&workshop, &built), "{word}");
    }
}

#[test]
fn a_damaged_index_counts_as_no_tree_and_both_are_made_again() {
    for damage in index_damages() {
        let workshop = Workshop::new();
        let built = built();
        let digest = sha256(&built.bytes);
        let tree = workshop.create_built(&built).unwrap();
        damage(&tree.root.parent().unwrap().join("index"));
        let found = workshop.trees.look(&digest).unwrap();
        assert_eq!(found, Lookup::Damaged(Damage::Index));
        assert_eq!(
            workshop.trees.verify(&digest).unwrap().unwrap().damages,
            [Damage::Index]
        );
        workshop.create_built(&built).unwrap();
        assert!(is_whole(&workshop, &built));
    }
}

#[test]
fn an_index_of_another_version_is_no_damage() {
    let workshop = Workshop::new();
    let built = built();
    let digest = sha256(&built.bytes);
    let tree = workshop.create_built(&built).unwrap();
    let index = tree.root.parent().unwrap().join("index");
    fs::write(index, "larder tree 1\nwhatever").unwrap();
    assert_eq!(workshop.trees.look(&digest).unwrap(), Lookup::Absent);
    workshop.create_built(&built).unwrap();
    assert!(is_whole(&workshop, &built));
}

#[test]
fn a_touched_file_is_read_once_and_then_known() {
    let workshop = Workshop::new();
    let built = built();
    let digest = sha256(&built.bytes);
    let tree = workshop.create_built(&built).unwrap();
    set_time(&tree.root.join("share/text"));
    let checkup = tree.check().unwrap();
    assert_eq!((checkup.damages.len(), checkup.touched.len()), (0, 1));
    workshop.trees.restamp(&digest).unwrap();
    let tree = workshop.trees.get(&digest).unwrap().unwrap();
    assert_eq!(tree.check().unwrap(), Checkup::default());
}

#[test]
fn a_damaged_tree_is_not_restamped() {
    let workshop = Workshop::new();
    let built = built();
    let digest = sha256(&built.bytes);
    let tree = workshop.create_built(&built).unwrap();
    set_time(&tree.root.join("bin/run"));
    fs::write(tree.root.join("share/text"), "tExt").unwrap();
    workshop.trees.restamp(&digest).unwrap();
    let tree = workshop.trees.get(&digest).unwrap().unwrap();
    assert_eq!(tree.check().unwrap().damages.len(), 1);
}

/// An environment that has linked a damaged file keeps it; others get another inode.
#[test]
fn a_tree_that_is_made_again_shares_nothing_with_the_old_one() {
    let workshop = Workshop::new();
    let built = built();
    let tree = workshop.create_built(&built).unwrap();
    let environment = workshop.root().join("linked");
    fs::hard_link(tree.root.join("share/text"), &environment).unwrap();
    fs::write(&environment, "edited").unwrap();
    let tree = remake(&workshop, &built);
    let inode = |path: &Path| fs::metadata(path).unwrap().ino();
    assert_ne!(inode(&environment), inode(&tree.root.join("share/text")));
    assert_eq!(fs::read_to_string(environment).unwrap(), "edited");
    assert!(is_whole(&workshop, &built));
}

#[test]
fn extra_files_go_when_a_tree_is_made_again() {
    let workshop = Workshop::new();
    let built = built();
    let tree = workshop.create_built(&built).unwrap();
    let extra = tree.root.join("share/extra");
    fs::write(&extra, "").unwrap();
    assert_eq!(tree.check().unwrap(), Checkup::default());
    remake(&workshop, &built);
    assert!(!extra.exists());
}

/// What leaves size and time alone: a bad disk, or somebody who sets the time back.
#[test]
fn bit_rot_is_found_once_per_boot_and_when_all_is_verified() {
    let mut workshop = Workshop::new();
    let built = built();
    let digest = sha256(&built.bytes);
    let tree = workshop.create_built(&built).unwrap();
    let rot = |tree: &Tree, text: &str| {
        let path = tree.root.join("share/text");
        let time = fs::metadata(&path).unwrap().modified().unwrap();
        fs::write(&path, text).unwrap();
        let file = fs::File::options().append(true).open(&path).unwrap();
        file.set_modified(time).unwrap();
    };
    rot(&tree, "tExt");
    assert_eq!(tree.check().unwrap(), Checkup::default());
    assert_eq!(workshop.trees.get(&digest).unwrap(), Some(tree.clone()));
    let verified = workshop.trees.verify(&digest).unwrap().unwrap();
    assert!(matches!(&verified.damages[..], [Damage::Sha256 { .. }]));
    rot(&tree, "text");
    workshop.reboot(Some("two"));
    assert_eq!(workshop.trees.get(&digest).unwrap(), Some(tree.clone()));
    rot(&tree, "tExt");
    assert_eq!(workshop.trees.get(&digest).unwrap(), Some(tree));
    workshop.reboot(Some("three"));
    assert_eq!(workshop.trees.get(&digest).unwrap(), None);
}

#[test]
fn without_a_boot_id_stamps_are_all_there_is() {
    let workshop = Workshop::in_boot(None);
    let built = built();
    let digest = sha256(&built.bytes);
    let tree = workshop.create_built(&built).unwrap();
    assert!(workshop.trees.get(&digest).unwrap().is_some());
    fs::write(tree.root.join("share/text"), "").unwrap();
    let tree = workshop.trees.get(&digest).unwrap().unwrap();
    assert!(matches!(
        &tree.check().unwrap().damages[..],
        [Damage::Size { .. }]
    ));
    workshop.create_built(&built).unwrap();
    assert!(is_whole(&workshop, &built));
}
