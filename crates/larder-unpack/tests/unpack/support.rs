//! A directory of trees in a directory of its own, to see what gets out, and archives in it.

use std::{error::Error, fs::File, io::Write as _, path::PathBuf};

use larder_digest::{Hasher, Sha256};
use larder_testkit::{BuiltPackage, tree_of};
use larder_unpack::{
    Archive, Expected, Limits, Tree, Trees, TreesOptions, UnpackError, split_file_name,
};

pub(crate) struct Workshop {
    directory: tempfile::TempDir,
    pub(crate) trees: Trees,
    pub(crate) limits: Limits,
}

impl Workshop {
    pub(crate) fn new() -> Self {
        Self::in_boot(Some("one"))
    }

    pub(crate) fn in_boot(boot_id: Option<&str>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("sentinel"), "untouched").unwrap();
        let trees = open_trees(&directory.path().join("a/b/trees"), boot_id);
        Self {
            directory,
            trees,
            limits: Limits::default(),
        }
    }

    /// The same trees as another boot of the machine sees them.
    pub(crate) fn reboot(&mut self, boot_id: Option<&str>) {
        self.trees = open_trees(&self.root(), boot_id);
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.directory.path().join("a/b/trees")
    }

    pub(crate) fn open(
        &self,
        file_name: &str,
        bytes: &[u8],
    ) -> Result<(Archive, Expected), UnpackError> {
        let (expected, kind) = split_file_name(file_name).unwrap();
        let file = temporary_file(bytes);
        let archive = Archive::new(file, kind, &expected.dist(), self.limits.clone())?;
        Ok((archive, expected))
    }

    pub(crate) fn create(&self, file_name: &str, bytes: &[u8]) -> Result<Tree, UnpackError> {
        let (archive, expected) = self.open(file_name, bytes)?;
        self.trees.create(&sha256(bytes), archive, &expected, None)
    }

    pub(crate) fn create_built(&self, package: &BuiltPackage) -> Result<Tree, UnpackError> {
        self.create(&package.file_name, &package.bytes)
    }

    /// What lies around outside of finished trees; an honest run leaves nothing.
    pub(crate) fn leftovers(&self) -> Vec<String> {
        let mut left: Vec<String> = std::fs::read_dir(self.root().join("tmp"))
            .unwrap()
            .map(|entry| entry.unwrap().path().display().to_string())
            .collect();
        let base = self.directory.path();
        for (directory, expected) in [
            (base.to_owned(), vec!["a", "sentinel"]),
            (base.join("a"), vec!["b"]),
            (base.join("a/b"), vec!["trees"]),
        ] {
            for entry in std::fs::read_dir(&directory).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                if !expected.contains(&name.as_str()) {
                    left.push(format!("{}/{name}", directory.display()));
                }
            }
        }
        if std::fs::read(base.join("sentinel")).unwrap() != b"untouched" {
            left.push("sentinel was written to".into());
        }
        left
    }

    /// Everything below the directory of trees.
    pub(crate) fn listing(&self) -> Vec<String> {
        tree_of(&self.root())
    }
}

fn open_trees(root: &std::path::Path, boot_id: Option<&str>) -> Trees {
    let options = TreesOptions {
        boot_id: boot_id.map(str::to_owned),
        now: None,
    };
    Trees::open(root, options).unwrap()
}

fn temporary_file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

pub(crate) fn sha256(bytes: &[u8]) -> Sha256 {
    let mut hasher = Hasher::sha256();
    hasher.update(bytes);
    hasher.finish().sha256
}

/// An error and its causes, in one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
