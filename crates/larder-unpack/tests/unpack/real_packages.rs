//! Every real package of the shared channel, unpacked and compared with its own digests.

use std::{fs::File, path::PathBuf, time::Instant};

use larder_digest::{Hasher, Sha256};
use larder_unpack::{Archive, Limits, Trees, TreesOptions, split_file_name};

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

fn sha256_of(path: &PathBuf) -> Sha256 {
    let mut hasher = Hasher::sha256();
    hasher.update(&std::fs::read(path).unwrap());
    hasher.finish().sha256
}

#[test]
fn every_real_package_becomes_a_tree_whose_files_have_their_digests() {
    let archives = real_archives();
    let directory = tempfile::tempdir().unwrap();
    let trees = Trees::open(directory.path(), TreesOptions::default()).unwrap();
    let names: Vec<(PathBuf, Sha256)> = archives
        .into_iter()
        .map(|path| (path.clone(), sha256_of(&path)))
        .collect();

    let start = Instant::now();
    let mut files = 0;
    for (path, sha256) in &names {
        let name = path.file_name().unwrap().to_str().unwrap();
        let (expected, kind) = split_file_name(name).unwrap();
        let file = File::open(path).unwrap();
        let archive = Archive::new(file, kind, &expected.dist(), Limits::default()).unwrap();
        let tree = trees.create(sha256, archive, &expected, None).unwrap();
        files += tree.info.paths.len();
    }
    println!(
        "{} packages, {files} paths: {:?}",
        names.len(),
        start.elapsed()
    );

    let start = Instant::now();
    let found: Vec<_> = names
        .iter()
        .map(|(_, sha256)| trees.get(sha256).unwrap().unwrap())
        .collect();
    println!("indexes read and sizes compared: {:?}", start.elapsed());
    let start = Instant::now();
    for tree in &found {
        assert_eq!(tree.verify().unwrap(), []);
        assert!(tree.root.join("info/index.json").is_file());
    }
    println!("digests compared: {:?}", start.elapsed());
    let left = std::fs::read_dir(directory.path().join("tmp")).unwrap();
    assert_eq!(left.count(), 0);
}
