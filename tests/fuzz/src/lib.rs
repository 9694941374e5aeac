//! What several targets need: a directory in memory, and archives in it.

pub mod cache;
pub mod indexes;
pub mod packs;

use std::{
    fs::File,
    io::{Seek as _, Write as _},
    path::PathBuf,
};

use larder_digest::{Hasher, Sha256};
use larder_testkit::tree_of;
use larder_unpack::{
    Archive, ArchiveKind, Expected, Limits, Trees, TreesOptions, UnpackError,
};
use tempfile::TempDir;

/// Bounds so small that no input makes a target slow.
pub fn limits() -> Limits {
    Limits {
        entries: 1_000,
        entry_bytes: 1 << 20,
        total_bytes: 4 << 20,
        info_bytes: 1 << 20,
        ..Limits::default()
    }
}

/// A directory in the place for temporary files, which `ci/fuzz` has in memory and removes: libFuzzer ends
/// without a word to anybody.
pub fn directory() -> TempDir {
    tempfile::Builder::new()
        .prefix("larder-fuzz-")
        .tempdir()
        .expect("a temporary directory")
}

/// The digest of an input.
pub fn sha256(bytes: &[u8]) -> Sha256 {
    let mut hasher = Hasher::sha256();
    hasher.update(bytes);
    hasher.finish().sha256
}

/// Trees two directories below a place that nothing may be written to.
pub struct Workshop {
    outside: TempDir,
    trees: Trees,
}

impl Default for Workshop {
    fn default() -> Self {
        let outside = directory();
        let root = outside.path().join("a/trees");
        let options = TreesOptions {
            boot_id: Some("one".to_owned()),
            now: None,
        };
        std::fs::create_dir_all(&root).expect("a directory");
        Self {
            trees: Trees::open(&root, options).expect("trees"),
            outside,
        }
    }
}

impl Workshop {
    /// Makes the tree of an archive whose package is `p-1-0`, and removes it again. A refused archive
    /// leaves nothing; none writes anything outside of its tree.
    pub fn unpack(&self, bytes: &[u8], kind: ArchiveKind) {
        let digest = sha256(bytes);
        let result = self.create(bytes, kind, &digest);
        let hex = digest.to_hex();
        let root = self.outside.path().join("a/trees");
        let shard: PathBuf = root.join(&hex[..2]);
        match result {
            Ok(()) => {
                // Modes of the archive may forbid it; the next input has another digest.
                let _ = std::fs::remove_dir_all(&shard);
            }
            Err(_) => assert!(!shard.exists(), "a refused archive has a tree"),
        }
        let outside: Vec<String> = tree_of(self.outside.path())
            .into_iter()
            .filter(|line| !line.contains(" a/trees/"))
            .collect();
        assert_eq!(outside.len(), 2, "outside: {outside:?}");
        let left = std::fs::read_dir(root.join("tmp")).expect("tmp").count();
        assert_eq!(left, 0, "left in tmp");
    }

    fn create(&self, bytes: &[u8], kind: ArchiveKind, digest: &Sha256) -> Result<(), UnpackError> {
        let expected = Expected::new("p", "1", "0", None).expect("a package");
        let mut file: File = tempfile::tempfile_in(self.outside.path()).expect("a file");
        file.write_all(bytes).expect("written");
        file.rewind().expect("rewound");
        let archive = Archive::new(file, kind, "p-1-0", limits())?;
        self.trees
            .create(digest, archive, &expected, None)
            .map(drop)
    }
}
