//! Packages built by the testkit, unpacked into trees, linked into a directory of their own.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use larder_event::{Event, EventRecorder};
use larder_link::{Applied, JournalKey, LinkOptions, LinkPackage, apply, plan};
use larder_lock::{Completeness, LockedPackage};
use larder_testkit::{BuiltPackage, Format, PackageBuilder};
use larder_unpack::{Archive, ArchiveKind, Limits, Tree, Trees, TreesOptions};
use rattler_conda_types::{NoArchType, PrefixRecord, RepoDataRecord, Subdir};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::twin;

/// Trees and a place for environments, removed at the end.
pub(crate) struct Kit {
    directory: TempDir,
    trees: Trees,
}

/// A package that can be linked.
pub(crate) struct Unpacked {
    pub(crate) locked: LockedPackage,
    pub(crate) tree: Tree,
    pub(crate) archive: PathBuf,
    /// Where the tree is; stays so where another tree takes its place.
    pub(crate) recorded: PathBuf,
}

/// What a successful run gave.
pub(crate) struct Created {
    pub(crate) applied: Applied,
    pub(crate) events: Vec<Event>,
    pub(crate) warnings: Vec<String>,
}

impl Kit {
    pub(crate) fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let trees = Trees::open(&directory.path().join("trees"), TreesOptions::default()).unwrap();
        fs::create_dir(directory.path().join("envs")).unwrap();
        Self { directory, trees }
    }

    /// Where environments go: nothing else is in it.
    pub(crate) fn envs(&self) -> PathBuf {
        self.directory.path().join("envs")
    }

    pub(crate) fn prefix(&self) -> PathBuf {
        self.envs().join("env")
    }

    pub(crate) fn key(&self) -> JournalKey {
        JournalKey::in_directory(Some(self.directory.path().join("state")))
    }

    pub(crate) fn options(&self) -> LinkOptions {
        LinkOptions {
            timestamp: "2026-01-02 03:04:05".into(),
            command_line: "larder create -f environment.yml".into(),
            version: "1.2.3".into(),
            durability: larder_fs::Durability::Lazy,
            journal_key: self.key(),
            ..LinkOptions::new(self.prefix(), Subdir::Linux64)
        }
    }

    pub(crate) fn unpack(&self, package: PackageBuilder) -> Unpacked {
        self.unpack_with(
            package.build(Format::Conda),
            "https://host.example/forge",
            |_| {},
        )
    }

    /// Unpacks with a record that `patch` changes, as a channel's patches do.
    pub(crate) fn unpack_with(
        &self,
        built: BuiltPackage,
        channel: &str,
        patch: impl FnOnce(&mut Value),
    ) -> Unpacked {
        let archive = self.directory.path().join(&built.file_name);
        fs::write(&archive, &built.bytes).unwrap();
        let mut record = built.record.clone();
        record["fn"] = json!(built.file_name);
        record["channel"] = json!(channel);
        record["url"] = json!(format!("{channel}/{}/{}", built.subdir, built.file_name));
        patch(&mut record);
        let record: RepoDataRecord = serde_json::from_value(record).unwrap();
        let locked = LockedPackage {
            record,
            completeness: Completeness::Full,
            requested_specs: Vec::new(),
        };
        let tree = self.tree(&archive, &locked);
        Unpacked {
            locked,
            recorded: tree.root.clone(),
            tree,
            archive,
        }
    }

    fn tree(&self, archive: &Path, locked: &LockedPackage) -> Tree {
        let expected = twin::expected(locked);
        let file = fs::File::open(archive).unwrap();
        let kind = if archive.extension().unwrap() == "conda" {
            ArchiveKind::Conda
        } else {
            ArchiveKind::TarBz2
        };
        let archive = Archive::new(file, kind, &locked.dist(), Limits::default()).unwrap();
        self.trees
            .create(&locked.sha256().unwrap(), archive, &expected, None)
            .unwrap()
    }

    /// Plans and applies with the usual options.
    pub(crate) fn create(&self, packages: &[&Unpacked]) -> Created {
        create(packages, &self.options())
    }

    pub(crate) fn read(&self, path: &str) -> String {
        String::from_utf8(fs::read(self.prefix().join(path)).unwrap()).unwrap()
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.prefix().join(path).symlink_metadata().is_ok()
    }

    /// The only record of a package name.
    pub(crate) fn record(&self, dist: &str) -> Value {
        serde_json::from_str(&self.read(&format!("conda-meta/{dist}.json"))).unwrap()
    }

    pub(crate) fn prefix_record(&self, dist: &str) -> PrefixRecord {
        PrefixRecord::from_path(self.prefix().join(format!("conda-meta/{dist}.json"))).unwrap()
    }

    /// Names beside the environments, sorted.
    pub(crate) fn beside(&self) -> Vec<String> {
        names(&self.envs())
    }
}

impl Unpacked {
    pub(crate) fn package(&self) -> LinkPackage<'_> {
        LinkPackage {
            locked: &self.locked,
            tree_root: &self.tree.root,
            recorded_root: &self.tree.root,
            info: &self.tree.info,
            stamps: &self.tree.stamps,
            archive_path: &self.archive,
        }
    }

    pub(crate) fn partial(mut self) -> Self {
        self.locked.completeness = Completeness::Partial;
        self
    }

    /// As an `@EXPLICIT` list gives it: nothing but what the URL says.
    pub(crate) fn bare(mut self) -> Self {
        let record = &mut self.locked.record.package_record;
        record.depends.clear();
        record.noarch = NoArchType::none();
        self.locked.completeness = Completeness::Bare;
        self
    }

    pub(crate) fn requested(mut self, spec: &str) -> Self {
        self.locked.requested_specs.push(spec.into());
        self
    }
}

pub(crate) fn links<'a>(packages: &[&'a Unpacked]) -> Vec<LinkPackage<'a>> {
    packages.iter().map(|package| package.package()).collect()
}

pub(crate) fn create(packages: &[&Unpacked], options: &LinkOptions) -> Created {
    let recorder = EventRecorder::default();
    match run(packages, options, &recorder) {
        Ok(applied) => {
            twin::check(packages, options, &recorder.warnings());
            Created {
                applied,
                events: recorder.events(),
                warnings: recorder.warnings(),
            }
        }
        Err(error) => panic!("not created: {}", chain(&*error)),
    }
}

/// The error of a run that must fail, with all its causes.
pub(crate) fn fails(packages: &[&Unpacked], options: &LinkOptions) -> String {
    match run(packages, options, &EventRecorder::default()) {
        Ok(_) => panic!("was created"),
        Err(error) => {
            let error = chain(&*error);
            twin::check_failure(packages, options, &error);
            error
        }
    }
}

fn run(
    packages: &[&Unpacked],
    options: &LinkOptions,
    recorder: &EventRecorder,
) -> Result<Applied, Box<dyn Error>> {
    let plan = plan(&links(packages), options)?;
    Ok(apply(&plan, options, recorder)?)
}

pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(": {error}");
        source = error.source();
    }
    text
}

pub(crate) fn names(directory: &Path) -> Vec<String> {
    let name = |entry: Result<fs::DirEntry, _>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<String> = fs::read_dir(directory).unwrap().map(name).collect();
    names.sort();
    names
}

/// A python package, for what needs one.
pub(crate) fn python(version: &str) -> PackageBuilder {
    PackageBuilder::new("python", version, "h0_0").executable("bin/python", "#!/bin/sh\n")
}

pub(crate) fn package(name: &str) -> PackageBuilder {
    PackageBuilder::new(name, "1.0", "h0_0")
}
