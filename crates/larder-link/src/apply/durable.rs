//! What of a new environment has to be on the disk before it counts, and how little of it that is where the
//! file system keeps order: the bytes that this run has written, and those of trees and bytecode that no
//! run has flushed before, which leaves a mark. Names and links come in their order by themselves.
//!
//! Where anything else was written (by a script, by pip, by copying), or much, everything is flushed.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use larder_fs::{
    Durability, FlushedMark, PathContext as _, PathError, begin_settling, flush_file_system,
    keeps_order, list_dir, settle,
};

use crate::{LinkPlan, parallel};

use super::Written;

/// So many files are settled one by one; for more of them it is quicker to flush all that there is.
const FEW: usize = 2_000;

/// What has been put into an environment.
#[derive(Debug, Default)]
pub(crate) struct Fresh {
    /// Files that were written, below its root; none if there may be others.
    files: Option<Vec<String>>,
    /// Where linked files are from; none if not every place can be marked.
    marks: Option<Vec<FlushedMark>>,
    threads: usize,
}

impl Fresh {
    /// What `written` says, when nothing but it and records is there.
    pub(crate) fn of(plan: &LinkPlan<'_>, written: &Written, threads: usize) -> Self {
        let trees = plan.packages().map(|package| package.tree_root);
        let bytecode = written.pyc_roots.iter().map(|root| &**root);
        let changed = written.changed.keys().chain(&written.copied);
        let files = changed.map(|&at| plan.path(at).path.to_string()).collect();
        Self {
            files: (!written.has_others && !written.touched.contains(&true)).then_some(files),
            marks: trees.chain(bytecode).map(FlushedMark::of).collect(),
            threads,
        }
    }

    /// Adds a file that was written, by its path below the root.
    pub(crate) fn add_file(&mut self, path: &str) {
        if let Some(files) = &mut self.files {
            files.push(path.to_owned());
        }
    }

    /// Has the bytes of an environment on the disk before what is done next. `durability` is what it comes
    /// to on this file system.
    pub(crate) fn flush(&self, root: &Path, durability: Durability) -> Result<(), PathError> {
        let files = match durability {
            Durability::Lazy => return Ok(()),
            Durability::Ordered => self.few_files(root),
            Durability::Flush => None,
        };
        match files {
            Some(files) => self.settle(&files).or_else(|_| self.flush_all(root)),
            None => self.flush_all(root),
        }
    }

    /// All files that have to be settled: written, records, and of places that were never flushed; none if
    /// they are too many, or may be others.
    fn few_files(&self, root: &Path) -> Option<Vec<PathBuf>> {
        let written = self.files.as_ref()?;
        let marks = self.marks.as_ref()?;
        let mut files: Vec<PathBuf> = written.iter().map(|path| root.join(path)).collect();
        files.extend(list_dir(&root.join("conda-meta")).ok()?);
        let unmarked = marks.iter().filter(|mark| !mark.is_set());
        let mut directories: Vec<PathBuf> =
            unmarked.map(|mark| mark.directory().to_owned()).collect();
        while let Some(directory) = directories.pop() {
            for path in list_dir(&directory).ok()? {
                let kind = path.symlink_metadata().ok()?;
                if kind.is_dir() {
                    directories.push(path);
                } else if kind.is_file() {
                    files.push(path);
                }
            }
            if files.len() > FEW {
                return None;
            }
        }
        (files.len() <= FEW).then_some(files)
    }

    fn settle(&self, files: &[PathBuf]) -> Result<(), PathError> {
        let begin = |file: &fs::File| {
            begin_settling(file);
            Ok(())
        };
        // All of them are on their way before the first is waited for.
        parallel::for_each(self.threads, files, |path| with_file(path, begin))?;
        files.iter().try_for_each(|path| with_file(path, settle))?;
        self.mark();
        Ok(())
    }

    /// Flushes the places that files were linked from with all else.
    fn flush_all(&self, root: &Path) -> Result<(), PathError> {
        flush_file_system(root)?;
        let device = larder_fs::device(root);
        let mut marks = self.marks.iter().flatten();
        let is_there = |mark: &FlushedMark| larder_fs::device(mark.directory()) == device;
        if keeps_order(root) && marks.all(is_there) {
            self.mark();
        }
        Ok(())
    }

    /// For the runs that come. What may only be read is flushed again by them.
    fn mark(&self) {
        let marks = self.marks.iter().flatten();
        for mark in marks.filter(|mark| !mark.is_set()) {
            if mark.set().is_err() {
                break;
            }
        }
    }
}

/// What is no file any more, a script has taken away.
fn with_file(path: &Path, work: impl FnOnce(&fs::File) -> io::Result<()>) -> Result<(), PathError> {
    match fs::File::open(path) {
        Ok(file) => work(&file).at("write to the disk", path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).at("open file", path),
    }
}
