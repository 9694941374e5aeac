//! Removing temporary files of killed processes from `tmp/`.
//!
//! Never touches objects. Keeps damaged objects that were moved aside, so that the user can inspect them.

use std::{io, path::Path, time::Duration};

use larder_fs::PathError;

use crate::{Store, temporary};

impl Store {
    /// Removes temporary files that were last written more than `older_than` ago. Returns their number.
    ///
    /// `older_than` must exceed the longest pause of a download. Files with a time in the future (clocks of network
    /// file systems) are kept.
    ///
    /// # Errors
    /// If the directory cannot be read or a file cannot be removed. A file that another process has removed is ignored.
    pub fn sweep_abandoned(&self, older_than: Duration) -> Result<usize, PathError> {
        let layout = &self.shared.layout;
        let mut count = 0;
        for path in layout.dir().list(&layout.temporary_dir())? {
            // Keep files without a known age. larder creates no directories with these names, so keep them too.
            let is_older = layout.dir().status(&path).is_ok_and(|status| {
                !status.is_dir
                    && status
                        .modified
                        .elapsed()
                        .is_ok_and(|elapsed| elapsed >= older_than)
            });
            if is_temporary(&path) && is_older {
                match layout.dir().remove_file(&path) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    result => {
                        result?;
                        count += 1;
                    }
                }
            }
        }
        Ok(count)
    }
}

fn is_temporary(path: &Path) -> bool {
    path.file_name()
        .unwrap_or_default()
        .as_encoded_bytes()
        .starts_with(temporary::INGEST_PREFIX.as_bytes())
}
