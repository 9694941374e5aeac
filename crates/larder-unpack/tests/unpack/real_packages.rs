//! Every real package of the shared channel, unpacked and compared with its own digests.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use larder_digest::{Hasher, Sha256};
use larder_unpack::{Archive, Limits, Tree, Trees, TreesOptions, split_file_name};

fn real_archives() -> Vec<PathBuf> {
    let Some(data) = larder_testkit::shared_data() else {
        println!("skipped: no shared data");
        return Vec::new();
    };
    let mut archives = Vec::new();
    for subdir in ["linux-64", "noarch"] {
        for entry in std::fs::read_dir(data.join("channel").join(subdir)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if name.ends_with(".conda") || name.ends_with(".tar.bz2") {
                archives.push(path);
            }
        }
    }
    archives.sort();
    archives
}

fn sha256_of(path: &Path) -> Sha256 {
    let mut hasher = Hasher::sha256();
    hasher.update(&std::fs::read(path).unwrap());
    hasher.finish().sha256
}

fn trees_in(directory: &Path) -> Trees {
    let options = TreesOptions {
        boot_id: Some("this boot".into()),
        now: None,
    };
    Trees::open(directory, options).unwrap()
}

fn create(trees: &Trees, path: &Path, sha256: &Sha256) -> Tree {
    let name = path.file_name().unwrap().to_str().unwrap();
    let (expected, kind) = split_file_name(name).unwrap();
    let file = File::open(path).unwrap();
    let archive = Archive::new(file, kind, &expected.dist(), Limits::default()).unwrap();
    trees.create(sha256, archive, &expected, None).unwrap()
}

#[test]
fn every_real_package_becomes_a_tree_whose_files_have_their_digests() {
    let names: Vec<(PathBuf, Sha256)> = real_archives()
        .into_iter()
        .map(|path| (path.clone(), sha256_of(&path)))
        .collect();
    let directory = tempfile::tempdir().unwrap();
    let trees = trees_in(directory.path());

    let start = Instant::now();
    let next = AtomicUsize::new(0);
    let made = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((path, sha256)) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let tree = create(&trees, path, sha256);
                    made.lock().unwrap().push(tree);
                }
            });
        }
    });
    println!("{} trees, 2 threads: {:?}", names.len(), start.elapsed());

    let start = Instant::now();
    let found: Vec<Tree> = names
        .iter()
        .map(|(_, sha256)| trees.get(sha256).unwrap().unwrap())
        .collect();
    let paths: usize = found.iter().map(|tree| tree.info.paths.len()).sum();
    println!("indexes of {paths} paths: {:?}", start.elapsed());
    let made = made.into_inner().unwrap();
    assert_eq!(made.len(), found.len());
    assert!(made.iter().all(|tree| found.contains(tree)));

    let start = Instant::now();
    for tree in &found {
        assert_eq!(tree.verify().unwrap(), larder_unpack::Checkup::default());
        assert!(tree.root.join("info/index.json").is_file());
    }
    println!("digests compared: {:?}", start.elapsed());
    let left = std::fs::read_dir(directory.path().join("tmp")).unwrap();
    assert_eq!(left.count(), 0);
}
