//! `conda-meta`: records, `state`, and last of all `history`, which makes the directory an environment.

use std::{fs, io, path::Path};

use larder_fs::{Durability, PathContext as _, PathError, write_atomic};

use crate::{
    ApplyError, LinkOptions, LinkPlan, RecordError, fingerprint, history::history, parallel,
    record::Records, state::state,
};

use super::{Written, write_new};

/// Writes everything below `root`/conda-meta but the history. The directory may be there with nothing but
/// a marker in it.
pub(super) fn write(
    plan: &LinkPlan<'_>,
    options: &LinkOptions,
    written: &Written,
    root: &Path,
) -> Result<(), ApplyError> {
    let place_error = |source| ApplyError::Place {
        prefix: options.prefix.clone(),
        source,
    };
    let meta = root.join("conda-meta");
    create_dir(&meta).map_err(place_error)?;
    write_records(plan, options, written, &meta)?;
    if let Some(state) = state(&options.variables) {
        write_new(&meta.join("state"), state.as_bytes()).map_err(place_error)?;
    }
    if let Some(fingerprint) = options.fingerprint {
        let text = fingerprint.to_text(history(plan, options).len() as u64);
        write_new(&meta.join(fingerprint::FILE), text.as_bytes()).map_err(place_error)?;
    }
    Ok(())
}

/// Writes the history: the last file of an environment.
pub(super) fn write_history(
    plan: &LinkPlan<'_>,
    options: &LinkOptions,
    (root, durability): (&Path, Durability),
) -> Result<(), ApplyError> {
    let path = root.join("conda-meta").join("history");
    let written = write_atomic(&path, history(plan, options).as_bytes(), durability);
    written.map_err(|source| ApplyError::Place {
        prefix: options.prefix.clone(),
        source,
    })
}

/// Writes the records of the plan's packages into a directory.
pub(crate) fn write_records(
    plan: &LinkPlan<'_>,
    options: &LinkOptions,
    written: &Written,
    meta: &Path,
) -> Result<(), ApplyError> {
    let records = Records {
        plan,
        options,
        written,
    };
    let packages: Vec<usize> = (0..plan.packages.len()).collect();
    parallel::for_each(options.threads, &packages, |&index| {
        let dist = plan.packages[index].package.dist();
        let path = meta.join(format!("{dist}.json"));
        records
            .json(index)
            .and_then(|json| write_new(&path, &json).map_err(RecordError::Write))
            .map_err(|source| ApplyError::Record {
                package: dist,
                source,
            })
    })
}

fn create_dir(path: &Path) -> Result<(), PathError> {
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(error).at("create directory", path)
        }
        _ => Ok(()),
    }
}
