//! The index of a tree.
#![no_main]

use std::{fs, sync::LazyLock};

use larder_fuzz::{directory, sha256};
use larder_unpack::{Trees, TreesOptions};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

static ROOT: LazyLock<TempDir> = LazyLock::new(directory);

fuzz_target!(|bytes: &[u8]| {
    let options = TreesOptions {
        boot_id: Some("one".to_owned()),
        now: None,
    };
    let trees = Trees::open(ROOT.path(), options).expect("trees");
    let digest = sha256(b"the same each time");
    let hex = digest.to_hex();
    let directory = ROOT.path().join(&hex[..2]).join(&hex);
    fs::create_dir_all(directory.join("p-1-0/info")).expect("a directory");
    fs::write(directory.join("index"), bytes).expect("written");
    let _ = trees.get(&digest);
});
