//! Removing what killed processes left in `tmp/`.
//!
//! Never touches objects, nor damaged ones that were set aside: those are for a person to look at.

use std::{io, path::Path, time::Duration};

use larder_fs::PathError;

use crate::{Store, temporary};

impl Store {
    /// Removes temporary files that nobody has written to for `older_than`; says how many.
    ///
    /// Give more than the longest pause that a download may make. A file whose time lies in the
    /// future (clocks of network file systems) stays.
    ///
    /// # Errors
    /// If the directory cannot be read or a file not removed; one that is gone meanwhile is no error.
    pub fn sweep_abandoned(&self, older_than: Duration) -> Result<usize, PathError> {
        let layout = &self.shared.layout;
        let mut count = 0;
        for path in layout.dir().list(&layout.temporary())? {
            // A file that is gone or whose age cannot be told is not older; what has the name of a temporary
            // file and is a directory was not made by larder.
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
        .starts_with(temporary::INGEST.as_bytes())
}
