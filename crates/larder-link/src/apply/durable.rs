//! What of a new environment has to be on the disk before it counts, and how little of it that is where the
//! file system keeps order: the bytes that this run has written. Names and links come in their order by
//! themselves, and trees and bytecode were flushed by the run that first used them and left a mark.
//!
//! Where anything else was written (by a script, by pip, by copying), everything is flushed.

use std::{io, path::Path};

use larder_fs::{
    Dir, Durability, FlushedMark, PathContext as _, PathError, begin_settling, flush_file_system,
    keeps_order, list_dir, settle,
};

use crate::{LinkPlan, parallel};

use super::Written;

/// What has been put into an environment.
#[derive(Debug, Default)]
pub(super) struct Fresh {
    /// Files that were written, below its root; none if there may be others.
    files: Option<Vec<String>>,
    /// Where linked files are from; none if not every place can be marked.
    marks: Option<Vec<FlushedMark>>,
    threads: usize,
}

impl Fresh {
    /// What `written` says, when nothing but it and records is there.
    pub(super) fn of(plan: &LinkPlan<'_>, written: &Written, threads: usize) -> Self {
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

    /// Has the bytes of an environment on the disk before what is done next. `durability` is what it comes
    /// to on this file system.
    pub(super) fn flush(&self, root: &Path, durability: Durability) -> Result<(), PathError> {
        match (durability, &self.files) {
            (Durability::Lazy, _) => Ok(()),
            (Durability::Ordered, Some(files)) if self.is_flushed() => {
                self.settle(root, files).or_else(|_| self.flush_all(root))
            }
            _ => self.flush_all(root),
        }
    }

    fn is_flushed(&self) -> bool {
        let marks = self.marks.as_ref();
        marks.is_some_and(|marks| marks.iter().all(FlushedMark::is_set))
    }

    fn settle(&self, root: &Path, files: &[String]) -> Result<(), PathError> {
        let root = Dir::open(root)?;
        let meta = list_dir(&root.path().join("conda-meta"))?;
        let records = meta
            .iter()
            .filter_map(|path| path.strip_prefix(root.path()).ok());
        let files: Vec<&Path> = files.iter().map(Path::new).chain(records).collect();
        // All of them are on their way before the first is waited for.
        let begin = |path: &&Path| {
            let begin = |file: &_| {
                begin_settling(file);
                Ok(())
            };
            with_file(&root, path, begin)
        };
        parallel::for_each(self.threads, &files, begin)?;
        files
            .iter()
            .try_for_each(|path| with_file(&root, path, settle))
    }

    /// Marks the places that were flushed with it, for the runs that come.
    fn flush_all(&self, root: &Path) -> Result<(), PathError> {
        flush_file_system(root)?;
        if !keeps_order(root) {
            return Ok(());
        }
        let device = larder_fs::device(root);
        let is_flushed =
            |mark: &&FlushedMark| device.is_some() && larder_fs::device(mark.place()) == device;
        let marks = self.marks.iter().flatten();
        for mark in marks.filter(|mark| !mark.is_set()).filter(is_flushed) {
            // What may only be read is flushed again next time.
            if mark.set().is_err() {
                break;
            }
        }
        Ok(())
    }
}

/// What is no file any more, a script has taken away.
fn with_file(
    root: &Dir,
    path: &Path,
    work: impl FnOnce(&std::fs::File) -> io::Result<()>,
) -> Result<(), PathError> {
    match root.open_file(path) {
        Ok(file) => work(&file).at("write to the disk", root.path().join(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}
