//! The store's `format`, and a file of `roots/`.
#![no_main]

use std::{fs, sync::LazyLock};

use larder_fuzz::directory;
use larder_store::{Store, StoreOptions};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

static FORMAT: LazyLock<TempDir> = LazyLock::new(directory);
static ROOTS: LazyLock<TempDir> = LazyLock::new(directory);

fuzz_target!(|bytes: &[u8]| {
    let options = StoreOptions::default();
    fs::write(FORMAT.path().join("format"), bytes).expect("written");
    let _ = Store::open(FORMAT.path(), &options);
    let store = Store::open(ROOTS.path(), &options).expect("a store");
    let name = format!("{}.json", "a".repeat(64));
    fs::create_dir_all(ROOTS.path().join("roots")).expect("a directory");
    fs::write(ROOTS.path().join("roots").join(name), bytes).expect("written");
    let _ = store.read_roots();
});
