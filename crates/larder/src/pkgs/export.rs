//! `larder store export --layout conda-pkgs`: a directory that conda and micromamba use as `pkgs_dirs`.
//!
//! Everything in it is a copy: whoever writes to a package cache cannot change the store. Archives and
//! extracted packages appear whole or not at all; what is there already stays.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    time::Instant,
};

use larder_digest::{Hasher, HashingReader};
use larder_event::{Event, Phase, Reporter};
use larder_fs::{
    AtomicFile, Durability, LockFile, PathContext as _, PathError, sweep_beside, write_atomic,
};
use larder_store::Store;
use larder_unpack::{Trees, TreesOptions};
use serde_json::{Map, Value};

use crate::{
    MaterializeError, Settings,
    materialize::{self, Stored, in_parallel},
    record,
    transfer::Counted,
};

use super::{
    ExportPkgsError, ExportPkgsOptions, ExportPkgsReport, ExportedArchive,
    choose::{self, Chosen},
    place::{Placed, State, place},
};

/// Where packages are extracted before they get their names.
const SCRATCH: &str = ".larder-export";
/// conda takes a directory with this file for a package cache.
const URLS: &str = "urls.txt";

/// Makes a package cache, or adds to one.
///
/// # Errors
/// See [`ExportPkgsError`]; what was exported before stays, each package whole.
pub async fn export_pkgs(
    options: &ExportPkgsOptions,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<ExportPkgsReport, ExportPkgsError> {
    let begun = Instant::now();
    let store = choose::open(settings, reporter)?;
    let chosen = match &options.source {
        Some(source) => {
            choose::of_source(source, &options.platforms, &store, settings, reporter).await?
        }
        None => choose::of_store(&store, settings)?,
    };
    let root = settings.absolute(&options.directory);
    let Chosen {
        packages,
        fetched,
        unknown,
        _pins,
    } = chosen;
    let placed = place(packages, &root)?;
    let mut report = ExportPkgsReport {
        success: true,
        dry_run: options.dry_run,
        directory: root.clone(),
        fetched,
        unknown,
        ..ExportPkgsReport::default()
    };
    if !options.dry_run {
        Exporter {
            root,
            store,
            reporter,
        }
        .run(&placed, settings.threads)?;
    }
    placed
        .iter()
        .for_each(|placed| report.add(placed, reporter));
    report.milliseconds = crate::elapsed_milliseconds(begun);
    Ok(report)
}

struct Exporter<'a> {
    root: PathBuf,
    store: Store,
    reporter: &'a dyn Reporter,
}

