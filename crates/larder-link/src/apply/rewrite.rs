//! Files that are not linked: written anew, with the prefix in place of the placeholder, or generated.

use std::{
    io::Write as _,
    sync::{PoisonError, atomic::Ordering},
};

use larder_digest::Hasher;
use larder_fs::{Dir, PathContext as _, PathError};
use larder_unpack::PathEntry;

use crate::{
    ApplyError, codesign,
    plan::{Action, PathRef},
    rewritten::{REWRITTEN_BYTES, Unfit, rewritten},
};

use super::files::{Trouble, Worker, file_name};

impl Worker<'_, '_> {
    /// Writes a file of a tree with the prefix in it.
    pub(super) fn rewrite(&self, at: PathRef) -> Result<(), ApplyError> {
        let planned = self.plan.path(at);
        let Some(entry) = planned.entry else {
            return Ok(());
        };
        if entry.size > REWRITTEN_BYTES {
            let package = self.plan.packages[at.package].package;
            let size = usize::try_from(entry.size).unwrap_or(usize::MAX);
            return Err(Unfit::large(size).of(package, planned));
        }
        let bytes = self.source_bytes(at, entry).map_err(self.failed(at))?;
        let bytes = self.rewritten(at, bytes)?;
        self.write(at, &self.root, &bytes, entry.executable)
            .map_err(self.failed(at))?;
        let is_binary = matches!(planned.action, Action::RewriteBinary { .. });
        if is_binary && codesign::is_needed(self.options.subdir, entry.executable, &bytes) {
            self.sign(at).map_err(self.failed(at))?;
        }
        Ok(())
    }

    fn source_bytes(&self, at: PathRef, entry: &PathEntry) -> Result<Vec<u8>, Trouble> {
        let directory = self.open_source(at.package, entry)?;
        self.examine(at, entry, &directory)?;
        Ok(directory.read(entry.path.file_name())?)
    }

    fn rewritten(&self, at: PathRef, bytes: Vec<u8>) -> Result<Vec<u8>, ApplyError> {
        let package = self.plan.packages[at.package].package;
        let place = (self.plan.prefix.as_str(), self.options.subdir);
        rewritten(bytes, self.plan.path(at), place)
            .map_err(|too_long| too_long.of(package, self.plan.path(at)))
    }

    /// Writes a new file: at its whole path below the root, or by its name in its directory.
    pub(super) fn write(
        &self,
        at: PathRef,
        directory: &Dir,
        bytes: &[u8],
        executable: bool,
    ) -> Result<(), PathError> {
        let planned = self.plan.path(at);
        let path: &str = &planned.path;
        let is_root = std::ptr::eq(directory, &self.root);
        let name = if is_root { path } else { file_name(path) };
        let mut file = self.replacing(directory, name, planned, || {
            directory.create_file(name, executable)
        })?;
        file.write_all(bytes)
            .at("write file", directory.path().join(name))?;
        self.note_content(at, bytes);
        Ok(())
    }

    fn note_content(&self, at: PathRef, bytes: &[u8]) {
        let mut hasher = Hasher::sha256();
        hasher.update(bytes);
        let content = (hasher.finish().sha256, bytes.len() as u64);
        self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.changed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(at, content);
    }

    fn sign(&self, at: PathRef) -> Result<(), PathError> {
        let path: &str = &self.plan.path(at).path;
        codesign::sign(&self.root.path().join(path))?;
        let signed = self.root.read(path)?;
        self.note_content(at, &signed);
        Ok(())
    }
}
