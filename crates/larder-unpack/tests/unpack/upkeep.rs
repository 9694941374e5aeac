//! All trees at once: listing, collecting, sweeping.

use std::{
    collections::HashSet,
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use crate::support::{Workshop, sha256};
use larder_digest::Sha256;
use larder_testkit::{Format, PackageBuilder};
use larder_unpack::{Trees, TreesOptions};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn make(workshop: &Workshop, name: &str) -> Sha256 {
    let built = PackageBuilder::new(name, "1.0", "0")
        .file("share/text", "text")
        .build(Format::Conda);
    workshop.create_built(&built).unwrap();
    sha256(&built.bytes)
}

/// The same trees at another time.
fn at(workshop: &Workshop, now: SystemTime) -> Trees {
    let options = TreesOptions {
        boot_id: Some("one".into()),
        now: Some(now),
    };
    Trees::open(&workshop.root(), options).unwrap()
}

fn dists(trees: &[larder_unpack::ListedTree]) -> Vec<&str> {
    let mut dists: Vec<&str> = trees.iter().filter_map(|t| t.dist.as_deref()).collect();
    dists.sort_unstable();
    dists
}

#[test]
fn every_tree_is_listed_with_its_name_and_size() {
    let workshop = Workshop::new();
    assert_eq!(workshop.trees.list().unwrap(), []);
    let one = make(&workshop, "one");
    make(&workshop, "two");
    fs::write(workshop.root().join("ab"), "a file").unwrap();
    fs::create_dir_all(workshop.root().join("cd/no-digest")).unwrap();
    let listed = workshop.trees.list().unwrap();
    assert_eq!(dists(&listed), ["one-1.0-0", "two-1.0-0"]);
    assert!(listed.iter().all(|tree| tree.size == 4));
    assert!(listed.iter().any(|tree| tree.sha256 == one));
}

#[test]
fn a_tree_whose_index_is_damaged_is_listed_too() {
    let workshop = Workshop::new();
    let one = make(&workshop, "one");
    let hex = one.to_hex();
    let index = workshop.root().join(&hex[..2]).join(&hex).join("index");
    fs::remove_file(index).unwrap();
    let listed = workshop.trees.list().unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].sha256, listed[0].dist.as_deref()), (one, None));
}

#[test]
fn what_is_needed_or_was_used_stays_and_the_rest_is_collected() {
    let workshop = Workshop::new();
    let [kept, used, _unused] = ["kept", "used", "unused"].map(|name| make(&workshop, name));
    let later = SystemTime::now() + 10 * DAY;
    // Two uses: the first is noted.
    for _ in 0..2 {
        at(&workshop, later).get(&used).unwrap().unwrap();
    }
    let keep = HashSet::from([kept]);
    let now = later + DAY;
    let unneeded = workshop.trees.unneeded(&keep, 5 * DAY, now).unwrap();
    assert_eq!(dists(&unneeded), ["unused-1.0-0"]);
    let removed = workshop.trees.collect(&keep, 5 * DAY, now).unwrap();
    assert_eq!(removed, unneeded);
    let left = workshop.trees.list().unwrap();
    assert_eq!(dists(&left), ["kept-1.0-0", "used-1.0-0"]);
    let removed = workshop.trees.collect(&keep, Duration::ZERO, now).unwrap();
    assert_eq!(dists(&removed), ["used-1.0-0"]);
    assert_eq!(workshop.leftovers(), [""; 0]);
}

#[test]
fn what_killed_processes_left_is_swept_by_age() {
    let workshop = Workshop::new();
    make(&workshop, "one");
    let left = workshop.root().join("tmp/4711-abcdef");
    fs::create_dir_all(left.join("new/one-1.0-0/info")).unwrap();
    let now = SystemTime::now();
    let sweep = |now| workshop.trees.sweep_abandoned(DAY, now).unwrap();
    assert_eq!(sweep(now), 0);
    assert!(left.exists());
    assert_eq!(sweep(now + 2 * DAY), 1);
    assert!(!Path::new(&left).exists());
    assert_eq!(workshop.trees.list().unwrap().len(), 1);
}