impl Exporter<'_> {
    fn run(&self, placed: &[Placed], threads: usize) -> Result<(), ExportPkgsError> {
        let begun = Instant::now();
        fs::create_dir_all(&self.root).at("create directory", &self.root)?;
        let todo: Vec<&Placed> = placed.iter().filter(|placed| is_to_do(placed)).collect();
        self.reporter.event(&Event::PhaseStarted {
            phase: Phase::Export,
            total: todo.len() as u64,
            bytes: todo.iter().map(|placed| placed.package.object.size).sum(),
        });
        sweep_beside(&self.root.join(URLS));
        let scratch = Scratch::make(&self.root, self.reporter)?;
        in_parallel(&todo, threads, |placed| self.export(placed, &scratch.trees))?;
        scratch.remove()?;
        self.list_urls(placed)?;
        self.reporter.event(&Event::PhaseFinished {
            phase: Phase::Export,
            milliseconds: crate::elapsed_milliseconds(begun),
        });
        Ok(())
    }

    fn export(&self, placed: &Placed, trees: &Trees) -> Result<(), ExportPkgsError> {
        let directory = &placed.directory;
        fs::create_dir_all(directory).at("create directory", directory)?;
        let md5 = self.archive(placed)?;
        if placed.extracted == State::Free {
            self.extract(placed, trees, &md5)?;
        }
        Ok(())
    }

    /// Copies the archive unless it is there; gives its MD5, which records of conda have.
    fn archive(&self, placed: &Placed) -> Result<String, ExportPkgsError> {
        let object = &placed.package.object;
        let verified =
            self.store
                .open_verified(object)
                .map_err(|source| MaterializeError::Object {
                    package: placed.package.package.dist(),
                    source,
                })?;
        let counted = Counted {
            reader: verified.file,
            phase: Phase::Export,
            reporter: self.reporter,
        };
        let mut reader = HashingReader::new(counted, Hasher::both());
        let path = placed.archive_path();
        if placed.archive == State::Free {
            let mut file = AtomicFile::create(&path)?;
            io::copy(&mut reader, &mut file).at("write", &path)?;
            file.commit(Durability::Flush)?;
        } else {
            io::copy(&mut reader, &mut io::sink()).at("read", &object.path)?;
        }
        let md5 = reader.finish().1.md5;
        Ok(md5.map(|md5| md5.to_hex()).unwrap_or_default())
    }

    fn extract(&self, placed: &Placed, trees: &Trees, md5: &str) -> Result<(), ExportPkgsError> {
        let stored = Stored {
            package: &placed.package.package,
            object: placed.package.object.clone(),
        };
        let (archive, expected) = materialize::open(&stored, &self.store)?;
        let tree = trees
            .create(&stored.object.id.sha256, archive, &expected, None)
            .map_err(MaterializeError::Unpack)?;
        let record = record::cache_record(stored.package, &tree.info, &stored.object);
        let mut record: Map<String, Value> = record.map_err(|source| ExportPkgsError::Record {
            package: stored.package.dist(),
            source,
        })?;
        record.insert("md5".into(), md5.into());
        record.insert("fn".into(), placed.name.as_str().into());
        let text = format!("{:#}\n", Value::Object(record));
        let path = tree.root.join("info/repodata_record.json");
        fs::write(&path, text).at("write", &path)?;
        // conda takes for extracted what has this name.
        larder_fs::flush_file_system(&tree.root)?;
        larder_fs::rename_noreplace(&tree.root, &placed.extracted_path())?;
        Ok(())
    }

    /// Adds the URLs that `urls.txt` lacks; conda wants a file `urls` as well, which may be empty.
    fn list_urls(&self, placed: &[Placed]) -> Result<(), PathError> {
        let path = self.root.join(URLS);
        let mut text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            text => text.at("read", &path)?,
        };
        let known: BTreeSet<String> = text.lines().map(|line| line.trim().to_owned()).collect();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        for placed in placed
            .iter()
            .filter(|placed| placed.archive != State::Taken)
        {
            let url = larder_fetch::clean(&placed.package.package.record.url).to_string();
            if !known.contains(&url) {
                text.push_str(&url);
                text.push('\n');
            }
        }
        write_atomic(&path, text.as_bytes(), Durability::Flush)?;
        let old = self.root.join("urls");
        if !old.exists() {
            write_atomic(&old, b"", Durability::Lazy)?;
        }
        Ok(())
    }
}

fn is_to_do(placed: &Placed) -> bool {
    !placed.is_done() && placed.archive != State::Taken
}

/// Where packages are extracted, on the same file system as their places. One exporter at a time; what one
/// that was killed left there is used or goes.
struct Scratch {
    path: PathBuf,
    trees: Trees,
    _lock: LockFile,
}

impl Scratch {
    fn make(root: &Path, reporter: &dyn Reporter) -> Result<Self, PathError> {
        let path = root.join(SCRATCH);
        let waiting = || {
            let text = format!("waiting for another export to `{}`", root.display());
            reporter.warn("export::waiting", text);
        };
        let lock = LockFile::acquire(root.join(format!("{SCRATCH}.lock")), waiting)?;
        if path.exists() {
            larder_fs::remove_tree(&path)?;
        }
        let trees = Trees::open(&path, TreesOptions::default())?;
        Ok(Self {
            path,
            trees,
            _lock: lock,
        })
    }

    fn remove(self) -> Result<(), PathError> {
        larder_fs::remove_tree(&self.path)
    }
}

impl ExportPkgsReport {
    fn add(&mut self, placed: &Placed, reporter: &dyn Reporter) {
        let archive = ExportedArchive {
            path: placed.archive_path(),
            url: larder_fetch::redact(&placed.package.package.record.url),
            size: placed.package.object.size,
        };
        if placed.archive == State::Taken {
            let text = format!(
                "{} is left out: something else is at `{}`",
                archive.url,
                archive.path.display()
            );
            reporter.warn("export::taken", text);
            self.success = false;
            self.left_out.push(archive);
            return;
        }
        if placed.is_beside {
            let text = format!(
                "the place of {} is taken: {} is at `{}`, where mamba finds it and conda does not",
                placed.name,
                archive.url,
                archive.path.display()
            );
            reporter.warn("export::beside", text);
        }
        if placed.is_done() {
            self.present += 1;
        } else {
            self.exported_bytes += archive.size;
            self.exported.push(archive);
        }
    }
}
